"""Reads a photo from any file or upload: sRGB, upright, transparent parts on white."""

import contextlib
import functools
import io
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pi_heif
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from zapcls.data.color_profile import convert_to_srgb
from zapcls.errors import BadInput

# Pillow opens whatever it can unless told: an EPS file, whatever its name, starts Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
SUFFIXES = (
    "jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "hif",
)  # fmt: skip
MAX_FILE_BYTES = 60_000_000
MAX_IMAGE_PX = 100_000_000  # width x height, checked before decoding
# Their decoders hold a photo two to four times: with half as many pixels none needs over 800 MB.
HEAVY, MAX_HEAVY_PX = ("WEBP", "AVIF", "HEIF"), 50_000_000
MAX_RATIO = 20  # of the long side to the short: a square of 128 px then shows it 6 px thin
WHITE = (255, 255, 255)
# So many times the wanted size remain for the last resampling; Pillow's documentation calls the
# result of 3 indistinguishable in most cases from one without any reduction before it.
REDUCING_GAP = 3
# Opening a pipe does not wait for a writer. Windows has no such pipes, and wants bytes as they are.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_STRIP_PX = 1_000_000  # what is converted at once
# Photos that are decoded whole and larger than this take turns, whatever number of threads reads.
_LARGE_PX = 16_000_000
_TURNS = threading.Lock()
# What Pillow raises on a file that is damaged or no picture.
_DECODE_ERRORS = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,  # a damaged AVIF
)


def decode_image(
    source: Path | bytes, name: str | None = None, side: int | None = None
) -> Image.Image:
    """Decode a photo, or the first frame of several, as sRGB, upright, transparent parts on white.

    Args:
        source: a file, or the content of an upload.
        name: what the sentence calls it.
        side: what `square` will be asked for. A photo whose long side is 2 x REDUCING_GAP x `side`
            px or more is reduced by a whole number as early as possible, then fitted to `side`;
            another one keeps its size.

    Raises:
        BadInput: no regular file, not a picture, broken, thinner than MAX_RATIO, or larger than
            MAX_FILE_BYTES or MAX_IMAGE_PX; sizes are checked before any pixel is decoded.
    """
    with warnings.catch_warnings(action="ignore"):
        return read_image(source, name, side)


def read_image(
    source: Path | bytes, name: str | None = None, side: int | None = None
) -> Image.Image:
    """Do `decode_image`'s work; Pillow's warnings are the caller's (filters are per process)."""
    name = name or (source.name if isinstance(source, Path) else "the file")
    with _open_source(source, name) as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if size > MAX_FILE_BYTES:
            raise BadInput(
                f"A photo must be {MAX_FILE_BYTES / 1e6:.0f} MB or less, but {name} has "
                f"{size / 1e6:.0f} MB. Save it smaller."
            )
        try:
            with _open_picture(stream) as image:
                _check_image_size(image, name)
                with _wait_for_turn(image, side):
                    return _convert(image, side)
        except Image.DecompressionBombError as error:  # so large that Pillow refuses by itself
            raise BadInput(
                f"A photo must have {MAX_IMAGE_PX / 1e6:.0f} megapixels or less, but {name} has "
                "far more. Save it smaller."
            ) from error
        except _DECODE_ERRORS as error:
            raise BadInput(
                f"A photo must be a whole picture file such as JPEG or PNG, but {name} is not one "
                "or is damaged. Choose another file."
            ) from error


def read_long_side(file: Path) -> int | None:
    """Return the long side of a photo in px; None where it cannot be opened."""
    try:
        with _open_source(file, file.name) as stream, _open_picture(stream) as image:
            return max(image.size)
    except (BadInput, *_DECODE_ERRORS, Image.DecompressionBombError):
        return None


