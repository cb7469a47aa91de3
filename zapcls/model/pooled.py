"""Heads on pooled features alone: what gives a photo's features, and what a head makes of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from zapcls.config import TrainConfig
from zapcls.model.architectures import build_body
from zapcls.model.features import POOLED, FrozenBody
from zapcls.model.learner import choose_device
from zapcls.model.loaders import seed_random
from zapcls.progress import Progress

Describe = Callable[[np.ndarray], np.ndarray]  # uint8 (n, side, side, 3) to float32 (n, width)
Head = Callable[[np.ndarray], np.ndarray]  # float32 (n, width) to logits (n, classes)


def open_body(
    config: TrainConfig, pixels: np.ndarray, rows: np.ndarray, bodies_dir: Path, progress: Progress
) -> tuple[np.ndarray, Describe]:
    """Return a frozen body's pooled features of stored photos, and what gives those of others.

    Raises:
        Stopped: a person asked to stop; what was computed is kept.
    """
    seed_random(config.seed)  # of a body without weights
    body, _ = build_body(config.arch, config.weights)
    frozen = FrozenBody(config, body, pixels, bodies_dir, choose_device("auto"), progress)
    return np.asarray(frozen.read_plain(POOLED, rows)[rows]), frozen.describe


def build_head(network: nn.Sequential) -> Head:
    """Build what gives a trained network's logits from features that are pooled already."""
    head = nn.Sequential(*list(network[1].children())[2:]).cpu().eval()

    def ask(pooled: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return head(torch.from_numpy(pooled).float()).numpy()

    return ask
