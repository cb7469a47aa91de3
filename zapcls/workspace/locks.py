"""Locks of the operating system: who holds one is never guessed from a process id or a clock."""

from pathlib import Path

from filelock import FileLock, Timeout

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def can_take(path: Path) -> bool:
    """Whether nobody holds a lock now."""
    if not path.exists():
        return True
    try:
        with FileLock(path, timeout=0):
            return True
    except Timeout:
        return False
    except OSError:  # in a workspace that may only be read
        return _can_share(path)


def _can_share(path: Path) -> bool:
    """Whether nobody holds a lock, asked without writing."""
    if fcntl is None:
        return True
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
