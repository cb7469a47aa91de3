"""What zapcls asks of glibc's heap. Other C libraries have no `mallopt`; there nothing is done."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # from malloc.h of glibc
_LARGEST = 2**31 - 1


def keep_freed_memory() -> None:
    """Have freed memory kept for the next batch instead of returned to the system.

    By default each tensor above 32 MB is mapped anew from zeroed pages, several times a step.
    """
    _set(_M_MMAP_THRESHOLD, _LARGEST)
    _set(_M_TRIM_THRESHOLD, _LARGEST)


def share_heaps() -> None:
    """Have all threads share two heaps; call it before they are started.

    By default each thread may have a heap of its own, eight a core, and what it freed is of no use
    to the others: after twenty visitors the server held twice as much.
    """
    _set(_M_ARENA_MAX, 2)


def _set(option: int, value: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(option, value)
