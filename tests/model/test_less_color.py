"""Trainings with everything on that is done against the color, whole and interrupted."""

from types import SimpleNamespace

import numpy as np
import pytest

from zapcls import model
from zapcls.analysis import balance
from zapcls.config import Statistics
from zapcls.errors import Stopped
from zapcls.workspace.layout import read_json

pytestmark = pytest.mark.slow

STAGED = "mobilenet_v3_small"
COLOR = {"hue_jitter": 0.2, "grayscale_share": 0.2, "recolor_share": 0.3}
BALANCED = {"color_weights": "balanced", "last_layer": "balanced"}
FROZEN = {"frozen_epochs": 2, "frozen_lr": 1e-2, "unfrozen_epochs": 0, **BALANCED, **COLOR}
SETTINGS = {
    "kept features": FROZEN | {"views": 3, "mixup": 0.4, "averaging": "yes"},
    "through the body": FROZEN | {"views": 0},
    "the last stage": FROZEN
    | {
        "arch": STAGED,
        "unfrozen_part": "last_stage",
        "frozen_epochs": 1,
        "unfrozen_epochs": 2,
        "averaging": "yes",
    },
    "the whole network": FROZEN | {"frozen_epochs": 0, "unfrozen_epochs": 2},
}


@pytest.fixture
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


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_stopped_training_ends_as_an_undisturbed_one(
    build, assert_same, read_weights, torch, settings
):
    titles = []
    whole = build("whole", lambda title, *_, **__: titles.append(title), **settings)
    state = whole.train().state_dict()
    assert titles[-1] == balance.TITLE
    weights = read_weights(whole.folder)
    assert all(torch.equal(state[key], value) for key, value in weights.items())

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
        assert_same(again.folder, whole.folder)


def test_only_the_last_layer_is_fitted_again(build, read_weights, torch):
    trained = build("trained", **(FROZEN | {"last_layer": "trained"}))
    trained.train()
    balanced = build("balanced", **FROZEN)
    balanced.train()

    one, other = (read_weights(recipe.folder) for recipe in (trained, balanced))
    changed = [key for key in one if not torch.equal(one[key], other[key])]
    assert changed == ["1.8.weight"]
    facts = read_json(balanced.folder / "last_layer.json")
    assert (facts["groups"], facts["draws"]) == (4, 10)
    assert not (trained.folder / "last_layer.json").exists()


@pytest.mark.parametrize("views", [0, 1], ids=["through the body", "kept features"])
def test_the_last_layer_is_fitted_on_photos_as_they_are(build, blocks, torch, views, monkeypatch):
    """What goes into the fit is what the finished network gives for the plain photos."""
    fits = []
    fit = balance.fit_balanced_layer
    monkeypatch.setattr(
        model.last_layer, "fit_balanced_layer", lambda *parts: fits.append(parts) or fit(*parts)
    )
    network = build("run", **(FROZEN | {"views": views})).train()

    [(train, tune, classes, *_)] = fits
    with torch.no_grad():
        _, embeddings = model.preprocess.ShoeClassifier(network, 32, 32, Statistics()).eval()(
            torch.from_numpy(blocks.pixels)
        )
    expected = embeddings.numpy()
    for part, name in ((train, "train"), (tune, "tune")):
        rows = np.flatnonzero(blocks.split == name)
        assert np.abs(part.embeddings - expected[rows]).max() < 1e-2
        assert part.codes.tolist() == blocks.codes[rows].tolist()
        pairs = zip(blocks.codes[rows], blocks.colors[rows], part.groups, strict=True)
        assert len(set(pairs)) == len(set(part.groups)) == 4
    assert classes == 2


def test_weights_and_views_reach_the_batches(build, blocks):
    settings = {"views": 1, "grayscale_share": 0.5, "recolor_share": 0.5, "hue_jitter": 0.0}
    learner, _ = build("run", **(FROZEN | settings)).phases.build_learner("frozen", 16)

    batch = learner.dls.train.one_batch()
    is_train = blocks.split == "train"
    weights = balance.weigh_apart(blocks.codes[is_train], blocks.colors[is_train])
    assert set(batch[2].tolist()) <= set(weights.tolist())
    assert np.array_equal(learner.dls.train._targets[1].numpy(), weights)
    train, tune = learner.dls.train._gather, learner.dls.valid._gather
    assert train._shares.tolist() == [0, 0.5, 0.5]
    assert len(tune._views) == 1
    plain = build("plain", **(FROZEN | {"color_weights": "none"}))
    assert len(plain.phases.build_learner("frozen", 16)[0].dls.train.one_batch()) == 2


@pytest.mark.parametrize("color_weights", ["none", "balanced"])
def test_classes_weigh_the_same_beside_colors_or_by_themselves(build, blocks, color_weights):
    blocks.codes[blocks.codes == 1] = np.arange(32) % 4 == 0  # one in eight is of class 1
    settings = FROZEN | {"class_weights": "balanced", "color_weights": color_weights}
    learner, _ = build("run", **settings).phases.build_learner("frozen", 16)

    codes, colors = (part[blocks.split == "train"] for part in (blocks.codes, blocks.colors))
    expected = balance.weigh_groups(codes)
    if color_weights == "balanced":
        expected = expected * balance.weigh_apart(codes, colors)
    weights = learner.dls.train._targets[1].numpy()
    assert np.allclose(weights, expected / expected.mean(), rtol=1e-6)
    assert weights[codes == 1].min() > weights[codes == 0].max()


def test_plain_features_are_shared_with_trainings_that_change_no_color(build):
    settings = {"frozen_epochs": 1, "frozen_lr": 1e-2, "unfrozen_epochs": 0}
    bodies_dir = build("plain", **settings).folder.parent / "bodies"
    build("plain", **settings).train()
    before = {path: path.read_bytes() for path in bodies_dir.glob("*/*.npy")}
    assert {path.name for path in before} == {
        f"pooled-{view}{end}.npy" for view in ("plain", "mirrored") for end in ("", ".filled")
    }
    seen = []

    build(
        "colored", lambda title, *_, **__: seen.append(title), **settings, grayscale_share=0.5
    ).train()

    computed = [title for title in dict.fromkeys(seen) if title.startswith(model.features.TITLE)]
    assert computed == [
        f"{model.features.TITLE}, photos {shown}, in gray" for shown in ("as they are", "mirrored")
    ]
    assert all(path.read_bytes() == content for path, content in before.items())
