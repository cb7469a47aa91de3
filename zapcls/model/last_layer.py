"""The last layer of a network: what enters it, and giving it other weights."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from zapcls.progress import Progress

TITLE = "Reading what enters the last layer"


def embed(
    model: nn.Sequential,
    last: nn.Module,
    gather: Callable[[np.ndarray], torch.Tensor],
    rows: np.ndarray,
    batch_size: int,
    device: torch.device,
    progress: Progress,
) -> np.ndarray:
    """Return what enters `last`, a layer of `model`, for each of `rows`: float32 (n, width).

    Raises:
        Stopped: a person asked to stop.
    """
    model = nn.Sequential(*model.children()).to(device).eval()  # not a compiled one
    # As a training leaves it: a resumed one, which begins otherwise, sums in the same order.
    model = model.to(memory_format=torch.channels_last)
    seen: list[np.ndarray] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].cpu().numpy()))
    try:
        with torch.inference_mode():
            for start in range(0, len(rows), batch_size):
                progress(TITLE, start, len(rows))
                model(gather(rows[start : start + batch_size]).to(device))
    finally:
        hook.remove()
    return np.concatenate(seen)


def replace_weight(last: nn.Module, weight: np.ndarray) -> None:
    """Return a linear layer without bias other weights, (classes, width)."""
    assert isinstance(last, nn.Linear)
    assert last.bias is None  # fastai's head ends so; the fitted weights know of none
    with torch.no_grad():
        last.weight.copy_(torch.from_numpy(weight))
