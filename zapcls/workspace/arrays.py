"""Arrays on disk whose rows are filled bit by bit, by one process after another."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zapcls.errors import ZapError, is_disk_full
from zapcls.workspace.tables import looks_whole

_FLUSH_EVERY_BYTES = 128_000_000


class FilledArray:
    """A memory map `values` and, beside it, which of its rows hold something.

    A row counts as filled only after its values were written, so that a process that is killed
    at any moment leaves nothing that looks filled and is not.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: type) -> None:
        """Open `path` (.npy), or make it with no row filled; all its space is taken at once.

        One that is cut short is made anew.

        Raises:
            ZapError: the disk has no room, or the file there is not of this shape and dtype.
        """
        self._marks_path = path.with_name(f"{path.stem}.filled.npy")
        if not (looks_whole(path) and looks_whole(self._marks_path)):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._marks_path.unlink(missing_ok=True)  # no mark may outlive its values
            _allocate(path, shape, dtype)
            _allocate(self._marks_path, shape[:1], bool)
        self.values = _open(path, shape, dtype)
        self._marks = _open(self._marks_path, shape[:1], bool)
        self._unflushed: list[np.ndarray] = []
        self._unflushed_bytes = 0

    @property
    def is_filled(self) -> np.ndarray:
        """Which rows are filled: bool, (rows,); rows not yet flushed count."""
        marks = np.array(self._marks)
        for rows in self._unflushed:
            marks[rows] = True
        return marks

    def fill(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Write `values`, one for each of `rows`; they are marked once they are on disk."""
        self.values[rows] = values
        self.mark(rows)

    def mark(self, rows: np.ndarray | Sequence[int]) -> None:
        """Mark rows whose values the caller has written into `values`."""
        self._unflushed.append(np.asarray(rows, dtype=np.int64))
        self._unflushed_bytes += len(rows) * self.values[:1].nbytes
        if self._unflushed_bytes >= _FLUSH_EVERY_BYTES:
            self.flush()

    def flush(self) -> None:
        """Bring everything to disk: first the values, then the marks."""
        self.values.flush()
        for rows in self._unflushed:
            self._marks[rows] = True
        self._marks.flush()
        self._unflushed, self._unflushed_bytes = [], 0

    def drop_marks(self) -> None:
        """Remove the file of marks: the array is whole."""
        self._marks_path.unlink()


def _allocate(path: Path, shape: tuple[int, ...], dtype: type) -> None:
    """Make the file with all its blocks: writing to a map of a full disk would kill the process."""
    path.unlink(missing_ok=True)
    aside = path.with_name(f".{path.name}")  # a killed process leaves no half of a file at `path`
    try:
        np.lib.format.open_memmap(aside, "w+", dtype=dtype, shape=shape)
        if hasattr(os, "posix_fallocate"):
            with aside.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, aside.stat().st_size)
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        if not is_disk_full(error):
            raise
        needed = int(np.prod(shape)) * np.dtype(dtype).itemsize / 1e6
        free = shutil.disk_usage(path.parent).free / 1e6
        raise ZapError(
            f"{path.name} needs {needed:,.0f} MB in {path.parent}, but {free:,.0f} MB are free. "
            "Free some space, or choose another --workspace."
        ) from error


def _open(path: Path, shape: tuple[int, ...], dtype: type) -> np.memmap:
    try:
        # "r" refuses a file that is cut short; "r+" would make up the rest of it.
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        if values.shape == shape and values.dtype == dtype:
            return np.load(path, mmap_mode="r+", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        pass
    raise ZapError(
        f"{path} must be an array of shape {shape}, but is damaged or of other data. "
        f"Delete the folder {path.parent}; it is built again at the next start."
    )
