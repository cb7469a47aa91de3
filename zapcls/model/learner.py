"""Builds the fastai Learner of a training: network, loss, optimiser groups, precision."""

from pathlib import Path

import torch
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.fp16 import AMPMode, MixedPrecision
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.metrics import error_rate
from fastai.torch_core import set_seed
from fastai.vision.learner import add_head
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from zapcls.config import TrainConfig
from zapcls.errors import BadInput, ZapError
from zapcls.model.allocator import keep_freed_memory
from zapcls.model.architectures import build_body


def choose_device(wanted: str) -> torch.device:
    """Choose where to work, and set the process up for it: `auto` takes cuda, else mps, else cpu.

    Raises:
        BadInput: this machine has no such device.
    """
    present = list_devices()
    if wanted == "auto":
        wanted = next(name for name in ("cuda", "mps", "cpu") if name in present)
    if wanted not in present:
        raise BadInput(
            f"device must be on this machine, which has {', '.join(present)}; got {wanted!r}. "
            "Use --device auto."
        )
    if wanted == "cpu":
        keep_freed_memory()
    return torch.device(wanted)


def list_devices() -> dict[str, str]:
    """List the devices of this machine: name -> description."""
    devices = {"cpu": f"CPU, {torch.get_num_threads()} threads"}
    if torch.cuda.is_available():
        devices["cuda"] = torch.cuda.get_device_name()
    if torch.backends.mps.is_available():
        devices["mps"] = "Apple GPU"
    return devices


def choose_precision(wanted: str, device: torch.device) -> str:
    """Choose the number format: `auto` takes bf16 or fp16 on a GPU that has it, else fp32."""
    if wanted != "auto":
        return wanted
    if device.type != "cuda":
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


def build_network(arch: str, weights: str, n_classes: int) -> nn.Sequential:
    """Build body and head: `network[0]` gives the feature map, `network[1]` is fastai's head.

    Raises:
        BadInput: the weights cannot be had (see `build_body`).
    """
    body, channels = build_body(arch, weights)
    return add_head(body, channels, n_classes)


def load_network(facts: dict, weights_path: Path) -> nn.Sequential:
    """Rebuild a run's network from `model.json` and its weights.

    Raises:
        ZapError: the weights are damaged, or of another network.
    """
    network = build_network(facts["arch"], "none", len(facts["classes"]))
    try:
        network.load_state_dict(load_file(weights_path))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise ZapError(
            f"{weights_path} must hold the weights of {facts['arch']}, but is damaged or of "
            "another network. Train again."
        ) from error
    return network.eval()


def split_parameters(network: nn.Sequential) -> list[list[nn.Parameter]]:
    """Split into three groups for discriminative rates: early body, late body, head."""
    body, head = network
    parameters = list(body.parameters())
    middle = len(parameters) // 2
    return [parameters[:middle], parameters[middle:], list(head.parameters())]


def build_learner(config: TrainConfig, dls: DataLoaders, folder: Path) -> Learner:
    """Build the Learner; the head's start and the order of the batches follow the seed."""
    set_seed(config.seed, reproducible=False)
    network = build_network(config.arch, config.weights, len(config.classes))
    learner = Learner(
        dls,
        network.to(dls.device),
        loss_func=CrossEntropyLossFlat(),
        metrics=error_rate,
        splitter=split_parameters,
        path=folder,
        model_dir=".",
        # Without this the frozen body's BatchNorm weights would still be trained, and every
        # frozen step would pay for a backward pass through the whole network.
        train_bn=False,
    )
    learner.add_cb(ChannelsLast())
    precision = choose_precision(config.precision, dls.device)
    if precision != "fp32":
        learner.add_cb(MixedPrecision(amp_mode=AMPMode(precision)))
    return learner
