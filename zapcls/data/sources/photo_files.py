"""The files of photos that a source lists: which names are photos', and what the disk has."""

import stat
from pathlib import Path

from zapcls.data import photo
from zapcls.errors import BadInput

_SUFFIXES = tuple(f".{suffix}" for suffix in (*photo.SUFFIXES, "jpe", "jfif"))
# What the file system raises on a name that no file has, or can have (too long, a NUL).
NAME_ERRORS = (OSError, ValueError)
# Rows of a catalogue: the most that near-duplicates are found among within 3 GB.
MAX_PHOTOS = 250_000


def is_photo_name(name: str) -> bool:
    """Whether a file's name is a photo's."""
    return name.lower().endswith(_SUFFIXES)


def look_at(file: Path, root: Path, listed: str) -> tuple[int, int]:
    """Return a file's bytes and time of change (ns), or -1 and -1 where there is none.

    Raises:
        BadInput: it is a link that leaves the root; `listed` is the name it goes by.
    """
    try:
        facts = file.stat()
        is_link = file.is_symlink()
    except NAME_ERRORS:
        return -1, -1
    if not stat.S_ISREG(facts.st_mode):  # reading a pipe would never end
        return -1, -1
    if is_link:
        check_inside(file, root, listed)
    return facts.st_size, facts.st_mtime_ns


def check_inside(path: Path, root: Path, listed: str) -> None:
    """Check that a path leads into the root.

    Raises:
        BadInput: it leads elsewhere.
    """
    if not path.resolve().is_relative_to(root):
        raise BadInput(
            f"A photo must lie inside {root.name}, but {listed!r} leads to {path.resolve()}."
        )


def check_count(count: int, place: Path) -> None:
    """Check that a catalogue has no more photos than can be handled.

    Raises:
        BadInput: it has more.
    """
    if count > MAX_PHOTOS:
        raise BadInput(
            f"A catalogue has {MAX_PHOTOS:,} photos or fewer, but {place} has more. Split it into "
            "parts."
        )
