"""Networks by name: a convolutional body of torchvision or timm, and its ImageNet weights."""

import json
import urllib.error
from collections import OrderedDict
from pathlib import Path
from typing import Any

import timm
import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from zapcls.config import Statistics, read_architectures
from zapcls.errors import BadInput
from zapcls.model.bundled import read_bundled

# What a failed fetch of weights raises in torchvision (urllib) and in timm (huggingface_hub).
_FETCH_ERRORS = (urllib.error.URLError, OSError, RuntimeError, ValueError)


def build_body(arch: str, weights: str) -> tuple[nn.Module, int]:
    """Build a network up to its last feature map, and tell that map's channels.

    `weights` is "bundled", "imagenet", "none" or the path of a .safetensors state dict of the
    whole network (1,000 classes; the classifier is dropped). Torchvision's weights are
    IMAGENET1K_V1, the ones that were there in 2019.

    Raises:
        BadInput: the weights cannot be fetched or read, or are of another network; never a
            silent random start.
        ZapError: the bundled weights are missing or damaged.
    """
    library = read_architectures()[arch]["library"]
    build = _build_torchvision if library == "torchvision" else _build_timm
    if weights.endswith(".safetensors"):
        body = build(arch, _read_weights(Path(weights)))
    elif weights == "imagenet":
        try:
            body = build(arch, "imagenet")
        except _FETCH_ERRORS as error:
            raise BadInput(_explain_fetch(arch, library, error)) from error
    else:
        body = build(arch, weights)
    return body, _count_channels(body)


def _build_torchvision(arch: str, weights: str | dict) -> nn.Module:
    source = torchvision.models.get_model_weights(arch).IMAGENET1K_V1
    net = torchvision.models.get_model(arch, weights=source if weights == "imagenet" else None)
    if isinstance(weights, dict):
        _load(net, weights, arch)
    if hasattr(net, "features"):
        return nn.Sequential(*net.features)
    # ResNets and their kin, ShuffleNet, GoogLeNet: everything before the pooling layer.
    layers = dict(net.named_children())
    layers.pop("avgpool", None)
    layers.pop("fc")
    return nn.Sequential(*layers.values())


