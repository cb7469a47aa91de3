"""Builds the fastai Learner of a training: network, loss, optimiser groups, precision."""

from pathlib import Path

import torch
import torch.nn.functional as F
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.fp16 import AMPMode, MixedPrecision
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.metrics import error_rate
from fastai.torch_core import apply_init
from fastai.vision.learner import add_head
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from zapcls.config import TrainConfig
from zapcls.errors import BadInput, ZapError
from zapcls.heap import keep_freed_memory
from zapcls.model.architectures import build_body
from zapcls.model.steadier import MixPhotos
from zapcls.model.targets import MeanErrorRate, over_targets


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
            "Set the device to auto."
        )
    if wanted == "cpu":
        keep_freed_memory()
    elif wanted == "cuda":
        torch.backends.cudnn.benchmark = True  # all batches of a training have one shape
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
    """Choose the number format: `auto` takes what the device multiplies fastest.

    That is bf16 or fp16 on a GPU. On a CPU it is bf16 where its matrix unit has it (AMX); without
    one bf16 is slower than fp32.

    Raises:
        BadInput: fp16 was asked for on a CPU, which cannot scale its losses.
    """
    if device.type == "cpu" and wanted == "fp16":
        raise BadInput(
            "precision must be fp32, bf16 or auto on a CPU, got 'fp16'. Set the precision to auto."
        )
    if wanted != "auto":
        return wanted
    if device.type == "cpu":
        return "bf16" if has_matrix_unit() else "fp32"
    if device.type != "cuda":
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


def has_matrix_unit() -> bool:
    """Whether this CPU multiplies bf16 matrices by itself (`amx_bf16`, told by Linux only)."""
    facts = Path("/proc/cpuinfo")
    return facts.is_file() and "amx_bf16" in facts.read_text(encoding="utf-8")


def build_network(arch: str, weights: str, n_classes: int, head: str = "hidden") -> nn.Sequential:
    """Build body and head: `network[0]` gives the feature map, `network[1]` is fastai's head.

    A "linear" head is the same without its hidden layer.

    Raises:
        BadInput: the weights cannot be had (see `build_body`).
    """
    body, channels = build_body(arch, weights)
    return add_head(body, channels, n_classes, lin_ftrs=[] if head == "linear" else None)


def load_network(facts: dict, weights_path: Path) -> nn.Sequential:
    """Rebuild a run's network from `model.json` and its weights.

    Raises:
        ZapError: the weights are damaged, or of another network.
    """
    head = facts.get("head", "hidden")  # older runs had no other
    every = facts.get("targets", {"": facts["classes"]}).values()
    network = build_network(facts["arch"], "none", sum(map(len, every)), head)
    own = network.state_dict()
    try:
        state = load_file(weights_path)
        # Older runs also kept timm's layers after the pooling, which nothing used.
        network.load_state_dict({
            name: value for name, value in state.items()
            if name in own or not name.startswith("0.net.")
        })  # fmt: skip
    except (SafetensorError, OSError, RuntimeError) as error:
        raise ZapError(
            f"{weights_path} must hold the weights of {facts['arch']}, but is damaged or of "
            "another network. Train again."
        ) from error
    return network.eval()


def initialize(head: nn.Module) -> None:
    """Start a head anew, as `build_network` does."""
    for layer in head.modules():
        reset = getattr(layer, "reset_parameters", None)
        if reset is not None:
            reset()
    apply_init(head, nn.init.kaiming_normal_)


def split_parameters(parts: list[nn.Module]) -> list[list[nn.Parameter]]:
    """Split parts of a network into groups for discriminative rates.

    A body, or a part of one, makes two groups, early and late; the last part, the head, makes one.
    """
    *bodies, head = parts
    groups = []
    for body in bodies:
        parameters = list(body.parameters())
        middle = len(parameters) // 2
        groups += [parameters[:middle], parameters[middle:]]
    return [*groups, list(head.parameters())]


class Autocast(MixedPrecision):
    """fastai's mixed precision, on the device at hand instead of always on CUDA."""

    def before_fit(self) -> None:
        super().before_fit()
        dtype = torch.bfloat16 if self.amp_mode == AMPMode.BF16 else torch.float16
        self.autocast = torch.autocast(self.dls.device.type, dtype=dtype)


def cross_entropy(
    logits: torch.Tensor, codes: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """The mean cross-entropy of a batch, times the photos' weights where it has some.

    It is divided by the number of photos, not by the sum of their weights: those have a mean of 1
    over all batches, and a batch of rare photos counts for more.
    """
    if weights is None:
        return F.cross_entropy(logits, codes)
    return (F.cross_entropy(logits, codes, reduction="none") * weights).mean()


def build_learner(
    config: TrainConfig,
    model: nn.Module,
    parts: list[nn.Module],
    dls: DataLoaders,
    folder: Path,
    sizes: tuple[int, ...],
) -> Learner:
    """Build the Learner that trains `model`, whose layers are those of `parts`, in that order.

    `sizes` are the numbers of classes of its targets.
    """
    is_one = len(sizes) == 1
    learner = Learner(
        dls,
        model.to(dls.device),
        loss_func=cross_entropy if is_one else over_targets(cross_entropy, sizes),
        metrics=error_rate if is_one else MeanErrorRate(sizes),
        splitter=lambda _: split_parameters(parts),
        path=folder,
        model_dir=".",
        # Without this the frozen body's BatchNorm weights would still be trained, and every
        # frozen step would pay for a backward pass through the whole network.
        train_bn=False,
    )
    learner.add_cb(ChannelsLast())
    if config.mixup:
        learner.add_cb(MixPhotos(config.mixup))
    precision = choose_precision(config.precision, dls.device)
    if precision != "fp32":
        learner.add_cb(Autocast(amp_mode=AMPMode(precision)))
    return learner
