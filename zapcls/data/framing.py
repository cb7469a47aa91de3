"""The frame of a photo: how much of it the object takes, and the part that is looked at."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image

from zapcls.data.color import object_mask
from zapcls.errors import BadInput

Frame = tuple[float, float, float, float]  # left, top, right, bottom: 0..1 of the photo
WHOLE: Frame = (0.0, 0.0, 1.0, 1.0)
LEAST = 0.1  # of a side of the photo that a frame has
_LOOK_PX = 136
_SMALL = 0.01  # the share of the photos whose objects are called small


class Closeness(NamedTuple):
    """How large objects are in photos: the share of the longer side that they take, 0..1."""

    small: float  # all but one in a hundred are larger
    usual: float  # the median


def find_frame(image: Image.Image, known: Closeness | None) -> Frame:
    """Find the part of a photo in which a small object is as large as usual.

    That is WHOLE where the object is not smaller than those of the photos that are `known`, where
    none stands out of a roughly plain ground, and where nothing is known.
    """
    if known is None:
        return WHOLE
    mask = object_mask(np.asarray(image.resize(_fit(image.size), Image.Resampling.BOX)))
    if not mask.any() or _measure_share(mask) >= known.small:
        return WHOLE
    height, width = mask.shape
    (top, bottom), (left, right) = _find_edges(mask)
    margin = max(bottom - top, right - left) * (1 / known.usual - 1) / 2
    return (
        max(float(left - margin) / width, 0.0),
        max(float(top - margin) / height, 0.0),
        min(float(right + margin) / width, 1.0),
        min(float(bottom + margin) / height, 1.0),
    )


def measure_closeness(photos: Iterable[np.ndarray]) -> Closeness | None:
    """Measure how large the objects of photos are; None where none stands out of its ground.

    `photos` are uint8 (side, side, 3).
    """
    masks = map(object_mask, photos)
    shares = [_measure_share(mask) for mask in masks if mask.any()]
    return Closeness(*map(float, np.quantile(shares, (_SMALL, 0.5)))) if shares else None


def _measure_share(mask: np.ndarray) -> float:
    """Measure the object's longer side by the photo's; the mask is not empty."""
    (top, bottom), (left, right) = _find_edges(mask)
    return float(max(bottom - top, right - left) / max(mask.shape))


def _find_edges(mask: np.ndarray) -> list[tuple[int, int]]:
    """Find where a mask begins and ends (not included): of the rows, then of the columns."""
    found = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return [(int(places[0]), int(places[-1]) + 1) for places in found]


def cut(image: Image.Image, frame: Frame) -> Image.Image:
    """Cut a photo to a frame.

    Raises:
        BadInput: the frame is not within the photo, or under LEAST of one of its sides.
    """
    left, top, right, bottom = frame
    sides = right - left, bottom - top
    if not 0 <= min(left, top) <= max(right, bottom) <= 1 or min(sides) < LEAST - 1e-9:
        raise BadInput(
            f"A frame must lie within the photo and have {LEAST:.0%} or more of each side, got "
            f"{frame}. Widen it."
        )
    width, height = image.size
    box = (
        math.floor(left * width), math.floor(top * height),
        math.ceil(right * width), math.ceil(bottom * height),
    )  # fmt: skip
    return image.crop(box)


def _fit(size: tuple[int, int]) -> tuple[int, int]:
    share = min(_LOOK_PX / max(size), 1)
    wide, high = (max(round(length * share), 1) for length in size)
    return wide, high
