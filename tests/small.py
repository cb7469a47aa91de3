"""A small network that starts at random: what tests train, or pretend to have trained."""

from zapcls.config import build_config

SMALL = {
    "arch": "resnet10t",
    "image_size": 64,
    "batch_size": 32,
    "weights": "none",
    "frozen_epochs": 0,
    "unfrozen_epochs": 8,
    "unfrozen_lr": 4e-3,
}


def small_config(**settings):
    """Build the config of SMALL with some settings replaced."""
    return build_config(**(SMALL | settings))
