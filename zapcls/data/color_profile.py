"""Converts the pixels of a photo to sRGB, as the ICC profile within its file says."""

import functools
import io
from typing import Literal

import numpy as np
from PIL import Image, ImageCms

# Of the pixels that a profile of this color space describes; gray photos are RGB by then.
_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
MAX_PROFILE_BYTES = 4_000_000  # those of presses have two million
_SAME = 2  # levels, by which profiles that call themselves sRGB differ from one another
_STEPS = 9  # of each channel, where a profile is compared with sRGB


def convert_to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert an RGB, CMYK or LAB image to sRGB.

    Where `profile` is sRGB already, empty, damaged or of another kind of pixels, RGB keeps every
    value, and CMYK is converted as if its inks were pure.
    """
    if image.mode == "LAB":
        return _build_lab().apply(image)
    mode = _MODES.get(profile[16:20], "")
    if mode == image.mode or (mode, image.mode) == ("L", "RGB"):
        transform = _build_transform(profile, mode)
        if transform:
            return transform.apply(image.getchannel(0) if mode == "L" else image)
    return image.convert("RGB")


@functools.cache
def _build_lab() -> ImageCms.ImageCmsTransform:
    return ImageCms.ImageCmsTransform(_build_profile("LAB"), _build_profile("sRGB"), "LAB", "RGB")


def _build_profile(space: Literal["LAB", "sRGB"]) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space))


@functools.lru_cache(maxsize=16)
def _build_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the way from a profile to sRGB; None where there is no way, or nothing to do."""
    if len(profile) > MAX_PROFILE_BYTES:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.ImageCmsTransform(source, _build_profile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return None if mode != "CMYK" and _changes_nothing(transform, mode) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    steps = np.linspace(0, 255, _STEPS).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    sample = Image.fromarray(lattice if mode == "RGB" else steps[None])
    converted = np.asarray(transform.apply(sample)).astype(int)
    return bool(np.abs(converted - np.asarray(sample.convert("RGB"))).max() <= _SAME)
