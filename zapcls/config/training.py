"""The table of settings: a field of `TrainConfig` is a row, with all that is known of a setting.

To add a setting, add its row here and use it where it does something. The rules that hold between
settings stand below the table.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zapcls.config.kinds import (
    Kind,
    choice,
    columns,
    file,
    listed,
    name_columns,
    names,
    number,
    rate,
    read_names,
    share,
    whole,
)
from zapcls.config.networks import (
    BUNDLED,
    Statistics,
    choose_weights,
    has_stages,
    read_architectures,
    read_statistics,
)
from zapcls.config.rows import Curve, Need, list_settings, row
from zapcls.errors import BadInput

PHASES = ("frozen", "unfrozen")
DEVICES = ("auto", "cpu", "cuda", "mps")
DEFAULT_TARGET = "gender"
DEFAULT_CLASSES = ("Women", "Men")
PARTS = {"all": "whole network", "last_stage": "last stage", "last_two_stages": "last two stages"}
HEADS = {"hidden": "hidden layer of 512", "linear": "linear"}
# How many stages each part but the whole network has.
STAGES = {"last_stage": 1, "last_two_stages": 2}
_ONE_TARGET = Need(
    lambda settings: len(read_names(settings["target"])) == 1,
    "it is about one target, but target is {target}",
)
_NO_LABELS = Need(
    lambda settings: settings["cells"] == "drop",
    "it is about the classes of a column, but cells is {cells}: each label is learned by itself",
)
_RATE_HELP = "a number such as 0.002, or 'suggested': the finder runs first and its valley is used"


def choose_classes(target: str, classes: Sequence[str] = ()) -> tuple[str, ...]:
    """Choose a training's classes: those named, else women's and men's shoes, else () for all."""
    return tuple(classes) or (DEFAULT_CLASSES if target == DEFAULT_TARGET else ())


def _say_weights(kind: str) -> Callable[[str], str]:
    return {"none": f"equal {kind} weights", "balanced": f"balanced {kind} weights"}.__getitem__


