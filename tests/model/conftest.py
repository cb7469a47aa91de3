"""Torch and fastai, loaded once and only by the tests that need them."""

import warnings
from contextlib import nullcontext

import numpy as np
import pytest


@pytest.fixture(scope="session", autouse=True)
def torch():
    """Import torch with all that stands on it; their own deprecations are not ours to mend."""
    with warnings.catch_warnings(action="ignore"):
        import torch

        import zapcls.model.export
        import zapcls.model.predict
        import zapcls.model.recipe  # noqa: F401
    torch.set_num_threads(1)  # small networks only; threads that wait for each other cost more
    return torch


@pytest.fixture(scope="session")
def build_without_numbers(torch):
    """Return a context in which a large network is built in no time: shapes without numbers."""

    def context(arch):
        # torchvision computes the widths of a RegNet with tensors, so it needs numbers.
        return nullcontext() if arch.startswith("regnet") else torch.device("meta")

    return context


@pytest.fixture(scope="session")
def draw_pixels():
    """Return a function that draws `n` random photos: uint8, (n, side, side, 3)."""

    def draw(n, side=40, seed=0):
        rng = np.random.default_rng(seed)
        return rng.integers(0, 256, (n, side, side, 3), dtype=np.uint8)

    return draw
