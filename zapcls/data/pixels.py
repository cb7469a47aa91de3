"""Turns photos into square `uint8` pixels: the one preprocessing of store and Classify."""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from zapcls.data.photo import WHITE, read_image, read_long_side
from zapcls.errors import BadInput
from zapcls.progress import Progress, silent

MIN_SIDE, MAX_SIDE = 32, 512  # px of the store


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
    sides = list(islice((side for file in files if (side := read_long_side(file))), 50))
    if not sides:
        raise BadInput(
            f"A catalogue needs photos, but none of its {len(files):,} files is a picture. "
            "Fetch them again."
        )
    return min(max(max(set(sides), key=sides.count), MIN_SIDE), MAX_SIDE)


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
            pixels[row] = square(read_image(file, side=side), side)
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
