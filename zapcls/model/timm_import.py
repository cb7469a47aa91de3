"""A classifier in timm's hub format, read from a folder without unpickling anything."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from zapcls.config import Statistics
from zapcls.errors import BadInput, ZapError
from zapcls.model.preprocess import Normalize, Resize
from zapcls.workspace.layout import read_json


@dataclass(frozen=True)
class TimmModel:
    """A network with what its folder says of it."""

    net: Any
    classes: tuple[str, ...]  # () where the folder names none
    size: int  # px
    crop_share: float  # of the side that the middle of the photo has, 0..1
    statistics: Statistics


def read_timm(folder: Path) -> TimmModel:
    """Read a folder that holds `config.json` in timm's hub format and `model.safetensors`.

    Raises:
        BadInput: one is missing or damaged, the network is unknown to timm, the two do not fit
            each other, or it does not take square photos of three channels.
    """
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise BadInput(
                f"A folder of timm's must hold config.json and model.safetensors, but {folder} has "
                f"no {name}. Pickled weights are not opened: save them as safetensors."
            )
    try:
        config = read_json(folder / "config.json")
    except ZapError as error:
        raise BadInput(str(error)) from error
    facts = config.get("pretrained_cfg", config)
    net = _build(config, folder)
    size = facts.get("input_size", [3, 224, 224])
    mean, std = facts.get("mean", Statistics().mean), facts.get("std", Statistics().std)
    if len(size) != 3 or size[0] != 3 or size[1] != size[2] or len(mean) != 3 or len(std) != 3:
        raise BadInput(
            f"A classifier must take square photos of three channels, but {folder.name} takes "
            f"{size}. Choose another model."
        )
    is_cut = facts.get("crop_mode", "center") == "center"
    share = float(facts.get("crop_pct", 0.875)) if is_cut else 1.0
    return TimmModel(
        net, _list_names(config, facts), size[1], share, Statistics(tuple(mean), tuple(std))
    )


def _build(config: dict[str, Any], folder: Path) -> nn.Module:
    arch, count = str(config.get("architecture", "")), config.get("num_classes")
    if not timm.is_model(arch) or not isinstance(count, int) or count < 2:
        raise BadInput(
            f"{folder / 'config.json'} must name an architecture that timm {timm.__version__} "
            f"has and num_classes of 2 or more, got {arch!r} and {count!r}. Check the file."
        )
    try:
        arguments = config.get("model_args") or {}
        net = timm.create_model(arch, pretrained=False, num_classes=count, **arguments)
        net.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    except (SafetensorError, RuntimeError, TypeError, ValueError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()[:200]
        raise BadInput(
            f"{folder / 'model.safetensors'} must hold the weights of {arch} with {count} classes, "
            f"but does not fit: {reason} Export the model again."
        ) from error
    return net.eval()


def _list_names(config: dict[str, Any], facts: dict[str, Any]) -> tuple[str, ...]:
    names = config.get("label_names") or facts.get("label_names") or ()
    return tuple(map(str, names.values() if isinstance(names, dict) else names))


class TimmClassifier(nn.Module):
    """The way from stored pixels to a timm network's answer: logits, and what leads to them.

    A photo is resized whole, white ground and all; a model that wants its middle gets that.
    """

    def __init__(self, model: TimmModel, side: int) -> None:
        super().__init__()
        whole = max(model.size, int(model.size / model.crop_share))
        self.preprocess = nn.Sequential(Resize(side, whole), Normalize(model.statistics))
        self.net = model.net
        self.start, self.size = (whole - model.size) // 2, model.size

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        start, end = self.start, self.start + self.size
        images = self.preprocess(pixels)[:, :, start:end, start:end]
        features = self.net.forward_features(images)
        return self.net.forward_head(features), self.net.forward_head(features, pre_logits=True)
