"""Threads share two heaps, where each would have one of its own."""

import platform
import subprocess
import sys

import pytest

COUNT_HEAPS = """
import ctypes, sys, threading
from zapcls.heap import share_heaps

libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
if sys.argv[1] == "shared":
    share_heaps()
together = threading.Barrier(8)

def allocate():
    libc.malloc(5000)
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has such heaps")
def test_threads_share_two_heaps(tmp_path):
    heaps = {}
    for way in ("shared", "own"):
        told = tmp_path / way
        subprocess.run([sys.executable, "-c", COUNT_HEAPS, way, str(told)], check=True)
        heaps[way] = told.read_text().count("<heap nr=")

    assert heaps["shared"] <= 2 < heaps["own"]