class TimmBody(nn.Module):
    """A timm network without pooling and classifier, where it is no plain sequence of layers."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return _list_features(self.net, images)


def _list_features(net: Any, images: torch.Tensor) -> torch.Tensor:
    return net.forward_features(images)


def _build_timm(arch: str, weights: str | dict) -> nn.Module:
    net = timm.create_model(arch, pretrained=weights == "imagenet")
    if weights == "bundled":
        weights = read_bundled(arch, list(net.state_dict()))
    if isinstance(weights, dict):
        _load(net, weights, arch)
    getattr(net, "reset_classifier")(0, "")  # noqa: B009
    if not read_architectures()[arch]["has_stages"]:
        return TimmBody(net)
    # The layers are named as in TimmBody, which older runs trained; it also held what some
    # networks have after the pooling.
    return nn.Sequential(OrderedDict(net=_chain_layers(net)))


def _chain_layers(net: nn.Module) -> nn.Sequential:
    """Chain the layers of a timm network up to its pooling."""
    names = [name for name, _ in net.named_children()]
    ends = [names.index(name) for name in ("global_pool", "head") if name in names]
    layers = list(net.named_children())[: min(ends, default=len(names))]
    return nn.Sequential(OrderedDict(layers))


def _is_chain(net: nn.Module) -> bool:
    """Whether a timm network does no more to an image than its layers do one after the other."""
    net.eval()
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        try:
            chained = _chain_layers(net)(images)
        except (TypeError, RuntimeError, NotImplementedError):  # shapes or arguments do not fit
            return False
        features = _list_features(net, images)
    return chained.shape == features.shape and bool(torch.equal(chained, features))


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise BadInput(f"The weights file must exist, got {path}. Check the path.")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path} must be a safetensors file, but is not one ({error}).") from error


def _load(net: nn.Module, state: dict[str, torch.Tensor], arch: str) -> None:
    try:
        net.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise BadInput(
            f"The weights must be of {arch} with its ImageNet classifier, but do not fit: "
            f"{str(error).splitlines()[-1].strip()[:200]} Choose the network they belong to."
        ) from error


def _explain_fetch(arch: str, library: str, error: Exception) -> str:
    if library == "torchvision":
        url = torchvision.models.get_model_weights(arch).IMAGENET1K_V1.url
        place = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]
        fetch = f"Fetch {url} by hand and put it at {place}"
    else:
        cfg = timm.get_pretrained_cfg(arch)
        hub = cfg.hf_hub_id if cfg else arch
        fetch = f"Fetch model.safetensors of {hub} by hand and give its path as the start weights"
    reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return (
        f"The ImageNet weights of {arch} could not be fetched ({reason}). {fetch}; or train from "
        "random weights (start weights none, no frozen epochs), which needs far more epochs."
    )


def split_stages(body: nn.Module, count: int = 1) -> tuple[nn.Sequential, nn.Sequential]:
    """Split a body before its last stages: (front, last `count` stages).

    A stage begins with a layer that makes the map smaller.

    The two share the body's layers, so that training one trains the body. Layers without
    parameters at the end (VGG's last pooling) make no stage of their own.

    Raises:
        BadInput: the body is not a sequence of layers (`config.has_stages` tells).
    """
    layers = _flatten(body)
    if len(layers) < 2:
        raise BadInput("Only a network that is a sequence of layers has a last stage to train.")
    was_training = body.training
    body.eval()
    sides, features = [64], torch.zeros(1, 3, 64, 64)
    with torch.no_grad():
        for layer in layers:
            features = layer(features)
            sides.append(features.shape[-1])
    body.train(was_training)
    starts = [
        place
        for place in range(1, len(layers))
        if sides[place + 1] < sides[place]
        and any(True for layer in layers[place:] for _ in layer.parameters())
    ]
    cut = starts[-count:][0]
    return nn.Sequential(*layers[:cut]), nn.Sequential(*layers[cut:])


def _flatten(module: nn.Module) -> list[nn.Module]:
    """List the layers of nested sequences in the order in which they are applied."""
    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        return [layer for child in module for layer in _flatten(child)]
    return [module]


def _count_channels(body: nn.Module) -> int:
    was_training = body.training
    body.eval()
    with torch.no_grad():
        features = body(torch.zeros(1, 3, 64, 64))
    body.train(was_training)
    return features.shape[1]


_CANDIDATES = {
    "torchvision": (
        "resnet18 resnet34 resnet50 resnet101 wide_resnet50_2 resnext50_32x4d "
        "mobilenet_v2 mobilenet_v3_small mobilenet_v3_large efficientnet_b0 efficientnet_b1 "
        "efficientnet_b2 efficientnet_v2_s convnext_tiny convnext_small densenet121 "
        "regnet_y_400mf regnet_y_1_6gf shufflenet_v2_x1_0 squeezenet1_1 vgg16_bn"
    ),
    "timm": (
        "resnet10t resnet14t resnet26d resnet50d mobilenetv3_small_050 mobilenetv3_large_100 "
        "mobilenetv4_conv_small mobilenetv4_conv_medium efficientnet_lite0 tf_efficientnet_lite0 "
        "tf_efficientnetv2_b0 "
        "convnext_atto convnext_nano convnextv2_atto ghostnet_100 hardcorenas_a lcnet_050 "
        "rexnet_100 fbnetc_100 repvgg_a0 dla34 hrnet_w18_small seresnet50"
    ),
}


def generate() -> dict[str, dict[str, Any]]:
    """Build every candidate and keep those with a feature map that a head can stand on."""
    return {
        name: _describe_network(library, name)
        for library, names in _CANDIDATES.items()
        for name in names.split()
    }


def _describe_network(library: str, name: str) -> dict[str, Any]:
    if library == "torchvision":
        body, has_stages, statistics = _build_torchvision(name, "none"), True, Statistics()
    else:
        net: Any = timm.create_model(name)
        statistics = Statistics(net.default_cfg["mean"], net.default_cfg["std"])
        net.reset_classifier(0, "")
        has_stages = _is_chain(net)
        body = _chain_layers(net) if has_stages else TimmBody(net)
    with torch.no_grad():
        features = body.eval()(torch.zeros(1, 3, 64, 64))
    if features.ndim != 4:
        raise BadInput(f"{name} gives no feature map: {tuple(features.shape)}.")
    count = sum(parameter.numel() for parameter in body.parameters())
    facts = {"library": library, "params_m": round(count / 1e6, 1), "has_stages": has_stages}
    return facts | (statistics._asdict() if statistics != Statistics() else {})


if __name__ == "__main__":
    target = Path(__file__).parents[1] / "config" / "architectures.json"
    target.write_text(json.dumps(generate(), indent=1) + "\n", encoding="utf-8")
