"""A training between two epochs, on disk: all that is needed to go on exactly as it would have."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from fastai.learner import Learner
from torch import nn

from zapcls.errors import ZapError
from zapcls.workspace.layout import replace_file

NAME = "checkpoint.pt"


@dataclass(frozen=True)
class Checkpoint:
    """Tensors and plain numbers only. Orders and random changes follow from seed and epoch."""

    phase: str
    phase_epoch: int  # how many epochs of this phase are done
    epochs_done: int  # over both phases
    batch_size: int
    rate: float
    best: tuple[float, float] | None  # the tune error rate and loss of the best epoch
    network: dict[str, Any]
    optimizer: dict[str, Any]
    smooth_loss: tuple[int, float]  # how many batches went into it, and its raw value
    scaler: dict[str, Any] | None
    average: dict[str, Any] | None = None  # the running mean of the weights, where one is kept


def take(learner: Learner, network: nn.Module, **facts: Any) -> Checkpoint:
    """Take the state of a training after an epoch; `facts` are the numbers of `Checkpoint`."""
    optimizer, smooth_loss = learner.opt.state_dict(), learner.recorder.smooth_loss
    scaler = getattr(learner, "scaler", None)
    return Checkpoint(
        network=network.state_dict(),
        optimizer={
            "state": [dict(state) for state in optimizer["state"]],
            "hypers": [
                {key: float(value) if hasattr(value, "item") else value for key, value in h.items()}
                for h in optimizer["hypers"]
            ],
        },
        smooth_loss=(smooth_loss.count, float(smooth_loss.val)),
        scaler=scaler.state_dict() if scaler is not None and scaler.is_enabled() else None,
        **facts,
    )


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """Replace the checkpoint, whole or not at all.

    Raises:
        OSError: the disk is full; the one before is still there.
    """
    buffer = io.BytesIO()  # torch's own writer hides what went wrong with the disk
    torch.save(vars(checkpoint), buffer)
    replace_file(folder / NAME, buffer.getbuffer())


def read(folder: Path, device: torch.device) -> Checkpoint | None:
    """Read the checkpoint, None where there is none; nothing but tensors and numbers is loaded.

    Raises:
        ZapError: the file is damaged.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        return Checkpoint(**content)
    except Exception as error:  # torch raises whatever its zip and its unpickler do
        raise ZapError(
            f"{path} must be the checkpoint of a training, but is damaged. Delete it, and the "
            "training starts over."
        ) from error
