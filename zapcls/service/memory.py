"""The memory of a server that answers many visitors in as many threads."""

import ctypes
import sys

_M_ARENA_MAX, _HEAPS = -8, 2  # from malloc.h of glibc


def share_heaps() -> None:
    """Have all threads share two of glibc's heaps; call it before they are started.

    By default each thread may have a heap of its own, eight a core, and what it freed is of no use
    to the others: after twenty visitors the server held twice as much. Other C libraries have no
    `mallopt`; there nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _HEAPS)
