"""Torch and fastai, loaded once and only by the tests that need them."""

import warnings
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from small import small_config

from zapcls import model
from zapcls.config import Statistics
from zapcls.errors import Stopped
from zapcls.progress import silent


@pytest.fixture(scope="session", autouse=True)
def torch():
    """Import torch, and every part of `model` as its attribute, for tests to name.

    Deprecations of the libraries are not ours to mend.
    """
    with warnings.catch_warnings(action="ignore"):
        import torch

        import zapcls.model.export
        import zapcls.model.predict
        import zapcls.model.recipe
        import zapcls.model.temperature
        import zapcls.model.thousand  # noqa: F401
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


@pytest.fixture(scope="session")
def halves(draw_pixels):
    """64 photos of 32 px whose upper or lower half is bright, a class each: 48 train, 16 tune."""
    codes = np.arange(64) % 2
    pixels = draw_pixels(64, 32) // 2
    pixels[codes == 0, :16] += 127
    pixels[codes == 1, 16:] += 127
    return SimpleNamespace(
        pixels=pixels,
        codes=codes,
        split=np.array(["train"] * 48 + ["tune"] * 16),
        colors=np.where(np.arange(64) % 6 < 4, "black", "red"),
    )


@pytest.fixture(scope="session")
def weights_file(torch, halves, see_exactly, tmp_path_factory):
    """Return a function that writes weights of a network, and returns the file's path.

    They are random, but the network's BatchNorm holds the statistics of some photos.
    """
    import timm
    import torchvision
    from safetensors.torch import save_file

    from zapcls.config import read_architectures

    folder = tmp_path_factory.mktemp("weights")

    def write(arch, seed=0, photos=halves.pixels):
        side = photos.shape[1]
        path = folder / f"{arch}-{side}-{seed}.safetensors"
        if not path.exists():
            torch.manual_seed(seed)
            is_timm = read_architectures()[arch]["library"] == "timm"
            net = (timm.create_model if is_timm else torchvision.models.get_model)(arch)
            images = see_exactly(photos, side)
            for layer in net.modules():
                if isinstance(layer, torch.nn.BatchNorm2d):
                    layer.momentum = 1.0
            with torch.no_grad():
                net.train()(images)
            save_file({key: value.contiguous() for key, value in net.state_dict().items()}, path)
        return str(path)

    return write


@pytest.fixture(scope="session")
def build_in(halves, torch):
    """Return a function that builds a small training in a folder; features lie beside it."""

    def build(folder, progress=silent, photos=halves, **settings):
        defaults = {
            "arch": "lcnet_050",
            "image_size": 32,
            "batch_size": 16,
            "unfrozen_epochs": 1,
            "unfrozen_lr": 3e-3,
            "device": "cpu",
            "precision": "fp32",
        }
        config = small_config(**(defaults | settings))
        folder.mkdir(exist_ok=True)
        sizes = getattr(photos, "sizes", (2,))
        arrays = photos.pixels, photos.split, photos.codes, sizes, folder.parent / "bodies"
        colors = photos.colors if config.needs_colors else None
        return model.recipe.Recipe(config, folder, model.phases.Photos(*arrays, colors), progress)

    return build


@pytest.fixture
def build_recipe(build_in, tmp_path):
    """Return a function that builds a training in the folder of its `name`, as a resume does."""
    return lambda name="run", *args, **settings: build_in(tmp_path / name, *args, **settings)


@pytest.fixture(scope="session")
def see_exactly(torch):
    """Return a function that makes of photos what an exported network sees at a size."""

    def see(pixels, size):
        resize = model.preprocess.Resize(pixels.shape[1], size)
        return model.preprocess.Normalize(Statistics())(resize(torch.from_numpy(pixels)))

    return see


@pytest.fixture(scope="session")
def assert_same(read_curves, torch):
    """Return a function that compares the curves and weights of two folders, bit for bit."""
    from safetensors.torch import load_file

    def compare(folder, other):
        curves = (read_curves(one) for one in (folder, other))
        pd.testing.assert_frame_equal(*curves, check_exact=True)
        one, two = (load_file(path / "model.safetensors") for path in (folder, other))
        assert list(one) == list(two)
        assert all(torch.equal(value, two[key]) for key, value in one.items())

    return compare


@pytest.fixture(scope="session")
def stop_in_epoch():
    """Return a function that builds a progress which stops a training in an epoch."""

    def build(epoch):
        def stop(phase, done, total, **detail):
            if detail.get("epoch") == epoch:
                raise Stopped("Stopped as asked.")

        return stop

    return build


@pytest.fixture(scope="session")
def read_curves():
    """Return a function that reads a training's history without what depends on the clock."""

    def read(folder):
        return pd.read_csv(folder / "history.csv").drop(columns=["images_per_s", "seconds"])

    return read


@pytest.fixture(scope="session")
def read_weights():
    """Return a function that reads the weights of a training's best epoch."""
    from safetensors.torch import load_file

    return lambda folder: load_file(folder / "model.safetensors")
