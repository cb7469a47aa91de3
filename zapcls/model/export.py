"""Exports a trained classifier as ONNX, and checks that it answers as torch does."""

import contextlib
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from zapcls.answer.classify import Classifier, name_output
from zapcls.errors import ZapError

# Float32 sums in another order; anything larger is another network.
TOLERANCE = 1e-3


class EachTarget(nn.Module):
    """A classifier of several targets with an output of logits for each, then the embedding."""

    def __init__(self, classifier: nn.Module, sizes: Sequence[int]) -> None:
        super().__init__()
        self.classifier, self.sizes = classifier, tuple(sizes)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        logits, embedding = self.classifier(pixels)
        return *logits.split(self.sizes, dim=1), embedding


def export_onnx(
    classifier: nn.Module, sample: np.ndarray, path: Path, sizes: Mapping[str, int] | None = None
) -> float:
    """Write `model.onnx`: input `pixels`, outputs `logits` and `embedding`, any batch size.

    `sample` is uint8 (n >= 2, side, side, 3). `sizes` are the numbers of classes by target, of
    several: these have outputs `logits_<target>` instead. Returns the largest difference of a
    probability between ONNX Runtime and torch on the sample.

    Raises:
        ZapError: that difference is above TOLERANCE.
    """
    classifier = classifier.to("cpu").eval()
    pixels, every = torch.from_numpy(sample), sizes or {}
    is_one = len(every) < 2
    # The exporter prints its steps and warns of its own internals.
    with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(
            classifier if is_one else EachTarget(classifier, list(every.values())),
            (pixels[:2],),
            path,
            input_names=["pixels"],
            output_names=[*(["logits"] if is_one else map(name_output, every)), "embedding"],
            dynamic_shapes={"pixels": {0: torch.export.Dim("batch")}},
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    with torch.inference_mode():
        logits = classifier(pixels)[0]
    parts = {"": logits}
    if not is_one:
        parts = dict(zip(every, logits.split(list(every.values()), dim=1), strict=True))
    difference = max(
        float(np.abs(Classifier(path, target).predict(sample)[0] - part.softmax(1).numpy()).max())
        for target, part in parts.items()
    )
    if difference > TOLERANCE:
        raise ZapError(
            f"The exported model must answer as the trained one within {TOLERANCE}, but differs "
            f"by {difference:.2g}. Try another network, and report this one."
        )
    return difference
