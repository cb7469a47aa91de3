"""Exports a trained classifier as ONNX, and checks that it answers as torch does."""

import contextlib
import io
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from zapcls.answer.classify import Classifier
from zapcls.errors import ZapError

# Float32 sums in another order; anything larger is another network.
TOLERANCE = 1e-3


def export_onnx(classifier: nn.Module, sample: np.ndarray, path: Path) -> float:
    """Write `model.onnx`: input `pixels`, outputs `logits` and `embedding`, any batch size.

    `sample` is uint8 (n >= 2, side, side, 3). Returns the largest difference of a probability
    between ONNX Runtime and torch on it.

    Raises:
        ZapError: that difference is above TOLERANCE.
    """
    classifier = classifier.to("cpu").eval()
    pixels = torch.from_numpy(sample)
    # The exporter prints its steps and warns of its own internals.
    with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(
            classifier,
            (pixels[:2],),
            path,
            input_names=["pixels"],
            output_names=["logits", "embedding"],
            dynamic_shapes={"pixels": {0: torch.export.Dim("batch")}},
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    with torch.inference_mode():
        expected = torch.softmax(classifier(pixels)[0], dim=1).numpy()
    answered, _ = Classifier(path).predict(sample)
    difference = float(np.abs(answered - expected).max())
    if difference > TOLERANCE:
        raise ZapError(
            f"The exported model must answer as the trained one within {TOLERANCE}, but differs "
            f"by {difference:.2g}. Try another network, and report this one."
        )
    return difference
