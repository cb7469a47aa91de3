"""Locks of the operating system: who holds one is never guessed from a process id or a clock."""

from pathlib import Path

from filelock import FileLock, Timeout

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_GLANCE = 0.05  # seconds that are longer than another's look takes


def can_take(path: Path) -> bool:
    """Whether nobody holds a lock now. Those who ask at once do not take each other for a holder.

    It is asked without writing, so in a workspace too that may only be read.
    """
    if not path.exists():
        return True
    if fcntl is None:
        return _can_take_alone(path)
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # as file systems differ
            return False
        except OSError:  # a file system without such locks
            return _can_take_alone(path)
    return True


def _can_take_alone(path: Path) -> bool:
    """Whether a lock can be taken, where taking it is the only way to ask."""
    try:
        with FileLock(path, timeout=_GLANCE):
            return True
    except Timeout:
        return False
    except OSError:  # in a workspace that may only be read
        return True
