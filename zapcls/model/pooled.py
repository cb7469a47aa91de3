"""Heads on pooled features alone: what gives a photo's features, and what answers from them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from zapcls.config import TrainConfig
from zapcls.model.architectures import build_body
from zapcls.model.features import POOLED, FrozenBody, OnnxEngine, TorchEngine, TwoOutputs
from zapcls.model.learner import choose_device
from zapcls.model.loaders import PixelGather
from zapcls.progress import Progress

Describe = Callable[[np.ndarray], np.ndarray]  # uint8 (n, side, side, 3) to float32 (n, width)
Answer = Callable[[np.ndarray], np.ndarray]  # float32 (n, width) to class indices (n)


def open_body(
    config: TrainConfig, pixels: np.ndarray, rows: np.ndarray, bodies_dir: Path, progress: Progress
) -> tuple[np.ndarray, Describe]:
    """Return a frozen body's features of stored photos, and what gives those of further photos.

    The latter are computed as the former were, by the same engine, and are not kept.

    Raises:
        Stopped: a person asked to stop; what was computed is kept.
    """
    device = choose_device("auto")
    body, _ = build_body(config.arch, config.weights)
    frozen = FrozenBody(config, body, pixels, bodies_dir, device, progress)
    pooled = np.asarray(frozen.read_plain(POOLED, rows)[rows])
    path = frozen.folder / "body.onnx"  # there once it is known to answer as torch does
    is_exported = device.type == "cpu" and path.is_file()
    engine: OnnxEngine | TorchEngine = OnnxEngine(path) if is_exported else (
        TorchEngine(TwoOutputs(body, config), device)
    )  # fmt: skip

    def describe(images: np.ndarray) -> np.ndarray:
        see = PixelGather(images, config.image_size, device, config.statistics)
        return engine(see(np.arange(len(images))))[1]

    return pooled, describe


def build_answer(network: nn.Sequential) -> Answer:
    """Build what answers by a trained network's head, from features that are pooled already."""
    head = nn.Sequential(*list(network[1].children())[2:]).cpu().eval()

    def answer(pooled: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return head(torch.from_numpy(pooled).float()).argmax(dim=1).numpy()

    return answer
