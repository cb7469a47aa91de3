"""Trainings with everything on that is done against the color, whole and interrupted."""

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from zapcls.__main__ import main
from zapcls.analysis import balance
from zapcls.errors import Stopped
from zapcls.workspace import jobs
from zapcls.workspace.jobs import read_status
from zapcls.workspace.layout import ENVIRONMENT, Workspace, read_json
from zapcls.workspace.runs import list_runs
from zapcls.workspace.worker import Reporter

pytestmark = pytest.mark.slow

STAGED = "mobilenet_v3_small"
COLOR = {"hue_jitter": 0.2, "grayscale_share": 0.2, "recolor_share": 0.3}
BALANCED = {"color_weights": "balanced", "last_layer": "balanced"}
FROZEN = {"frozen_epochs": 2, "frozen_lr": 1e-2, "unfrozen_epochs": 0, **BALANCED, **COLOR}
SETTINGS = {
    "kept features": FROZEN | {"views": 3},
    "through the body": FROZEN | {"views": 0},
    "the last stage": FROZEN
    | {"arch": STAGED, "unfrozen_part": "last_stage", "frozen_epochs": 1, "unfrozen_epochs": 1},
    "the whole network": FROZEN | {"frozen_epochs": 0, "unfrozen_epochs": 2},
}


@pytest.fixture(scope="module")
def blocks():
    """64 photos of 32 px: a low or a high block, a class each, black or red, on white."""
    codes = np.arange(64) % 2
    colors = np.where(np.arange(64) % 6 < 4, "black", "red")
    pixels = np.full((64, 32, 32, 3), 255, np.uint8)
    for photo, code, color in zip(pixels, codes, colors, strict=True):
        height = 6 + 10 * code
        photo[-4 - height : -4, 6:26] = (200, 30, 40) if color == "red" else (25, 25, 25)
    split = np.full(64, "train")
    split[np.random.default_rng(0).permutation(64)[:16]] = "tune"
    return SimpleNamespace(pixels=pixels, codes=codes, split=split, colors=colors)


@pytest.fixture
def build(build_recipe, weights_file, blocks):
    """Return a function that builds a training of the blocks."""

    def build(name, progress=lambda *_, **__: None, **settings):
        weights = weights_file(settings.get("arch", "lcnet_050"))
        return build_recipe(name, progress, blocks, **({"weights": weights} | settings))

    return build


def is_equal(one, other, torch):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_stopped_training_ends_as_an_undisturbed_one(
    build, read_curves, read_weights, torch, settings
):
    titles = []
    whole = build("whole", lambda title, *_, **__: titles.append(title), **settings)
    network = whole.train()
    assert titles[-1] == balance.TITLE
    weights = read_weights(whole.folder)
    assert is_equal(network.state_dict(), weights, torch)

    training = [place for place, title in enumerate(titles) if title.startswith("Training")]
    stops = [training[1], training[-1], titles.index(balance.TITLE) + 20]
    for name, stop in enumerate(stops):
        told = iter(titles[: stop + 1])

        def report(title, *_, **__):
            if next(told, None) is None:  # noqa: B023
                raise Stopped("Stopped as asked.")

        with pytest.raises(Stopped):
            build(f"stopped-{name}", report, **settings).train()
        again = build(f"stopped-{name}", **settings)
        again.train()
        assert is_equal(read_weights(again.folder), weights, torch)
        pd.testing.assert_frame_equal(
            read_curves(again.folder), read_curves(whole.folder), check_exact=True
        )


def test_only_the_last_layer_is_fitted_again(build, read_weights, torch):
    trained = build("trained", **(FROZEN | {"last_layer": "trained"}))
    trained.train()
    balanced = build("balanced", **FROZEN)
    balanced.train()

    one, other = (read_weights(recipe.folder) for recipe in (trained, balanced))
    last = list(one)[-1] if list(one)[-1].endswith(".weight") else "1.8.weight"
    changed = [key for key in one if not torch.equal(one[key], other[key])]
    assert changed == [last]
    facts = read_json(balanced.folder / "last_layer.json")
    assert (facts["groups"], facts["draws"]) == (4, 10)
    assert not (trained.folder / "last_layer.json").exists()


