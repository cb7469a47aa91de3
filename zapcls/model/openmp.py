"""The threads of a computation: a runtime whose waiting threads leave their core to others."""

import ctypes
import importlib.metadata
import os
import sys

_PACKAGE = "cmeel-libomp"
_SPIN_MS = "1"


def share_cores() -> bool:
    """Load LLVM's OpenMP, so that torch takes it in place of the GNU one that it brings along.

    The threads of GNU's spin while they wait, and two trainings beside each other run many times
    as slowly as one after the other. LLVM's yield, and sleep after `KMP_BLOCKTIME` milliseconds.
    Work is shared out among threads in the same way, so the figures stay the same bit for bit.
    It must be called before torch is imported; symbols that are there already come first.

    Returns:
        Whether it was loaded: it is installed on Linux alone.
    """
    if "torch" in sys.modules:
        return False
    try:
        files = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return False
    library = next((file for file in files if file.name == "libomp.so"), None)
    if library is None:
        return False
    os.environ.setdefault("KMP_BLOCKTIME", _SPIN_MS)
    try:
        ctypes.CDLL(str(library.locate()), ctypes.RTLD_GLOBAL)
    except OSError:  # built for a newer system than this one
        return False
    return True
