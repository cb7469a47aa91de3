"""The remedies against color bias: how each trains a head on a run's frozen body."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zapcls.config import SETTINGS, SUGGESTED, TrainConfig
from zapcls.errors import BadInput

BASE = "plain"  # what the others are compared with
SEEDS = 5  # trainings of each remedy: the means of three differ too much to decide anything
MOST_SEEDS = 10
_LEAST_EPOCHS, _LEAST_VIEWS = 4, 4
_DEFAULT_LR = 3e-3


@dataclass(frozen=True)
class Remedy:
    """One way to train the head; `settings` are those of `TrainConfig` that it sets."""

    title: str
    help: str
    settings: dict[str, Any] = field(default_factory=dict)


REMEDIES = {
    BASE: Remedy("Plain", "The run's own recipe for the head, the colors as they are."),
    "hue-jitter": Remedy(
        "Hue jitter",
        "All hues of a training photo are turned at random, anywhere on the color circle.",
        {"hue_jitter": 0.5},
    ),
    "gray": Remedy(
        "Half in gray", "Every other training photo is shown in gray.", {"grayscale_share": 0.5}
    ),
    "recolored": Remedy(
        "Half recolored",
        "Every other training photo shows its shoe in another color, drawn at random.",
        {"recolor_share": 0.5},
    ),
    "balanced": Remedy(
        "Balanced weights",
        "Photos are weighted so that color and label are independent; both keep their shares "
        "(Kamiran and Calders 2012).",
        {"color_weights": "balanced"},
    ),
    "last-layer": Remedy(
        "Balanced last layer",
        "The last layer is fitted again on photos drawn evenly from colors and labels "
        "(Kirichenko and others 2022).",
        {"last_layer": "balanced"},
    ),
    "recolored-balanced": Remedy(
        "Recolored + balanced",
        "Half recolored and balanced weights together.",
        {"recolor_share": 0.5, "color_weights": "balanced"},
    ),
}
_COLOR_SETTINGS = {name for remedy in REMEDIES.values() for name in remedy.settings}


def find_obstacle(config: TrainConfig) -> str:
    """Find what keeps remedies from being tried on a run, as a sentence; "" where nothing does."""
    if config.weights == "none":
        return (
            "Remedies are tried on a frozen network, which must start from trained weights, but "
            "this run's started at random: what such a network makes of a photo says nothing. "
            "Choose a run with trained weights."
        )
    return ""


def choose_remedies(names: Sequence[str]) -> list[str]:
    """Return the remedies that are tried, in the order of REMEDIES, the base line among them.

    Raises:
        BadInput: one is unknown, or there is none beside the base line.
    """
    unknown = [name for name in names if name not in REMEDIES]
    others = [name for name in REMEDIES if name in names and name != BASE]
    if unknown or not others:
        known = ", ".join(name for name in REMEDIES if name != BASE)
        raise BadInput(
            f"The remedies to try must be one or more of {known}; got "
            f"{', '.join(map(repr, unknown or names)) or 'none'}. Name some of these."
        )
    return [BASE, *others]


def check_seeds(seeds: int) -> int:
    """Check how often each remedy is to be trained.

    Raises:
        BadInput: not 2..MOST_SEEDS.
    """
    if not 2 <= seeds <= MOST_SEEDS:
        raise BadInput(
            f"The trainings of each remedy must be 2..{MOST_SEEDS}, because one training does not "
            f"show what chance alone changes; got {seeds}. The default is {SEEDS}."
        )
    return seeds


def configure(config: TrainConfig, name: str, seed: int, found_lr: float | None) -> TrainConfig:
    """Build the training of a remedy: the run's settings, the head alone on kept features.

    The run's own remedies are taken out, so that the base line has none. `seed` is counted
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
    return dataclasses.replace(config, **(settings | REMEDIES[name].settings))
