"""Named starting points of a training, and the config that is built from one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zapcls.config.kinds import SUGGESTED
from zapcls.config.networks import choose_weights
from zapcls.config.training import SETTINGS, TrainConfig
from zapcls.errors import BadInput


def build_config(preset: str = "quick", **overrides: Any) -> TrainConfig:
    """Build a preset's config with some settings replaced; unknown names are refused.

    Raises:
        BadInput: no such preset or setting, or a value outside its range.
    """
    if preset not in PRESETS:
        raise BadInput(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}.")
    unknown = sorted(set(overrides) - set(SETTINGS))
    if unknown:
        raise BadInput(
            f"A training has no setting {unknown[0]!r}. It has {', '.join(sorted(SETTINGS))}."
        )
    settings = PRESETS[preset].settings | overrides
    weights = overrides.get("weights")
    if weights and weights.endswith(".safetensors"):
        settings["weights"] = str(Path(weights).expanduser().resolve())
    elif not weights and "arch" in settings:
        fitting = settings.get("weights", SETTINGS["weights"].default)
        settings["weights"] = choose_weights(settings["arch"], fitting)
    return TrainConfig(**settings)


@dataclass(frozen=True)
class Preset:
    """A named starting point of the training form."""

    title: str
    description: str
    settings: dict[str, Any]


PRESETS = {
    "first-try": Preset(
        "First try",
        "A small network without ImageNet weights, made for the drawings: about a minute on "
        "two cores.",
        {
            "arch": "resnet10t",
            "image_size": 64,
            "batch_size": 32,
            "frozen_epochs": 0,
            "unfrozen_epochs": 8,
            "unfrozen_lr": 4e-3,
            "weights": "none",
            "augmentation": "flip",
        },
    ),
    "quick": Preset(
        "Quick look",
        "MobileNetV2 with ImageNet weights at 128 px: real photos in minutes on two cores.",
        {},
    ),
    "laptop": Preset(
        "Laptop",
        "The head, then MobileNetV2's last stage, on what the rest of it gave once: two or three "
        "minutes on two cores.",
        {"frozen_epochs": 4, "unfrozen_part": "last_stage"},
    ),
    "blog-2019": Preset(
        "Blog 2019",
        "As in the blog post: ResNet-50, 224 px, batch 64, one-cycle after unfreezing. "
        "Made for a GPU.",
        {
            "arch": "resnet50",
            "image_size": 224,
            "batch_size": 64,
            "frozen_epochs": 4,
            "unfrozen_epochs": 4,
            "frozen_lr": SUGGESTED,
            "unfrozen_lr": SUGGESTED,
            "augmentation": "standard",
        },
    ),
}