@pytest.mark.parametrize("views", [0, 1], ids=["through the body", "kept features"])
def test_the_last_layer_is_fitted_on_photos_as_they_are(build, blocks, torch, views, monkeypatch):
    """What goes into the fit is what the finished network gives for the plain photos."""
    from zapcls.model import recipe as module
    from zapcls.model.preprocess import ShoeClassifier

    fits = []
    fit = balance.fit_balanced_layer
    monkeypatch.setattr(
        module, "fit_balanced_layer", lambda *parts: fits.append(parts) or fit(*parts)
    )
    network = build("run", **(FROZEN | {"views": views})).train()

    [(train, tune, classes, *_)] = fits
    with torch.no_grad():
        _, embeddings = ShoeClassifier(network, 32, 32).eval()(torch.from_numpy(blocks.pixels))
    expected = embeddings.numpy()
    for part, name in ((train, "train"), (tune, "tune")):
        rows = np.flatnonzero(blocks.split == name)
        assert np.abs(part.embeddings - expected[rows]).max() < 1e-2
        assert part.codes.tolist() == blocks.codes[rows].tolist()
        pairs = zip(blocks.codes[rows], blocks.colors[rows], part.groups, strict=True)
        assert len(set(pairs)) == len(set(part.groups)) == 4
    assert classes == 2


def test_weights_reach_the_loss(build, blocks, torch):
    """Photos of a group that weighs the most are heard: the gradient is of their weighted loss."""
    recipe = build("run", **(FROZEN | {"views": 1, "augmentation": "none"}))

    learner, _ = recipe._build_learner("frozen", 16)

    batch = learner.dls.train.one_batch()
    assert len(batch) == 3
    assert learner.dls.n_inp == 1
    is_train = blocks.split == "train"
    weights = balance.weigh_apart(blocks.codes[is_train], blocks.colors[is_train])
    assert set(batch[2].tolist()) <= set(weights.tolist())
    assert np.array_equal(learner.dls.train._targets[1].numpy(), weights)
    learner._split(batch)
    assert len(learner.yb) == 2
    plain = build("plain", **(FROZEN | {"color_weights": "none"}))
    assert len(plain._build_learner("frozen", 16)[0].dls.train.one_batch()) == 2


def test_a_frozen_phase_draws_its_views_in_their_shares(build):
    settings = {"grayscale_share": 0.5, "recolor_share": 0.5, "views": 1}
    learner, _ = build("run", **(FROZEN | settings | {"hue_jitter": 0.0}))._build_learner(
        "frozen", 16
    )
    train, tune = learner.dls.train._gather, learner.dls.valid._gather
    assert train._shares.tolist() == [0, 0.5, 0.5]
    assert len(tune._views) == 1


def test_plain_features_are_shared_with_trainings_that_change_no_color(build, monkeypatch):
    from zapcls.model.features import FrozenBody

    settings = {"frozen_epochs": 1, "frozen_lr": 1e-2, "unfrozen_epochs": 0}
    plain = build("plain", **settings)
    plain.train()
    folder = plain._frozen_body.folder
    before = {path.name: path.read_bytes() for path in folder.glob("*.npy")}
    assert set(before) == {
        f"pooled-{view}{end}.npy" for view in ("plain", "mirrored") for end in ("", ".filled")
    }
    computed = []
    fill = FrozenBody._fill

    def fill_and_tell(self, arrays, rows, view, recolored):
        computed.append((view.name, len(rows)))
        fill(self, arrays, rows, view, recolored)

    monkeypatch.setattr(FrozenBody, "_fill", fill_and_tell)
    colored = build("colored", **settings, grayscale_share=0.5)
    colored.train()

    assert colored._frozen_body.folder == folder
    assert computed == [
        ("plain", 64), ("mirrored", 48), ("plain-gray", 48), ("mirrored-gray", 48)
    ]  # fmt: skip
    assert all((folder / name).read_bytes() == content for name, content in before.items())


@pytest.fixture
def train(drawn, tiny_settings, list_options, tmp_path, monkeypatch):
    """Return a function that trains the drawings with everything on; it gives the exit code."""
    with warnings.catch_warnings(action="ignore"):
        import torch
    torch.set_num_threads(1)
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "workspace"))
    options = list_options(tiny_settings | BALANCED | COLOR)
    return lambda: main(["train", "--data", str(drawn), "--preset", "first-try", *options])


def test_a_run_on_the_drawings_with_everything_on_is_stopped_and_resumed(
    train, tmp_path, monkeypatch
):
    workspace = Workspace(tmp_path / "workspace")
    report = Reporter.__call__

    def stop_then(self, phase, done, total, **detail):
        if phase == balance.TITLE and done > 2:
            jobs.request_stop(self._job)
        report(self, phase, done, total, **detail)

    with monkeypatch.context() as patch:
        patch.setattr(Reporter, "__call__", stop_then)
        assert train() == 130
    [run] = list_runs(workspace)
    assert read_status(run).state == "stopped"
    assert main(["train", "--resume", run.run_id]) == 0

    assert train() == 0

    whole = next(other for other in list_runs(workspace) if other.run_id != run.run_id)
    assert run.weights_path.read_bytes() == whole.weights_path.read_bytes()
    assert run.rates["splits"] == whole.rates["splits"]
    assert read_json(run.path / "last_layer.json") == read_json(whole.path / "last_layer.json")
