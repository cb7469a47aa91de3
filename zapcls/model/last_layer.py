"""The last layer of a trained network, fitted again on colors and labels in balance."""

import numpy as np
import torch
from torch import nn

from zapcls.analysis.balance import Embedded, assign_groups, fit_balanced_layer
from zapcls.model.phases import Phases

TITLE = "Reading what enters the last layer"


def balance_last_layer(phases: Phases, batch_size: int) -> dict:
    """Replace the last layer by one fitted in balance; the rest of the network stays as it is.

    Nothing but the rest and the seed goes into it: done again after a stop, it is the same.

    Returns:
        What is known of the fit.

    Raises:
        Stopped: a person asked to stop.
    """
    last, config = list(phases.network[1].children())[-1], phases.config
    assert isinstance(last, nn.Linear)
    assert last.bias is None  # fastai's head ends so; the fitted weights know of none
    train, tune = (_embed(phases, last, part, batch_size) for part in ("train", "tune"))
    [classes] = phases.photos.sizes
    layer = fit_balanced_layer(train, tune, classes, config.seed, phases.progress)
    with torch.no_grad():
        last.weight.copy_(torch.from_numpy(layer.weight))
    return layer.facts


def _embed(phases: Phases, last: nn.Module, part: str, batch_size: int) -> Embedded:
    """Read what enters the last layer for a part's photos, through what was trained last."""
    rows, (codes, colors) = phases.photos.list_rows(part), phases.photos.pick_labels(part)
    trained, _, kind = phases.choose_part(phases.list_names()[-1])
    gather = phases.gather_plain(kind, rows)
    model = nn.Sequential(*trained.children()).to(phases.device).eval()  # not a compiled one
    # As a training leaves it: a resumed one, which begins otherwise, sums in the same order.
    model = model.to(memory_format=torch.channels_last)
    seen: list[np.ndarray] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].cpu().numpy()))
    try:
        with torch.inference_mode():
            for start in range(0, len(rows), batch_size):
                phases.progress(TITLE, start, len(rows))
                model(gather(rows[start : start + batch_size]).to(phases.device))
    finally:
        hook.remove()
    return Embedded(np.concatenate(seen), codes, assign_groups(codes, colors))
