"""The training options that may lessen color bias, as a trade tries them on a run's frozen body."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zapcls.config import SETTINGS, SUGGESTED, TrainConfig
from zapcls.errors import BadInput

BASE = "plain"  # what the others are compared with
SEEDS = 5  # trainings of each option: the means of three differ too much to decide anything
MOST_SEEDS = 10
_LEAST_EPOCHS, _LEAST_VIEWS = 4, 4
_DEFAULT_LR = 3e-3


@dataclass(frozen=True)
class Option:
    """One way to train the head; `settings` are those of `TrainConfig` that it sets."""

    title: str
    help: str
    settings: dict[str, Any] = field(default_factory=dict)


OPTIONS = {
    BASE: Option("Plain", "The run's own recipe for the head, the colors as they are."),
    "hue-jitter": Option(
        "Hue jitter",
        "All hues of a training photo are turned at random, anywhere on the color circle.",
        {"hue_jitter": 0.5},
    ),
    "gray": Option(
        "Half in gray", "Every other training photo is shown in gray.", {"grayscale_share": 0.5}
    ),
    "recolored": Option(
        "Half recolored",
        "Every other training photo shows its shoe in another color, drawn at random.",
        {"recolor_share": 0.5},
    ),
    "balanced": Option(
        "Balanced weights",
        "Photos weigh so that color and label are independent; both keep their shares (Kamiran and "
        "Calders 2012).",
        {"color_weights": "balanced"},
    ),
    "last-layer": Option(
        "Balanced last layer",
        "The last layer is fitted again on photos drawn evenly from colors and labels "
        "(Kirichenko and others 2022).",
        {"last_layer": "balanced"},
    ),
    "recolored-balanced": Option(
        "Recolored + balanced",
        "Half recolored and balanced weights together.",
        {"recolor_share": 0.5, "color_weights": "balanced"},
    ),
}
_COLOR_SETTINGS = {name for option in OPTIONS.values() for name in option.settings}


def find_obstacle(config: TrainConfig) -> str:
    """Find what keeps a run's options from being traded, as a sentence; "" where nothing does."""
    if config.weights == "none":
        return (
            "A trade trains heads on a frozen network, which must start from trained weights, but "
            "this run's started at random: what such a network makes of a photo says nothing. "
            "Choose a run with weights 'imagenet' or a file."
        )
    return ""


def choose_options(names: Sequence[str]) -> list[str]:
    """Return the options that a trade trains, in the order of OPTIONS, the base line among them.

    Raises:
        BadInput: one is unknown, or there is none beside the base line.
    """
    unknown = [name for name in names if name not in OPTIONS]
    others = [name for name in OPTIONS if name in names and name != BASE]
    if unknown or not others:
        known = ", ".join(name for name in OPTIONS if name != BASE)
        raise BadInput(
            f"The options of a trade must be one or more of {known}; got "
            f"{', '.join(map(repr, unknown or names)) or 'none'}. Name some of these."
        )
    return [BASE, *others]


def check_seeds(seeds: int) -> int:
    """Check how often each option is to be trained.

    Raises:
        BadInput: not 2..MOST_SEEDS.
    """
    if not 2 <= seeds <= MOST_SEEDS:
        raise BadInput(
            f"The seeds of a trade must be 2..{MOST_SEEDS}, because one training does not tell "
            f"what chance alone changes; got {seeds}. The default is {SEEDS}."
        )
    return seeds


def configure(config: TrainConfig, name: str, seed: int, found_lr: float | None) -> TrainConfig:
    """Build the training of an option: the run's settings, the head alone on kept features.

    The run's own color options are taken out, so that the base line has none. `seed` is counted
    from the run's own; `found_lr` is the rate that its finder suggested for the head, if it ran.
    """
    suggested = found_lr or _DEFAULT_LR
    settings: dict[str, Any] = {name: SETTINGS[name].default for name in _COLOR_SETTINGS} | {
        "frozen_epochs": max(config.frozen_epochs, _LEAST_EPOCHS),
        "unfrozen_epochs": 0,
        "frozen_lr": suggested if config.frozen_lr == SUGGESTED else config.frozen_lr,
        "views": max(config.views, _LEAST_VIEWS),
        "seed": (config.seed + seed) % 2**32,
        "device": "auto",
    }
    return dataclasses.replace(config, **(settings | OPTIONS[name].settings))
