"""Turns image files into square `uint8` pixels: the one preprocessing of store and Classify."""

import io
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from zapcls.errors import BadInput
from zapcls.progress import Progress, silent

MIN_SIDE, MAX_SIDE = 32, 512  # px of the store
MAX_FILE_BYTES = 25_000_000
MAX_IMAGE_PX = 50_000_000  # width x height, checked before decoding
WHITE = (255, 255, 255)
# What Pillow raises on a file that is damaged or no picture.
_DECODE_ERRORS = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,  # a damaged AVIF; a DDS of a kind that Pillow does not read
)


def decode_image(source: Path | bytes, name: str | None = None) -> Image.Image:
    """Decode a photo as RGB, upright, transparent parts on white.

    Raises:
        BadInput: not a picture, broken, or larger than MAX_FILE_BYTES or MAX_IMAGE_PX;
            both are checked before any pixel is decoded. `name` is what the sentence calls it.
    """
    with warnings.catch_warnings(action="ignore"):
        return _decode_image(source, name)


def _decode_image(source: Path | bytes, name: str | None = None) -> Image.Image:
    """Do `decode_image`'s work; Pillow's warnings are the caller's (filters are per process)."""
    name = name or (source.name if isinstance(source, Path) else "the file")
    try:
        size = source.stat().st_size if isinstance(source, Path) else len(source)
    except OSError as error:
        raise BadInput(f"A photo must be a file, but {name} cannot be found.") from error
    if size > MAX_FILE_BYTES:
        raise BadInput(
            f"A photo must be {MAX_FILE_BYTES / 1e6:.0f} MB or less, but {name} has "
            f"{size / 1e6:.0f} MB. Save it smaller."
        )
    try:
        with Image.open(source if isinstance(source, Path) else io.BytesIO(source)) as image:
            _check_image_size(image, name)
            return _flatten(ImageOps.exif_transpose(image))
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


def _check_image_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_IMAGE_PX:
        raise BadInput(
            f"A photo must have {MAX_IMAGE_PX / 1e6:.0f} megapixels or less, but {name} has "
            f"{width} x {height} px. Save it smaller."
        )


def _flatten(image: Image.Image) -> Image.Image:
    """Convert to RGB, laying transparent parts on white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*WHITE, 255))
        return Image.alpha_composite(ground, image).convert("RGB")
    if image.mode.startswith(("I", "F")):  # 16 bits a sample: to 8
        samples = np.asarray(image, dtype=np.float64)
        top = max(samples.max(), 1.0)
        image = Image.fromarray((samples / (65535 if top > 255 else 255) * 255).astype(np.uint8))
    return image.convert("RGB")


def square(image: Image.Image, side: int) -> np.ndarray:
    """Fit an RGB image into a white square: uint8, (side, side, 3), aspect ratio kept.

    The long side becomes `side` px; at that size already, no pixel is resampled.
    """
    return np.asarray(ImageOps.pad(image, (side, side), Image.Resampling.LANCZOS, color=WHITE))


def choose_side(files: list[Path]) -> int:
    """Choose the store's side in px: the most frequent long side of the first 50 readable files.

    Raises:
        BadInput: none of the files is a readable picture.
    """
    sides = list(islice((side for file in files if (side := _read_long_side(file))), 50))
    if not sides:
        raise BadInput(
            f"A catalogue needs photos, but none of its {len(files):,} files is a picture. "
            "Fetch them again."
        )
    return min(max(max(set(sides), key=sides.count), MIN_SIDE), MAX_SIDE)


def _read_long_side(file: Path) -> int | None:
    try:
        with Image.open(file) as image:
            return max(image.size)
    except (*_DECODE_ERRORS, Image.DecompressionBombError):
        return None


def decode_all(
    files: Sequence[Path | None],
    pixels: np.ndarray,
    rows: np.ndarray,
    mark: Callable[[list[int]], None],
    progress: Progress = silent,
) -> list[int]:
    """Decode the files of `rows` into `pixels` (uint8, (n, side, side, 3)), white where none is.

    `mark` is called every few hundred files with the rows that are done. Uses all cores: Pillow
    releases the interpreter lock while it decodes.

    Returns:
        The rows whose file could not be decoded, in order.
    """
    side = pixels.shape[1]

    def decode_row(row: int) -> bool:
        file = files[row]
        pixels[row] = 255
        if file is None:
            return True
        try:
            pixels[row] = square(_decode_image(file), side)
        except BadInput:
            return False
        return True

    unreadable = []
    chunk = 256
    with warnings.catch_warnings(action="ignore"), ThreadPoolExecutor() as pool:
        for start in range(0, len(rows), chunk):
            progress("Reading photos", start, len(rows))
            part = [int(row) for row in rows[start : start + chunk]]
            decoded = list(pool.map(decode_row, part))
            mark([row for row, ok in zip(part, decoded, strict=True) if ok])
            unreadable += [row for row, ok in zip(part, decoded, strict=True) if not ok]
    progress("Reading photos", len(rows), len(rows))
    return unreadable
