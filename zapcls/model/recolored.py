"""A copy of the training photos with their shoes in another color, made once and kept on disk."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from zapcls.data import recolor
from zapcls.model import processes
from zapcls.model.memory import do_in_batches
from zapcls.progress import Progress
from zapcls.workspace.arrays import FilledArray
from zapcls.workspace.bodies import RECOLORED

TITLE = "Recoloring the training photos"
_EDIT = "color"  # any shoe can be given nearly any color; at its own lightness only half of them
_BATCH = 32


def read_recolored(
    pixels: np.ndarray, rows: np.ndarray, bodies_dir: Path, progress: Progress
) -> np.ndarray:
    """Return the photos of `rows` with their shoes in another color, each drawn once by its row.

    The array is as `pixels`, uint8 (photos, side, side, 3); other rows may hold zeros. What is not
    there yet is made, about 90 photos/s. It lies in `bodies_dir`/recolored for all trainings.

    Raises:
        Stopped: a person asked to stop; what was made is kept.
        ZapError: the disk has no room.
    """
    folder = bodies_dir / RECOLORED
    with processes.first_alone(), hold_folder(folder, progress):
        array = FilledArray(folder / "pixels.npy", pixels.shape, np.uint8)

        def fill(part: np.ndarray) -> None:
            array.fill(part, np.stack([recolor_photo(pixels[row], int(row)) for row in part]))

        try:
            do_in_batches(fill, rows[~array.is_filled[rows]], _BATCH, TITLE, progress)
        finally:
            array.flush()
        return array.values


def recolor_photo(image: np.ndarray, seed: int) -> np.ndarray:
    """Return a photo's shoe another basic color, drawn by `seed` from those that it can take.

    The photo comes back as it is where no shoe stands out of the ground.
    """
    paint = recolor.find_paint(np.asarray(image))
    if paint is None:
        return np.asarray(image)
    others = [color for color in recolor.TARGETS if color != paint.color]
    for to in np.random.default_rng(seed).permutation(others):
        changed = recolor.recolor(paint, str(to), _EDIT)
        if changed is not None:
            return changed
    return np.asarray(image)


@contextlib.contextmanager
def hold_folder(folder: Path, progress: Progress) -> Iterator[None]:
    """Keep other jobs out of a folder; wait, stoppable, until they have left it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            progress("Waiting for another job that computes the same features", 0, 0)
    try:
        yield
    finally:
        lock.release()