def _same(words: Sequence[str], field: str = "choice") -> Kind:
    return choice({word: word for word in words}, field)


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training. The presets name what differs from these defaults.

    `frozen_lr` and `unfrozen_lr` are each a number, or "suggested": fastai's valley of a
    learning-rate finder run just before that phase. One finder run is noisy (its valley for the
    default network lay between 3e-4 and 4e-3 over seeds), so the default is a number.

    `classes` are in order; () stands for all classes of the column that have enough products.

    Raises:
        BadInput: a setting is outside its range; the sentence names all three of rule,
            value and next step.
    """

    # fmt: off
    target: str = row(DEFAULT_TARGET, columns("gender,category"), "Predict", "Data",
        "the column to predict; several share one network and are trained together",
        line=lambda target: f"predicts {name_columns(target)}", is_quiet=True,
        curve=Curve("for", name_columns))
    classes: tuple[str, ...] = row((), names("--classes Women,Men"), "Classes", "",
        "the classes kept, in order; none: Women,Men for gender, else all with enough products",
        needs=(_ONE_TARGET,), curve=Curve("on", "{}"))
    rare: str = row("drop",
        choice({"drop": "leave them out", "other": "join them as “other”"}),
        "Rare classes", "Advanced",
        "what happens to classes with too few products, where no classes are named",
        needs=(_NO_LABELS,),
        line="rare classes joined as “other”", is_quiet=True,
        curve=Curve("with", {
            "drop": "rare classes left out", "other": "rare classes joined",
        }.__getitem__))
    cells: str = row("drop",
        choice({"drop": "leave them out", "labels": "learn each value as a label"}),
        "Cells with several values", "Advanced",
        "what happens to photos whose cell names several values, separated by ; with labels, each "
        "value is its own target, which a photo has or does not have",
        line="each value a label", is_quiet=True,
        curve=Curve("with", lambda way: "one value per cell" if way == "drop" else "labels"))
    arch: str = row("tf_efficientnet_lite0",
        listed(
            lambda: {x: f"{x} · {net['params_m']} M" for x, net in read_architectures().items()},
            "a network", "`python -m zapcls devices --json`"),
        "Network (parameters)", "Network", "a torchvision or timm network",
        line="{}", curve=Curve("with"))
    image_size: int = row(128, whole(32, 512, "px", step=32), "Image size (px)", "Network",
        "side of a photo as the network sees it", line="{}", curve=Curve("at"))
    batch_size: int = row(64, whole(2, 4096), "Batch size (images)", "Data", "images per step",
        line="batch {}", curve=Curve("with", "batches of {}"))
    weights: str = row("bundled",
        file({
            "bundled": "ImageNet, installed", "imagenet": "ImageNet, downloaded",
            "none": "none (random start)", ".safetensors": "a .safetensors file",
        }, ".safetensors"),
        "Start weights", "Network",
        "'bundled': ImageNet weights that are installed, for the default network; 'imagenet': "
        "downloaded on first use; 'none'; or a .safetensors file",
        line=lambda name: {
            "bundled": "ImageNet weights", "imagenet": "ImageNet weights", "none": "random weights",
        }.get(name, "weights from a file"),
        curve=Curve("from", lambda name: str({
            "bundled": "ImageNet weights", "imagenet": "ImageNet weights", "none": "a random start",
        }.get(name, name))))
    unfrozen_part: str = row("all", choice(PARTS), "Part to unfreeze", "Network",
        "what is unfrozen: the whole network, or its last stages, which train many times faster "
        "because their input is computed once",
        needs=(
            Need(lambda settings: has_stages(settings["arch"]),
                 "only a network that is a plain sequence can be cut, but arch is {arch}"),
            Need(lambda settings: settings["weights"] != "none",
                 "weights is 'none', and what lies before the last stages would stay random"),
        ),
        line=PARTS.__getitem__, is_quiet=True,
        curve=Curve("for", lambda part: f"the {PARTS[part]}", lambda _, phase: phase != "frozen"))
    head: str = row("hidden", choice(HEADS), "Head", "Network",
        "the layers that answer from the pooled features; a network with a linear head can be "
        "exported to timm",
        line=lambda head: f"{head} head", is_quiet=True,
        curve=Curve("with", lambda head: f"a {head} head"))
    frozen_epochs: int = row(1, whole(0, 1000), "Epochs, head only", "Schedule",
        "epochs that train the head only")
    frozen_lr: float | str = row(3e-3, rate(), "Learning rate, head only", "Schedule", _RATE_HELP)
    unfrozen_epochs: int = row(4, whole(0, 1000), "Epochs, {unfrozen_part}", "Schedule",
        "epochs after unfreezing")
    unfrozen_lr: float | str = row(3e-3, rate(), "Learning rate, {unfrozen_part}", "Schedule",
        _RATE_HELP)
    views: int = row(2, whole(0, 16), "Views of each photo", "Advanced",
        "views of each photo shown to the frozen network, computed once; at 0 it runs again each "
        "epoch",
        # A curve of the whole network saw the photos, not what a frozen body made of them.
        curve=Curve("with", "{} views of each photo", lambda taken, phase: (
            phase == "frozen" or taken["unfrozen_part"] != "all"
        )))
    start_size: int = row(0, whole(0, 512, "px", step=32), "First image size (px)", "Advanced",
        "progressive resizing: the whole network starts on images of this size and grows them to "
        "the image size; 0 turns it off")
    split: str = row("product",
        choice({"product": "product (no leak)", "random": "image, as in the blog"}),
        "Split by", "Data", "what is kept together in train, tune or valid",
        line="{} split", curve=Curve("on", "the {} split"))
    answer_views: int = row(1, whole(1, 2), "Views at prediction", "Advanced",
        "2: averages the answers to a photo and its mirror image; takes twice as long",
        line="{} views at prediction", is_quiet=True)
    class_weights: str = row("none",
        choice({"none": "each photo the same", "balanced": "each class the same"}),
        "Class weights", "Data",
        "balanced: a photo counts for more where its class is rarer, so that all classes weigh the "
        "same; the rarer ones are then called more often",
        needs=(_ONE_TARGET, _NO_LABELS),
        line="balanced class weights", is_quiet=True,
        curve=Curve("with", _say_weights("class")))
    augmentation: str = row("flip",
        choice({"none": "none", "flip": "flip", "standard": "flip, turn, zoom, light",
                "wide": "also from other distances and sides, on gray"}),
        "Random changes", "Data", "random changes of each training photo",
        curve=Curve("with", {
            "none": "no random changes", "flip": "random flips",
            "standard": "random flips, turns, zoom and light", "wide": "wide random changes",
        }.__getitem__))
    mixup: float = row(0.0, number(2), "Mixup (strength)", "Advanced",
        "train on mixed pairs of photos: 0.4 mixes mildly, 1 evenly (Zhang and others 2018)",
        line="mixup {}", is_quiet=True, curve=Curve("with", "mixup {}"))
    averaging: str = row("no", _same(("no", "yes")), "Averaged weights", "Advanced",
        "measure and keep a running mean of the weights, over about fifty steps, in the last phase",
        line="averaged weights", is_quiet=True)
    seed: int = row(0, whole(0, 2**32 - 1), "Seed", "Data",
        "for the split, the head and the batches", line="seed {}")
    device: str = row("auto", _same(DEVICES, "device"), "Device", "Advanced", "where to train")
    precision: str = row("auto", _same(("auto", "fp32", "fp16", "bf16")), "Precision", "Advanced",
        "number format while training")
    compile: str = row("no", _same(("no", "yes")), "Compile the network", "Advanced",
        "compile the whole network with torch.compile; worth it for long GPU trainings")
    hue_jitter: float = row(0.0, share(0.5), "Hue jitter (of the color circle)",
        "Reduce color bias",
        "largest random turn of a photo's hues: at 0.5 red may become any color",
        line="hues turned by up to {} of the circle", is_quiet=True, curve=Curve("with"))
    grayscale_share: float = row(0.0, share(), "Shown in gray (share)", "Reduce color bias",
        "share of the training photos shown without color",
        line="{} of the photos in gray", is_quiet=True, curve=Curve("with"))
    recolor_share: float = row(0.0, share(), "Recolored (share)", "Reduce color bias",
        "share of the training photos whose object is shown in another color, drawn at random",
        line="{} of the photos recolored", is_quiet=True, curve=Curve("with"))
    color_weights: str = row("none",
        choice({"none": "each photo the same", "balanced": "color and label independent"}),
        "Color weights", "Reduce color bias",
        "balanced: a photo counts for more where its color is rarer within its label than overall, "
        "so that color and label become independent; both keep their shares",
        needs=(_ONE_TARGET, _NO_LABELS),
        line="balanced color weights", is_quiet=True,
        curve=Curve("with", _say_weights("color")))
    last_layer: str = row("trained",
        choice({"trained": "as it was trained", "balanced": "fitted again on even colors"}),
        "Last layer", "Reduce color bias",
        "balanced: the last layer is fitted again on photos drawn evenly from each color of each "
        "label (Kirichenko and others 2022)",
        needs=(_ONE_TARGET, _NO_LABELS),
        line="balanced last layer", is_quiet=True)
    # fmt: on

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns to predict, in order."""
        return read_names(self.target)

    def about(self, target: str) -> "TrainConfig":
        """Return the same settings for one of the columns alone, and of it for one label."""
        classes = self.classes if target == self.target else ()
        return dataclasses.replace(self, target=target, classes=classes, cells="drop")

    @property
    def statistics(self) -> Statistics:
        """The mean and deviation that the network's pixels are set to."""
        return read_statistics(self.arch)

    @property
    def needs_colors(self) -> bool:
        """Whether a training has to know the color of each photo."""
        return "balanced" in (self.color_weights, self.last_layer)

    def __post_init__(self) -> None:
        given = [self.classes] if isinstance(self.classes, str) else self.classes
        object.__setattr__(self, "classes", choose_classes(self.target, given))
        settings = {name: getattr(self, name) for name in SETTINGS}
        for setting in SETTINGS.values():
            setting.check(settings)
        self._check_together()

    def _check_together(self) -> None:
        """Check the rules that hold between settings."""
        if self.frozen_epochs + self.unfrozen_epochs == 0:
            raise BadInput(
                "frozen_epochs + unfrozen_epochs must be 1 or more, got 0. Ask for an epoch."
            )
        if self.weights == "none" and self.frozen_epochs:
            raise BadInput(
                "frozen_epochs must be 0 when weights is 'none', because a frozen random network "
                f"learns nothing; got {self.frozen_epochs}. Set frozen_epochs to 0."
            )
        if self.weights != choose_weights(self.arch, self.weights):
            raise BadInput(
                f"weights 'bundled' are those of {', '.join(BUNDLED)}, but arch is {self.arch}. "
                "Choose weights 'imagenet' or a .safetensors file."
            )
        if self.start_size and not 32 <= self.start_size <= self.image_size:
            raise BadInput(
                f"start_size must be 0 or 32..{self.image_size} px (image_size), "
                f"got {self.start_size}."
            )
        if self.grayscale_share + self.recolor_share > 1 + 1e-9:
            raise BadInput(
                "grayscale_share + recolor_share must be at most 1, because a photo is shown gray "
                f"or recolored, got {self.grayscale_share + self.recolor_share:g}. Lower one."
            )

    def check_phase(self, phase: str) -> None:
        """Check that a phase can be searched for its rate.

        Raises:
            BadInput: a frozen random network learns nothing, whatever the rate.
        """
        if phase == "frozen" and self.weights == "none":
            raise BadInput(
                "The frozen phase has a rate to find when the network is pretrained, but weights "
                "is 'none': a frozen random network learns nothing. Ask for the unfrozen phase."
            )

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self) | {"classes": list(self.classes)}


SETTINGS = list_settings(TrainConfig)
