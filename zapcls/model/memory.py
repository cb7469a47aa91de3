"""What is done where a device has too little memory for a batch."""

import gc
import time
from collections.abc import Callable

import numpy as np
import torch

from zapcls.errors import ZapError
from zapcls.progress import Progress


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch says that a batch did not fit in the memory of its device."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def halve_until_it_fits(work: Callable[[int], None], batch_size: int, least: int = 2) -> int:
    """Do `work(batch_size)`, with half the batch each time that it does not fit in memory.

    Returns:
        The batch size that it was done with.

    Raises:
        ZapError: even a batch of `least` does not fit.
    """
    while True:
        try:
            work(batch_size)
            return batch_size
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if batch_size // 2 < least:
                raise ZapError(
                    f"A batch of {batch_size} does not fit in the memory of the device. Choose a "
                    "smaller batch, image size or network."
                ) from error
        # Outside the handler, whose traceback holds on to the tensors of the failed batch.
        batch_size //= 2
        release_memory()


def do_in_batches(
    work: Callable[[np.ndarray], None],
    rows: np.ndarray,
    batch_size: int,
    title: str,
    progress: Progress,
) -> float:
    """Do `work` on the rows, a batch at a time, smaller ones once a batch does not fit in memory.

    Returns:
        Rows a second.

    Raises:
        Stopped: a person asked to stop.
    """
    started, done, rate = time.perf_counter(), 0, 0.0

    def go_on(batch_size: int) -> None:
        nonlocal done, rate
        while done < len(rows):
            part = rows[done : done + batch_size]
            work(part)
            done += len(part)
            rate = done / (time.perf_counter() - started)
            left = round((len(rows) - done) / rate, 1)
            progress(title, done, len(rows), images_per_s=round(rate, 1), seconds_left=left)

    halve_until_it_fits(go_on, batch_size)
    return rate


def release_memory() -> None:
    """Return memory that is no longer referred to."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