def _open_source(source: Path | bytes, name: str) -> BinaryIO:
    """Open a photo's bytes; a pipe or a device is refused at once, without waiting for it."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        opened = os.open(source, os.O_RDONLY | _AT_ONCE)
    except FileNotFoundError as error:
        raise BadInput(f"A photo must be a file, but {name} cannot be found.") from error
    except OSError as error:
        raise BadInput(
            f"A photo must be a regular file that can be read, but {name} cannot be opened "
            f"({error.strerror}). Choose another file."
        ) from error
    # Asked of what is open, so that nobody can put another file in its place.
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return os.fdopen(opened, "rb")
    os.close(opened)
    raise BadInput(
        f"A photo must be a regular file, but {name} is a folder, a pipe or a device. Choose "
        "another file."
    )


def _open_picture(stream: BinaryIO) -> Image.Image:
    _teach_heif()
    return Image.open(stream, formats=FORMATS)


@functools.cache
def _teach_heif() -> None:
    pi_heif.register_heif_opener()


def _check_image_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    is_heavy = image.format in HEAVY
    most = min(MAX_HEAVY_PX, MAX_IMAGE_PX) if is_heavy else MAX_IMAGE_PX
    if width * height > most:
        kind = f" as {image.format}" if is_heavy else ""
        raise BadInput(
            f"A photo must have {most / 1e6:.0f} megapixels or less{kind}, but {name} has "
            f"{width} x {height} px. Save it smaller."
        )
    if max(image.size) > MAX_RATIO * min(image.size):
        raise BadInput(
            f"A photo must be {MAX_RATIO} times as long as wide or less, but {name} has "
            f"{width} x {height} px. Crop it."
        )


def _wait_for_turn(image: Image.Image, side: int | None) -> contextlib.AbstractContextManager:
    """Let one photo at a time be large in memory."""
    # A progressive JPEG is held whole by its decoder, whatever the scale.
    is_reduced = side and image.format in ("JPEG", "MPO") and "progressive" not in image.info
    is_large = image.width * image.height > _LARGE_PX and not is_reduced
    return _TURNS if is_large else contextlib.nullcontext()


def _convert(image: Image.Image, side: int | None) -> Image.Image:
    """Convert to sRGB, upright; a large photo is fitted to `side` on the way."""
    profile = image.info.get("icc_profile") or b""
    if side and max(image.size) >= 2 * REDUCING_GAP * side:
        reduced = _fit(image, side)
    else:
        image.load()  # which turns a TIFF
        reduced = _flatten(image, 1)
    converted = convert_to_srgb(reduced, profile)
    # Turned last, when it is small; what turns it may be in EXIF or XMP.
    turn = ExifTags.Base.Orientation
    converted.getexif()[turn] = image.getexif().get(turn, 1)
    ImageOps.exif_transpose(converted, in_place=True)
    return converted


def _fit(image: Image.Image, side: int) -> Image.Image:
    least = REDUCING_GAP * side
    wide, high = (-(-length * least // max(image.size)) for length in image.size)
    drafted = image.draft(None, (wide, high))  # a JPEG is decoded at a half, a quarter, an eighth
    image.load()
    width, height = drafted[1][2:] if drafted else image.size
    longest = max(width, height)
    factor = max(int(longest // least), 1)
    size = (max(round(width / longest * side), 1), max(round(height / longest * side), 1))
    box = (0, 0, width / factor, height / factor)  # an odd edge is a part of a pixel
    return _flatten(image, factor).resize(size, Image.Resampling.LANCZOS, box)


def _flatten(image: Image.Image, factor: int) -> Image.Image:
    """Reduce to RGB of 8 bits without transparency, `factor` x `factor` px to their mean.

    CMYK and LAB stay what they are, for a profile to convert. Strips are converted and reduced one
    after the other, so that the decoder's copy is the only whole one.
    """
    white = _find_white(image) if image.mode.startswith(("I", "F")) else 0
    strips = _cut_strips(image, factor)
    if image.height <= max(_STRIP_PX // (image.width * factor), 1) * factor:
        return _flatten_strip(image, white).reduce(factor)
    mode = image.mode if image.mode in ("CMYK", "LAB") else "RGB"
    small = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    for top, strip in strips:
        small.paste(_flatten_strip(strip, white).reduce(factor), (0, top // factor))
    return small


def _cut_strips(image: Image.Image, factor: int) -> Iterator[tuple[int, Image.Image]]:
    """Cut an image into strips of a multiple of `factor` rows, each with the row it begins at."""
    rows = max(_STRIP_PX // (image.width * factor), 1) * factor
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _find_white(image: Image.Image) -> float:
    """Find the number that means white: 1, 255, 65535, or the largest one where that is larger."""
    largest = 0.0
    for _, strip in _cut_strips(image, 1):
        samples = np.asarray(strip)
        largest = max(largest, float(samples.max(where=np.isfinite(samples), initial=0)))
    known = (1, 255, 65535) if image.mode == "F" else (255, 65535)
    return next((white for white in known if largest <= white), largest)


def _flatten_strip(image: Image.Image, white: float) -> Image.Image:
    """Convert to RGB of 8 bits, transparent parts on white; `white` is of numbers with more."""
    if white:
        samples = np.nan_to_num(np.asarray(image, dtype=np.float64)) / white
        clear = image.info.get("transparency")
        if isinstance(clear, int):
            samples[samples == clear / white] = 1
        return Image.fromarray((samples.clip(0, 1) * 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "RGBa", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*WHITE, 255))
        return Image.alpha_composite(ground, image).convert("RGB")
    return image if image.mode in ("CMYK", "LAB") else image.convert("RGB")
