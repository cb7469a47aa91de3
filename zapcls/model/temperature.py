"""Makes a trained network as sure as it is right: its logits are divided by a temperature."""

from collections.abc import Sequence

import torch
from torch import nn


def divide_last_layer(network: nn.Sequential, temperatures: Sequence[float]) -> None:
    """Divide what the last layer of a body and head gives, in place; no answer changes.

    `temperatures` has one for each class; those of a target are the same.
    """
    *_, last = network[1].children()
    with torch.no_grad():
        for parameter in last.parameters():  # a row a class
            divisors = torch.tensor(temperatures, dtype=parameter.dtype, device=parameter.device)
            parameter.div_(divisors.view(-1, *[1] * (parameter.ndim - 1)))
