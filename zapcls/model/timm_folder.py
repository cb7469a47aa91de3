"""A trained network as timm's own: its head folded into timm's pooling and classifier.

fastai's linear head pools the largest and the mean of each channel, normalizes and weighs them.
timm pools both too, in the other order; the normalization is part of the weights.
"""

from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from safetensors.torch import save
from torch import nn

from zapcls.config import Statistics, find_timm_name
from zapcls.errors import ZapError
from zapcls.model.preprocess import Normalize, Resize
from zapcls.workspace.layout import write_json

POOLING = "catavgmax"
TOLERANCE = 1e-4  # of a probability


def build_timm(network: nn.Sequential, arch: str) -> nn.Module:
    """Build timm's network of the same answers, in eval mode.

    Args:
        network: body and linear head of `learner.build_network`.
        arch: one that `config.find_timm_name` knows.

    Raises:
        ZapError: the two are not made of the same layers.
    """
    body, head = network
    weight, bias = _fold_head(head)
    net: Any = timm.create_model(
        find_timm_name(arch) or arch, num_classes=len(bias), global_pool=POOLING
    )
    layer = net.get_classifier()
    name = next(name for name, module in net.named_modules() if module is layer)
    wanted = net.state_dict()
    own = [key for key in wanted if key.rpartition(".")[0] != name]
    values = list(body.state_dict().values())
    if [wanted[key].shape for key in own] != [value.shape for value in values]:
        raise ZapError(
            f"timm's {arch} must be made of the layers that were trained, but its version "
            f"{timm.__version__} has others. Install the version of constraints.txt."
        )
    state = dict(zip(own, values, strict=True))
    net.load_state_dict(state | {f"{name}.weight": weight, f"{name}.bias": bias}, strict=True)
    return net.eval()


def _fold_head(head: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """Fold a linear head's normalization into its weights, the means of the channels first."""
    layers: list[Any] = list(head.children())
    norm, last = layers[2], layers[-1]
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = last.weight * scale
    bias = last.weight @ (norm.bias - norm.running_mean * scale)
    largest, mean = weight.detach().chunk(2, dim=1)
    return torch.cat([mean, largest], dim=1), bias.detach()


def write_timm(
    net: Any, classes: list[str], size: int, statistics: Statistics, folder: Path
) -> None:
    """Write `config.json` in timm's hub format and `model.safetensors`."""
    # Not its own writer, which raises another error than the system's where the disk is full.
    weights = save(net.state_dict(), metadata={"format": "pt"})
    (folder / "model.safetensors").write_bytes(weights)
    known = net.pretrained_cfg
    write_json(folder / "config.json", {
        "architecture": known["architecture"],
        "num_classes": len(classes),
        "num_features": net.num_features,
        "global_pool": POOLING,
        "model_args": {"global_pool": POOLING},
        "label_names": classes,
        "pretrained_cfg": {
            "num_classes": len(classes),
            "input_size": [3, size, size],
            "fixed_input_size": False,
            "interpolation": "bilinear",
            "crop_pct": 1.0,
            "crop_mode": "border",
            "mean": list(statistics.mean),
            "std": list(statistics.std),
            "first_conv": known["first_conv"],
            "classifier": known["classifier"],
        },
    })  # fmt: skip


def check_answers(
    folder: Path,
    size: int,
    statistics: Statistics,
    pixels: np.ndarray,
    prob: np.ndarray,
    views: int = 1,
) -> float:
    """Load the folder as timm does and compare its answers: the largest difference.

    Args:
        pixels: uint8, (n, side, side, 3).
        prob: what the run answers to them: (n, classes).
        views: with 2 the run's answers are those to a photo and its mirror image, averaged.

    Raises:
        ZapError: the difference is above TOLERANCE.
    """
    net = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    see = nn.Sequential(Resize(pixels.shape[1], size), Normalize(statistics))
    with torch.inference_mode():
        images = see(torch.from_numpy(pixels))
        logits = net(images) if views == 1 else (net(images) + net(images.flip(3))) / 2
        answered = torch.softmax(logits, dim=1).numpy()
    difference = float(np.abs(answered - prob).max())
    if difference > TOLERANCE:
        raise ZapError(
            f"The exported model must answer as the run within {TOLERANCE}, but differs by "
            f"{difference:.2g}. Report this network."
        )
    return difference
