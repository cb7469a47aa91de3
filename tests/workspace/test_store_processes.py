"""Builds of a pixel store as real processes: killed at any moment, and on a full disk."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zapcls.data.sample import draw_catalogue
from zapcls.data.sources import read_catalogue
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store
from zapcls.workspace.store import list_stores

PROJECT = Path(__file__).parents[2]
# Keeps what it has read at every step, tells the step, and goes on when it is told to.
BUILDER = """
import sys
from pathlib import Path
from zapcls.data.sources import read_catalogue
from zapcls.workspace import arrays
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store

arrays._FLUSH_EVERY_BYTES = 1
workspace, data_dir = map(Path, sys.argv[1:])

def tell(phase, *step):
    if phase != "Looking at the photos":  # the build is what is killed
        print(phase, *step, flush=True)
        sys.stdin.readline()

open_store(Workspace(workspace), read_catalogue(data_dir), tell)
"""
# Runs the command line on a disk on which no file can have more than a megabyte.
ON_A_FULL_DISK = """
import resource, signal, sys
from zapcls.__main__ import main

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
sys.exit(main(sys.argv[1:]))
"""


def start(code, *words):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )


def count_kept(workspace):
    """How many photos an interrupted build has kept; None once its pixels are whole."""
    if list_stores(workspace):
        return None
    marks = list(workspace.store_dir.glob(".*.building/pixels.filled.npy"))
    return int(np.load(marks[0]).sum()) if marks else 0


@pytest.mark.slow
def test_a_build_killed_again_and_again_ends_as_one_that_was_left_alone(tmp_path):
    folder = tmp_path / "drawings"
    draw_catalogue(folder, 600, seed=0)
    alone = open_store(Workspace(tmp_path / "alone"), read_catalogue(folder))
    workspace = Workspace(tmp_path / "workspace")
    delays = np.random.default_rng(0).uniform(0, 0.2, 6)
    kept = []

    for n_steps, delay in zip((1, 2, 1, 2, 4, 3), delays, strict=True):
        builder = start(BUILDER, workspace.path, folder)
        try:
            for _ in range(n_steps):
                assert builder.stdout.readline()
                builder.stdin.write("go on\n")
                builder.stdin.flush()
            time.sleep(delay)  # it is killed at work on the next step, or as it waits after it
            assert builder.poll() is None
        finally:
            builder.kill()
            builder.communicate(timeout=600)
        kept.append(count_kept(workspace))

    of_pixels = [count for count in kept if count is not None]
    assert of_pixels == sorted(of_pixels)
    assert of_pixels[-1] >= 256
    assert kept[-1] is None
    [killed] = list_stores(workspace)
    assert not killed.has_colors
    store = open_store(workspace, read_catalogue(folder))
    assert store.facts["decoded"] == 600 - of_pixels[-1]
    assert np.array_equal(store.pixels, alone.pixels)
    pd.testing.assert_frame_equal(store.read_catalog(), alone.read_catalog())
    pd.testing.assert_frame_equal(store.read_colors(), alone.read_colors())
    names = {path.name for path in workspace.store_dir.iterdir()}
    assert names == {".folders", f".{store.catalogue_id}.lock", store.catalogue_id}


@pytest.mark.slow
def test_a_command_on_a_full_disk_ends_with_a_sentence(drawn, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    command = start(ON_A_FULL_DISK, "catalog", "--workspace", workspace.path, "--data", drawn)
    _, err = command.communicate(timeout=600)

    assert command.returncode == 1
    assert "pixels.npy needs 8 MB in" in err  # 140 photos of 136 x 136 x 3 bytes
    assert "Free some space, or choose another --workspace." in err
    assert "Traceback" not in err
    left = {path.name for path in workspace.store_dir.iterdir() if path.is_dir()}
    assert left <= {".folders"}  # what is known of the folder's files
