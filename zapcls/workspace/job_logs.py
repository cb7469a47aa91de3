"""The log of a job is bounded: what comes after a limit moves what came before aside."""

import os
import shutil
from pathlib import Path

MOST_BYTES = 4_000_000  # of a log, and of the part of it that is kept beside it


def bound_log(log: Path) -> None:
    """Begin a log anew once it is over MOST_BYTES; its end is kept in `<name>.1`.

    Who writes to it must append, and may go on; a line that comes meanwhile may be lost.
    """
    try:
        size = log.stat().st_size
    except OSError:  # there is none
        return
    if size <= MOST_BYTES:
        return
    with log.open("rb") as file, log.with_name(f"{log.name}.1").open("wb") as kept:
        file.seek(size - MOST_BYTES)
        shutil.copyfileobj(file, kept)
    os.truncate(log, 0)
