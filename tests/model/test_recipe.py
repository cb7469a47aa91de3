"""Trainings on a few photos whose upper or lower half is bright: a class each."""

import numpy as np
import pandas as pd
import pytest

from zapcls import model
from zapcls.config import Statistics
from zapcls.errors import Stopped, ZapError
from zapcls.workspace.layout import read_json

pytestmark = [
    pytest.mark.slow,
    # fastai's finder names NumPy types by their old names, and gives NumPy tensors.
    pytest.mark.filterwarnings("ignore:numpy.core is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
]

STAGED = "mobilenet_v3_small"


def copy_state(module):
    return {key: value.clone() for key, value in module.state_dict().items()}


def test_a_training_follows_its_seed(build_recipe, read_curves, assert_same):
    first, second, other = (
        build_recipe(name, seed=seed, unfrozen_epochs=2)
        for name, seed in (("first", 5), ("second", 5), ("other", 6))
    )
    for recipe in (first, second, other):
        recipe.train()

    assert_same(first.folder, second.folder)
    losses = [read_curves(recipe.folder)["train_loss"][0] for recipe in (first, other)]
    assert losses[0] != losses[1]


def test_it_learns_and_leaves_the_network_of_the_best_epoch(
    build_recipe, read_curves, halves, torch
):
    recipe = build_recipe(unfrozen_epochs=20, unfrozen_lr=1e-2, augmentation="none")

    network = recipe.train()

    history = read_curves(recipe.folder)
    assert history["epoch"].tolist() == list(range(1, 21))
    assert set(history["phase"]) == {"unfrozen"}
    assert history["tune_error_rate"].min() < 0.3
    tune = np.flatnonzero(halves.split == "tune")
    classifier = model.preprocess.ShoeClassifier(network, 32, 32, Statistics())
    logits, _ = model.predict.predict(classifier, halves.pixels, tune, torch.device("cpu"))
    wrong = (logits.argmax(axis=1) != halves.codes[tune]).mean()
    assert wrong == pytest.approx(history["tune_error_rate"].min())
    losses = pd.read_csv(recipe.folder / "losses.csv")
    assert losses["epoch"].is_monotonic_increasing
    assert losses["epoch"].between(0, 20).all()


def test_a_phase_is_kept_by_its_own_best_epoch(build_recipe, read_weights, weights_file, torch):
    settings = {"weights": weights_file("lcnet_050"), "frozen_epochs": 4, "frozen_lr": 1e-2}
    recipe = build_recipe(**settings, unfrozen_epochs=1, unfrozen_lr=1e-7)

    recipe.train()

    last = model.checkpoint.read(recipe.folder, torch.device("cpu")).network
    kept = read_weights(recipe.folder)
    assert all(torch.equal(kept[name], value) for name, value in last.items())


@pytest.mark.parametrize("views", [0, 2])
def test_the_body_is_frozen_with_its_batchnorm_and_then_trained(
    build_recipe, read_curves, weights_file, torch, views
):
    settings = {"weights": weights_file("lcnet_050"), "frozen_lr": 1e-2, "views": views}
    frozen = build_recipe("frozen", **settings, frozen_epochs=1, unfrozen_epochs=0)
    before = copy_state(frozen.network)

    after = frozen.train().state_dict()

    assert all(
        torch.equal(value, after[key]) == key.startswith("0.")
        for key, value in before.items()
        if value.ndim != 0
    )
    both = build_recipe("both", **settings, frozen_epochs=2)
    both.train()
    last = model.checkpoint.read(both.folder, torch.device("cpu")).network
    assert not torch.equal(last["0.net.conv_stem.weight"], before["0.net.conv_stem.weight"])
    history = read_curves(both.folder)
    assert history["phase"].tolist() == ["frozen", "frozen", "unfrozen"]
    assert history["epoch"].tolist() == [1, 2, 3]


def train_on_features(build_recipe, torch, arch, weights, **settings):
    """Train without dropout, whose masks depend on how often numbers were drawn before."""
    recipe = build_recipe(
        f"{arch}-{settings['views']}",
        arch=arch,
        weights=weights,
        frozen_epochs=3,
        frozen_lr=1e-2,
        unfrozen_epochs=0,
        augmentation="none",
        image_size=64,
        **settings,
    )
    for layer in recipe.network[1].modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0
    recipe.train()
    return recipe


@pytest.mark.parametrize("arch", ["lcnet_050", STAGED])
def test_a_head_trained_on_kept_features_is_one_trained_through_the_body(
    build_recipe, read_curves, weights_file, torch, arch
):
    weights = weights_file(arch)
    kept = train_on_features(build_recipe, torch, arch, weights, views=1)
    through = train_on_features(build_recipe, torch, arch, weights, views=0)

    assert (kept.folder.parent / "bodies").is_dir()
    pd.testing.assert_frame_equal(
        read_curves(kept.folder), read_curves(through.folder), atol=2e-3, rtol=2e-3
    )


@pytest.mark.parametrize(
    ("frozen_epochs", "views"), [(0, 1), (1, 1), (1, 0)], ids=["alone", "kept", "through"]
)
def test_the_last_stage_is_trained_and_nothing_before_it_changes(
    build_recipe, weights_file, torch, frozen_epochs, views
):
    recipe = build_recipe(
        arch=STAGED,
        weights=weights_file(STAGED),
        unfrozen_part="last_stage",
        frozen_epochs=frozen_epochs,
        frozen_lr=1e-3,
        views=views,
    )
    front, last = map(copy_state, model.architectures.split_stages(recipe.network[0]))
    weights = list(dict(model.architectures.split_stages(recipe.network[0])[1].named_parameters()))

    recipe.train()

    # The network of the last epoch: the best one may be of another phase.
    recipe.network.load_state_dict(
        model.checkpoint.read(recipe.folder, torch.device("cpu")).network
    )
    now = [part.state_dict() for part in model.architectures.split_stages(recipe.network[0])]
    assert all(torch.equal(value, front[key]) for key, value in now[0].items())
    assert not any(torch.equal(now[1][key], last[key]) for key in weights)


def test_the_rates_of_a_last_stage_grow_within_it(build_recipe, weights_file):
    recipe = build_recipe(
        arch=STAGED, weights=weights_file(STAGED), unfrozen_part="last_stage", unfrozen_lr=1e-2
    )
    last = [
        id(parameter)
        for parameter in model.architectures.split_stages(recipe.network[0])[1].parameters()
    ]

    learner, _ = recipe.phases.build_learner("unfrozen", 16)
    learner.create_opt()
    learner.opt.set_hyper("lr", recipe.phases.spread_rate("unfrozen", 1e-2))

    early, late, head = [[id(p) for p in group] for group in learner.opt.param_lists]
    assert early + late == last
    assert head == [id(parameter) for parameter in recipe.network[1].parameters()]
    rates = [hyper["lr"] for hyper in learner.opt.hypers]
    assert rates == pytest.approx([1e-3, 1e-2 / 10**0.5, 1e-2])


def test_the_weights_of_a_last_stage_are_those_of_the_whole_network(
    build_recipe, read_curves, weights_file, halves, torch
):
    seen = []
    recipe = build_recipe(
        arch=STAGED,
        weights=weights_file(STAGED),
        unfrozen_part="last_stage",
        unfrozen_epochs=3,
        augmentation="none",
        progress=lambda phase, *_, **__: seen.append(phase),
    )

    network = recipe.train()

    assert list(dict.fromkeys(seen)) == [
        "Computing the frozen network's features, photos as they are",
        "Training the last stage",
    ]
    tune = np.flatnonzero(halves.split == "tune")
    logits, _ = model.predict.predict(
        model.preprocess.ShoeClassifier(network, 32, 32, Statistics()),
        halves.pixels,
        tune,
        torch.device("cpu"),
    )
    loss = torch.nn.functional.cross_entropy(
        torch.from_numpy(logits), torch.from_numpy(halves.codes[tune])
    )
    # The maps that enter the stage are kept in half precision.
    assert float(loss) == pytest.approx(read_curves(recipe.folder)["tune_loss"].min(), rel=0.02)


def test_a_stop_in_the_first_epoch_leaves_no_weights(build_recipe):
    def stop(phase, done, total, **detail):
        raise Stopped("Stopped as asked.")

    recipe = build_recipe(progress=stop)

    with pytest.raises(Stopped):
        recipe.train()

    assert not (recipe.folder / "model.safetensors").exists()
    assert not (recipe.folder / "history.csv").exists()


def test_a_loss_that_explodes_is_a_sentence(build_recipe):
    recipe = build_recipe(unfrozen_lr=10.0, unfrozen_epochs=3)
    for parameter in recipe.network[1].parameters():
        parameter.data.fill_(1e30)

    with pytest.raises(ZapError, match=r"loss must stay finite.*unfrozen phase.*learning rate 10"):
        recipe.train()


def test_the_progress_counts_batches_with_figures(build_recipe):
    seen = []

    def watch(phase, done, total, **detail):
        seen.append((phase, done, total, detail))

    build_recipe(progress=watch, unfrozen_epochs=2).train()

    assert {phase for phase, *_ in seen} == {"Training the whole network"}
    counted = [(done, total) for _, done, total, detail in seen if detail]
    assert counted == [(done, 6) for done in range(1, 7)]
    last = seen[-2][3]
    assert (last["epoch"], last["epochs"], last["batch"], last["batches"]) == (2, 2, 3, 3)
    assert last["seconds_left"] == 0
    assert last["images_per_s"] > 0


def test_images_grow_and_tune_is_seen_at_full_size(build_recipe, monkeypatch):
    sizes = []
    gather = model.loaders.PixelGather.__call__

    def gather_and_look(self, rows):
        images = gather(self, rows)
        sizes.append((len(rows), images.shape[-1]))
        return images

    monkeypatch.setattr(model.loaders.PixelGather, "__call__", gather_and_look)
    build_recipe(image_size=96, start_size=32, unfrozen_epochs=3).train()

    train, tune = [(16, 32)] * 3, [(16, 96)]
    assert sizes[:4] == train + tune
    assert sizes[4:8] == [(16, 64)] * 3 + tune
    assert sizes[8:] == [(16, 96)] * 4


def test_a_suggested_rate_is_the_valley_of_its_own_phase(build_recipe, torch):
    recipe = build_recipe(unfrozen_lr="suggested")

    recipe.train()

    written = read_json(recipe.folder / "lr_suggestions.json")
    assert list(written) == ["unfrozen"]
    state = model.checkpoint.read(recipe.folder, torch.device("cpu"))
    assert state.rate == written["unfrozen"]["rates"]["valley"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": 15}, ("batch_size must be a multiple of the 2 processes", "got 15")),
        ({"unfrozen_lr": "suggested"}, ("unfrozen_lr must be a number where several processes",)),
    ],
)
def test_what_several_processes_cannot_share_is_refused(
    build_recipe, monkeypatch, refuses, settings, words
):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with refuses(*words):
        build_recipe(**settings).train()
