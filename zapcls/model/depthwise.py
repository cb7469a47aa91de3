"""Depthwise convolutions of small maps as products of matrices, while a last stage trains on a CPU.

oneDNN's backward pass through them takes a third of a step of EfficientNet-Lite0's last stage; a
map of 4 x 4 is 16 numbers a channel, and a matrix for each channel does the same in a tenth of it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from fastai.callback.core import Callback
from torch import nn

_MOST = 64 * 64  # numbers of a channel's matrix; with more the convolution is as fast


class QuickDepthwise(Callback):
    """Lets the depthwise convolutions of a model on a CPU be computed as products of matrices.

    The numbers are the same but for rounding. Once the training ends the model is as it was.
    """

    def before_fit(self) -> None:
        self._changed = []
        if self.dls.device.type == "cpu":
            self._changed = list(filter(is_depthwise, self.model.modules()))
        for conv in self._changed:
            conv.forward = build_forward(conv)

    def after_fit(self) -> None:
        for conv in self._changed:
            del conv.forward  # the class's own is behind it
        self._changed = []


def is_depthwise(module: nn.Module) -> bool:
    """Whether a module is a convolution with a filter a channel, and zeros around the map."""
    return (
        isinstance(module, nn.Conv2d)
        and module.groups == module.in_channels == module.out_channels > 1
        and module.padding_mode == "zeros"
    )


def build_forward(conv: nn.Conv2d) -> Callable[[torch.Tensor], torch.Tensor]:
    """Build a depthwise convolution's `forward` as a product of matrices; large maps keep theirs.

    It takes and returns (n, channels, height, width).
    """
    convolve = conv.forward

    @cache
    def place(height: int, width: int) -> tuple[torch.Tensor, torch.Size]:
        return _place_taps(conv, height, width)

    def forward(images: torch.Tensor) -> torch.Tensor:
        n, channels, height, width = images.shape
        if height * width > _MOST:
            return convolve(images)
        taps, size = place(height, width)
        if height * width * size.numel() > _MOST:
            return convolve(images)
        matrices = (conv.weight.flatten(1) @ taps).view(channels, height * width, size.numel())
        maps = torch.bmm(images.flatten(2).transpose(0, 1), matrices).transpose(0, 1)
        maps = maps.reshape(n, channels, *size)
        return maps if conv.bias is None else maps + conv.bias[:, None, None]

    return forward


def _place_taps(conv: nn.Conv2d, height: int, width: int) -> tuple[torch.Tensor, torch.Size]:
    """Find where each weight of a filter stands in the matrix of a map, and the result's size.

    The convolution itself is asked, with one weight at a time, so that any stride and any padding
    (timm's follows the map) comes out. Float32 (weights, height x width x result's), of 0 and 1.
    """
    names = ("kernel_size", "stride", "padding", "dilation")
    options: dict[str, Any] = {name: getattr(conv, name) for name in names}
    with torch.random.fork_rng(devices=[]):  # its weights at first are random, and of no use
        one = type(conv)(1, 1, bias=False, **options)
    units, placed = torch.eye(height * width).view(-1, 1, height, width), []
    with torch.no_grad():
        for tap in torch.eye(one.weight.numel()):
            one.weight.copy_(tap.view_as(one.weight))
            placed.append(one(units))
    return torch.stack(placed).flatten(1), placed[0].shape[2:]
