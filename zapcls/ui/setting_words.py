"""The settings of a training in words: titles, one line, and where two of them differ."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from zapcls import config
from zapcls.config import TrainConfig

SPLITS = {"product": "product (no leak)", "random": "image, as the blog"}
WEIGHTS = {"imagenet": "ImageNet", "none": "none (random start)", "file": "a .safetensors file"}
CHANGES = {"none": "none", "flip": "flip", "standard": "flip, turn, zoom, light"}
PARTS = {"all": "whole network", "last_stage": "last stage"}

COLOR_WEIGHTS = {"none": "each photo the same", "balanced": "each color of each label the same"}
LAST_LAYERS = {"trained": "as it was trained", "balanced": "fitted again on even colors"}


def name_part(settings: dict[str, Any], phase: str) -> str:
    """Name what a phase trains: the head, the whole network or its last stage."""
    return "head only" if phase == "frozen" else PARTS[settings["unfrozen_part"]]


def name_phase(settings: dict[str, Any], phase: str) -> str:
    """Name a phase by what it trains."""
    return f"{name_part(settings, phase)} ({phase})"


def can_train_last_stage(settings: dict[str, Any]) -> bool:
    """Whether the network can be cut before its last stage, and what is cut off is not random."""
    return config.has_stages(settings["arch"]) and settings["weights"] != "none"


def describe(settings: dict[str, Any]) -> str:
    """The settings in one line."""
    weights = {"imagenet": "ImageNet weights", "none": "random weights"}
    words = [
        settings["arch"],
        f"{settings['image_size']} px",
        f"batch {settings['batch_size']}",
        weights.get(settings["weights"], "weights from a file"),
        "last stage" if settings["unfrozen_part"] == "last_stage" else "",
        f"{settings['split']} split",
        f"seed {settings['seed']}",
        *describe_color(settings),
    ]
    return " · ".join(filter(None, words))


_SHARES: dict[str, Callable[[float], str]] = {
    "hue_jitter": lambda turn: f"hues turned by up to {100 * turn:g} % of the circle",
    "grayscale_share": lambda share: f"{100 * share:g} % of the photos in gray",
    "recolor_share": lambda share: f"{100 * share:g} % of the photos recolored",
}


def describe_color(settings: dict[str, Any]) -> list[str]:
    """What a training does against the color, a clause each; none where it does nothing."""
    clauses = [say(settings[name]) for name, say in _SHARES.items() if settings[name]]
    balanced = {"color_weights": "balanced color weights", "last_layer": "balanced last layer"}
    return clauses + [said for name, said in balanced.items() if settings[name] == "balanced"]


_START = {"imagenet": "ImageNet weights", "none": "a random start"}
_RANDOM = {
    "none": "no random changes",
    "flip": "random flips",
    "standard": "random flips, turns, zoom and light",
}
_WEIGHTING = {"none": "equal", "balanced": "balanced"}
# How each setting that a learning-rate curve depends on is said: "taken <word> …".
_CURVE_WORDS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "arch": ("with", str),
    "image_size": ("at", lambda px: f"{px} px"),
    "batch_size": ("with", lambda size: f"batches of {size}"),
    "weights": ("from", lambda name: _START.get(name, name)),
    "augmentation": ("with", _RANDOM.__getitem__),
    "views": ("with", lambda count: f"{count} views of each photo"),
    "unfrozen_part": ("for", lambda part: f"the {PARTS[part]}"),
    "target": ("for", str),
    "classes": ("on", " and ".join),
    "split": ("on", lambda mode: f"the {mode} split"),
    **{name: ("with", say) for name, say in _SHARES.items()},
    "color_weights": ("with", lambda weights: f"{_WEIGHTING[weights]} color weights"),
}


def find_differences(taken: dict[str, Any], chosen: dict[str, Any], phase: str) -> list[str]:
    """Find where a phase's curve was taken under other settings than the form's.

    Returns:
        A clause each: "taken at 128 px, the form says 224 px". Each names a setting that the
        curve depends on; the seed is none of them, as it is taken over seeds.
    """
    taken = TrainConfig().to_json() | taken
    names = set(_CURVE_WORDS)
    if phase == "frozen":
        names.remove("unfrozen_part")
    elif taken["unfrozen_part"] == "all":  # it saw the photos, not what a frozen body made of them
        names.remove("views")
    clauses = []
    for name, (word, say) in _CURVE_WORDS.items():
        before, now = taken[name], chosen[name]
        if name in names and before != now:
            if name == "weights" and Path(before).name != Path(now).name:
                before, now = Path(before).name, Path(now).name
            clauses.append(f"taken {word} {say(before)}, the form says {say(now)}")
    return clauses
