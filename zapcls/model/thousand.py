"""The bundled network as it was trained: what it sees in a photo, and which of its 1,000 classes.

It is exported beside a run's own model, for the app to tell what the run has never seen.
"""

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from torch import nn

from zapcls.answer.classify import build_session
from zapcls.config import BUNDLED, read_statistics
from zapcls.model.bundled import read_bundled
from zapcls.model.memory import do_in_batches
from zapcls.model.preprocess import Normalize, Resize
from zapcls.progress import Progress

ARCH = BUNDLED[0]
SIZE = 128  # px that it sees
TITLE = "Learning what is familiar"
_BATCH = 32


class Thousand(nn.Module):
    """EfficientNet-Lite0 from stored pixels on.

    Takes uint8 (n, side, side, 3); gives pooled features (n, 1280) and logits (n, 1000).
    """

    net: Any  # of timm

    def __init__(self, side: int) -> None:
        super().__init__()
        self.net = timm.create_model(ARCH)
        self.net.load_state_dict(read_bundled(ARCH, list(self.net.state_dict())))
        self.see = nn.Sequential(Resize(side, SIZE), Normalize(read_statistics(ARCH)))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.net.forward_features(self.see(pixels)).mean(dim=(2, 3))
        return features, self.net.classifier(features)


def export_thousand(side: int, path: Path) -> None:
    """Write it as ONNX: input `pixels`, outputs `features` and `logits`, any batch size.

    Raises:
        ZapError: the bundled weights are missing or damaged.
    """
    pixels = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    # The older exporter: half a second instead of seven.
    with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(
            Thousand(side).eval(),
            (pixels,),
            path,
            input_names=["pixels"],
            output_names=["features", "logits"],
            dynamic_axes={name: {0: "batch"} for name in ("pixels", "features", "logits")},
            dynamo=False,
        )


def look(
    path: Path, pixels: np.ndarray, rows: np.ndarray, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Return the features (n, 1280) and logits (n, 1000) of some rows by the exported network.

    Raises:
        Stopped: a person asked to stop.
    """
    session = build_session(path)
    features = np.empty((len(rows), 1280), np.float32)
    logits = np.empty((len(rows), 1000), np.float32)

    def look_at(part: np.ndarray) -> None:
        seen = session.run(["features", "logits"], {"pixels": pixels[rows[part]]})
        features[part], logits[part] = seen

    do_in_batches(look_at, np.arange(len(rows)), _BATCH, TITLE, progress)
    return features, logits
