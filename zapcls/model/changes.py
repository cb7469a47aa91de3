"""Random changes of shape, light and ground: what a batch of training photos goes through."""

import math
from collections.abc import Callable

import numpy as np
import torch
from fastai.torch_core import TensorImage
from fastai.vision.augment import (
    Brightness,
    Contrast,
    RandTransform,
    Rotate,
    Warp,
    Zoom,
    setup_aug_tfms,
)
from fasttransform import Pipeline

STANDARD, WIDE = "standard", "wide"
# How far each goes, and the share of photos whose shape is changed. The standard ones are those of
# fastai's `aug_transforms`, which takes no draws from outside.
_STRENGTHS = {
    STANDARD: {"turn": 10, "near": 1.0, "far": 1.1, "warp": 0.2, "light": 0.2, "share": 0.75},
    WIDE: {"turn": 10, "near": 0.6, "far": 1.2, "warp": 0.4, "light": 0.3, "share": 1.0},
}
DRAWN = tuple(_STRENGTHS)  # those that are drawn at random, apart from mirroring
_LIGHT_SHARE = 0.75
_DARKEST_GROUND = 0.75
_GROUND_SHARE = 0.5


class Chance:
    """Numbers drawn evenly from 0 to 1, one a photo of a batch, by torch's seed."""

    def begin(self, rows: np.ndarray) -> None:
        """Take note of the rows of the store that the next batch holds."""

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Draw for images (n, ...): (n,), on their device."""
        return torch.rand(len(images), device=images.device)


class FixedChance(Chance):
    """Numbers that follow from a seed and the row, whichever photos share a batch."""

    def __init__(self, seed: int, photos: int) -> None:
        self._seed, self._photos, self._rows = seed, photos, np.empty(0, int)
        self._columns: list[np.ndarray] = []  # a number a photo, for each draw of a batch
        self._drawn = 0

    def begin(self, rows: np.ndarray) -> None:
        self._rows, self._drawn = rows, 0

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        if self._drawn == len(self._columns):
            rng = np.random.default_rng([self._seed, self._drawn])
            self._columns.append(rng.random(self._photos, dtype=np.float32))
        column = self._columns[self._drawn]
        self._drawn += 1
        return torch.from_numpy(column[self._rows]).to(images.device)


class Ground(RandTransform):
    """Puts half of the photos on a gray, evenly lit or not: white by a plane of gray levels.

    A photo is multiplied by the plane, so that what stands on the ground darkens with it, as it
    does under a lamp.
    """

    order = 40  # after fastai's shapes and lights, on images of 0 to 1

    def __init__(self, chance: Chance) -> None:
        super().__init__(p=1.0)
        self._chance = chance

    def encodes(self, images: TensorImage) -> TensorImage:
        count, _, height, width = images.shape
        levels = torch.stack([self._chance(images) for _ in range(4)], dim=1)
        corners = (1 - (1 - _DARKEST_GROUND) * levels).view(count, 1, 2, 2)
        corners[self._chance(images) >= _GROUND_SHARE] = 1
        plane = torch.nn.functional.interpolate(
            corners, (height, width), mode="bilinear", align_corners=True
        )
        return images * plane


def build_changes(augmentation: str, chance: Chance) -> Pipeline | None:
    """Build the changes of an augmentation, of images of 0 to 1; None where it has none.

    "standard" are fastai's: turns, zoom, perspective and light. "wide" goes further: other
    distances, other points of view, gray grounds, as in the photos of another shop.
    """
    if augmentation not in DRAWN:
        return None
    strength = _STRENGTHS[augmentation]
    share, turn, warp, light = (strength[name] for name in ("share", "turn", "warp", "light"))

    def between(
        low: float, high: float, share: float = 1.0, otherwise: float = 0.0
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        def draw(images: torch.Tensor) -> torch.Tensor:
            values = low + (high - low) * chance(images)
            return torch.where(chance(images) < share, values, otherwise)

        return draw

    brighter = between((1 - light) / 2, (1 + light) / 2, _LIGHT_SHARE, 0.5)
    contrast = between(math.log(1 - light), -math.log(1 - light), _LIGHT_SHARE)
    changes = [
        Warp(p=1, draw_x=between(-warp, warp, share), draw_y=between(-warp, warp, share),
             pad_mode="border"),
        Rotate(p=1, draw=between(-turn, turn, share), pad_mode="border"),
        Zoom(strength["near"], strength["far"], p=1,
             draw=between(strength["near"], strength["far"], share, 1), draw_x=between(0, 1),
             draw_y=between(0, 1), pad_mode="border"),
        Brightness(p=1, draw=brighter),
        Contrast(p=1, draw=lambda images: contrast(images).exp()),
    ]  # fmt: skip
    ground = [Ground(chance)] if augmentation == WIDE else []
    return Pipeline(setup_aug_tfms(changes + ground), split_idx=0)
