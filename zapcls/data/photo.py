"""Reads a photo from any file or upload: RGB, upright, on white."""

import io
import os
import stat
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from zapcls.errors import BadInput

# Pillow opens whatever it can unless told: an EPS file, whatever its name, starts Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
MAX_FILE_BYTES = 25_000_000
MAX_IMAGE_PX = 50_000_000  # width x height, checked before decoding
MAX_WHOLE_PX = 25_000_000  # of an upload that cannot be decoded at a reduced scale: 100 MB
WHITE = (255, 255, 255)
# So many times the wanted size remain for the last resampling; Pillow's documentation calls the
# result of 3 indistinguishable in most cases from one without any reduction before it.
REDUCING_GAP = 3
# Opening a pipe does not wait for a writer. Windows has no such pipes, and wants bytes as they are.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_STRIP_PX = 1_000_000  # what is converted at once
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
    """Decode a photo as RGB, upright, transparent parts on white.

    Args:
        source: a file, or the content of an upload, which must have MAX_WHOLE_PX or less unless it
            is decoded at a reduced scale.
        name: what the sentence calls it.
        side: what `square` will be asked for. A photo whose long side is 2 x REDUCING_GAP x `side`
            px or more is reduced by a whole number as early as possible, then fitted to `side`;
            another one keeps its size.

    Raises:
        BadInput: no regular file, not a picture, broken, or larger than MAX_FILE_BYTES or
            MAX_IMAGE_PX; both are checked before any pixel is decoded.
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
            with Image.open(stream, formats=FORMATS) as image:
                _check_image_size(image, name, side, is_upload=isinstance(source, bytes))
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


def _check_image_size(image: Image.Image, name: str, side: int | None, is_upload: bool) -> None:
    # A progressive JPEG is held whole by its decoder, whatever the scale.
    is_reduced = side and image.format in ("JPEG", "MPO") and "progressive" not in image.info
    most = MAX_WHOLE_PX if is_upload and not is_reduced else MAX_IMAGE_PX
    width, height = image.size
    if width * height > most:
        kind = "" if most == MAX_IMAGE_PX else f" as {image.format}"
        raise BadInput(
            f"A photo must have {most / 1e6:.0f} megapixels or less{kind}, but {name} has "
            f"{width} x {height} px. Save it smaller."
        )


def _convert(image: Image.Image, side: int | None) -> Image.Image:
    """Convert to RGB, upright; a large photo is fitted to `side` on the way."""
    if side and max(image.size) >= 2 * REDUCING_GAP * side:
        converted = _fit(image, side)
    else:
        image.load()  # which turns a TIFF
        converted = _flatten(image, 1)
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
    """Convert to RGB, `factor` x `factor` px to their mean.

    Strips are converted and reduced one after the other, so that the decoder's copy is the only
    whole one.
    """
    width, height = image.size
    is_deep = image.mode.startswith(("I", "F")) and np.asarray(image).max() > 255
    rows = max(_STRIP_PX // (width * factor), 1) * factor
    if height <= rows:
        return _flatten_strip(image, is_deep).reduce(factor)
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        small.paste(_flatten_strip(strip, is_deep).reduce(factor), (0, top // factor))
    return small


def _flatten_strip(image: Image.Image, is_deep: bool) -> Image.Image:
    """Convert to RGB, laying transparent parts on white; `is_deep` is of 16 bits a sample."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*WHITE, 255))
        return Image.alpha_composite(ground, image).convert("RGB")
    if image.mode.startswith(("I", "F")):
        samples = np.asarray(image, dtype=np.float64)
        image = Image.fromarray((samples / (65535 if is_deep else 255) * 255).astype(np.uint8))
    return image.convert("RGB")


def read_long_side(file: Path) -> int | None:
    """Return the long side of a photo in px; None where it cannot be opened."""
    try:
        with _open_source(file, file.name) as stream, Image.open(stream, formats=FORMATS) as image:
            return max(image.size)
    except (BadInput, *_DECODE_ERRORS, Image.DecompressionBombError):
        return None
