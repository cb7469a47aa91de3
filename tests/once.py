"""What is expensive is made once, by whichever test process of a run needs it first."""

import os
import shutil

from filelock import FileLock


def prepare(tmp_path_factory, name, build):
    """Return the folder of this name, which `build(folder)` has filled; do not change it.

    pytest-xdist gives each of its processes a folder below a common one.
    """
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder, mark = common / name, common / f"{name}.done"
    with FileLock(common / f"{name}.lock"):
        if not mark.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a build that failed
            folder.mkdir()
            build(folder)
            mark.touch()
    return folder
