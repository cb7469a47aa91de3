"""Named starting points of a training, and the config that is built from one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zapcls.config.kinds import SUGGESTED
from zapcls.config.networks import choose_weights, read_architectures
from zapcls.config.training import SETTINGS, TrainConfig
from zapcls.errors import BadInput

# Where photos are at hand; the drawings have a preset of their own.
DEFAULT_PRESET = "laptop"


def build_config(preset: str = "", **overrides: Any) -> TrainConfig:
    """Build a preset's config with some settings replaced; "" stands for the settings' defaults.

    What a preset sets and the given settings rule out goes back to its default: a network that
    is no sequence has no last stage, and most networks have no bundled weights.

    Raises:
        BadInput: no such preset or setting, or a value outside its range.
    """
    if preset and preset not in PRESETS:
        raise BadInput(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}.")
    unknown = sorted(set(overrides) - set(SETTINGS))
    if unknown:
        raise BadInput(
            f"A training has no setting {unknown[0]!r}. It has {', '.join(sorted(SETTINGS))}."
        )
    defaults = {name: setting.default for name, setting in SETTINGS.items()}
    settings = defaults | (PRESETS[preset].settings if preset else {}) | overrides
    weights = overrides.get("weights", "")
    if weights.endswith(".safetensors"):
        settings["weights"] = str(Path(weights).expanduser().resolve())
    elif not weights:
        settings["weights"] = choose_weights(settings["arch"], settings["weights"])
    for name in set(settings) - set(overrides):
        if settings["arch"] in read_architectures() and SETTINGS[name].find_obstacle(settings):
            settings[name] = defaults[name]
    return TrainConfig(**settings)


@dataclass(frozen=True)
class Preset:
    """A named starting point of the training form."""

    title: str
    description: str
    settings: dict[str, Any]


# What keeps a network from learning a few thousand photos by heart (docs/recipe.md).
_CAREFUL = {"augmentation": "wide", "mixup": 0.4, "averaging": "yes", "answer_views": 2}

PRESETS = {
    "first-try": Preset(
        "First try",
        "The head alone, on what EfficientNet-Lite0 makes of the photos: made for the drawings, "
        "under a minute on two cores.",
        {"image_size": 224, "frozen_epochs": 12, "frozen_lr": 1e-2, "unfrozen_epochs": 0},
    ),
    "laptop": Preset(
        "Laptop",
        "The head, then EfficientNet-Lite0's last stage on mixed photos: real photos in five "
        "minutes on two cores.",
        {
            "frozen_epochs": 4,
            "unfrozen_epochs": 6,
            "unfrozen_part": "last_stage",
            "views": 4,
            **_CAREFUL,
        },
    ),
    "thorough": Preset(
        "Thorough",
        "As Laptop, on larger photos and for longer: ten minutes on two cores.",
        {
            "image_size": 160,
            "frozen_epochs": 4,
            "unfrozen_epochs": 10,
            "unfrozen_part": "last_stage",
            "views": 6,
            **_CAREFUL,
        },
    ),
    "blog-2019": Preset(
        "Blog 2019",
        "As in the blog post: ResNet-50, 224 px, batch 64, one-cycle after unfreezing, a random "
        "split, which leaks products. Made for a GPU.",
        {
            "arch": "resnet50",
            "weights": "imagenet",
            "image_size": 224,
            "batch_size": 64,
            "frozen_epochs": 4,
            "unfrozen_epochs": 4,
            "frozen_lr": SUGGESTED,
            "unfrozen_lr": SUGGESTED,
            "augmentation": "standard",
            "split": "random",
        },
    ),
}
