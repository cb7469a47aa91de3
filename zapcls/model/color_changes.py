"""Random changes of color, a photo at a time: gray, another color of the shoe, a turn of the hue.

Each keeps what is white white, so that the ground of a shop's photo stays as it is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from zapcls.config import TrainConfig

# The luma of Rec. 601, and the two axes of color of YIQ (NTSC 1953), of red, green and blue.
LUMA = (0.299, 0.587, 0.114)
_YIQ = (LUMA, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))


@dataclass(frozen=True)
class ColorDraw:
    """What happens to the colors of a batch, (n,) each; a photo is changed in one way at most."""

    is_gray: torch.Tensor  # bool
    is_recolored: torch.Tensor  # bool
    turns: torch.Tensor  # of all hues, in circles; 0 where the photo is gray or recolored


DrawColors = Callable[[np.ndarray], ColorDraw]


def build_draw(config: TrainConfig) -> DrawColors | None:
    """Build what draws the changes of a batch of rows by torch's seed; None where nothing changes.

    The shares are of all photos; the hues of those neither gray nor recolored are turned by up to
    `hue_jitter`, either way.
    """
    gray, recolored, most = config.grayscale_share, config.recolor_share, config.hue_jitter
    if not (gray or recolored or most):
        return None

    def draw(rows: np.ndarray) -> ColorDraw:
        chance, turns = torch.rand(2, len(rows))
        is_gray = chance < gray
        is_recolored = ~is_gray & (chance < gray + recolored)
        turns = (2 * turns - 1) * most
        return ColorDraw(is_gray, is_recolored, turns.masked_fill(is_gray | is_recolored, 0))

    return draw


def change_colors(images: torch.Tensor, draw: ColorDraw) -> torch.Tensor:
    """Turn the hues of images (n, 3, height, width), 0..1, or make them gray; changed in place.

    The recolored ones come recolored.
    """
    turned = draw.turns.nonzero().flatten().to(images.device)
    if len(turned):
        images[turned] = turn_hue(images[turned], draw.turns.to(images.device)[turned])
    gray = draw.is_gray.nonzero().flatten().to(images.device)
    if len(gray):
        images[gray] = find_luma(images[gray])
    return images


def find_luma(images: torch.Tensor) -> torch.Tensor:
    """The luma (Rec. 601) of images (n, 3, height, width): (n, 1, height, width)."""
    red, green, blue = LUMA
    return red * images[:, :1] + green * images[:, 1:2] + blue * images[:, 2:]


def turn_hue(images: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Turn all hues of images (n, 3, height, width), 0..1, by `turns` (n) of the circle.

    This is a rotation about the gray axis of YIQ. It keeps each pixel's luma; a color that does
    not exist at that luma is brought back by less chroma. Gray, black and white stay.
    """
    yiq = torch.tensor(_YIQ, dtype=torch.float64)
    turn = torch.eye(3, dtype=torch.float64).repeat(len(turns), 1, 1)
    cosine, sine = (wave(2 * math.pi * turns.double().cpu()) for wave in (torch.cos, torch.sin))
    turn[:, 1, 1] = turn[:, 2, 2] = cosine
    turn[:, 1, 2], turn[:, 2, 1] = -sine, sine
    to_turned = (torch.linalg.inv(yiq) @ turn @ yiq).to(images)
    luma = find_luma(images)
    # Of the differences from luma alone, so that where there are none nothing moves at all.
    chroma = torch.einsum("nij,njhw->nihw", to_turned, images - luma)
    room = torch.where(chroma > 0, 1 - luma, luma) / chroma.abs().clamp_min(1e-6)
    return luma + chroma * room.amin(dim=1, keepdim=True).clamp(0, 1)
