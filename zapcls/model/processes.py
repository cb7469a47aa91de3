"""Several processes that train one model: what `accelerate launch` started, and who does what.

Only the first process writes. The others are told which run it is, read the same workspace, and
take their share of each batch.
"""

import contextlib
import datetime
import os
from collections.abc import Iterator
from typing import Any

import torch
from accelerate import DistributedDataParallelKwargs, PartialState
from accelerate.utils import broadcast_object_list
from fastai.distributed import DistributedTrainer

# The first process may compute features for long while the others wait for it.
_PATIENCE = datetime.timedelta(hours=12)


def count() -> int:
    """How many processes train together; 1 where nothing launched several."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Which of them this one is, from 0."""
    return int(os.environ.get("RANK", "0"))


def is_first() -> bool:
    """Whether this process is the one that writes."""
    return rank() == 0


def local_device(device: torch.device) -> torch.device:
    """This process's own device of a kind: the GPU of its number on its host."""
    if device.type == "cuda" and count() > 1:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        return torch.device("cuda", torch.cuda.current_device())
    return device


@contextlib.contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Join the group for the length of a training; nothing is done for a single process."""
    if count() == 1:
        yield
        return
    PartialState(cpu=device.type == "cpu", timeout=_PATIENCE)
    try:
        yield
    finally:
        PartialState().destroy_process_group()


def tell(facts: dict[str, Any] | None) -> dict[str, Any]:
    """Return every process what the first one passes; the others pass None."""
    told = [facts]
    if count() > 1:
        broadcast_object_list(told)
    return told[0] or {}


@contextlib.contextmanager
def first_alone() -> Iterator[None]:
    """Let the first process go through the block before the others do."""
    if count() > 1 and not is_first():
        torch.distributed.barrier()
    yield
    if count() > 1 and is_first():
        torch.distributed.barrier()


def any_true(flag: bool, device: torch.device) -> bool:
    """Whether the flag is true in any process; each must ask at the same step."""
    if count() == 1:
        return flag
    flags = torch.tensor(int(flag), device=device)
    torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
    return bool(flags.item())


class TrainTogether(DistributedTrainer):
    """fastai's trainer over Accelerate, for loaders that already give each process its share."""

    def __init__(self, device: torch.device, has_idle_layers: bool) -> None:
        """Some of timm's bodies hold layers that their feature map does not go through."""
        # BatchNorm over all processes needs a GPU; on CPUs each normalizes its own share.
        super().__init__(
            sync_bn=device.type == "cuda",
            cpu=device.type == "cpu",
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=has_idle_layers)],
        )

    def _wrap_dl(self, loader: Any) -> Any:
        return loader
