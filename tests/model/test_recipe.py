"""Trainings on a few photos whose left or right half is bright: a class each."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from zapcls.config import build_config
from zapcls.errors import Stopped, ZapError
from zapcls.progress import silent
from zapcls.workspace.layout import read_json

pytestmark = [
    pytest.mark.slow,
    # fastai's finder names NumPy types by their old names, and gives NumPy tensors.
    pytest.mark.filterwarnings("ignore:numpy.core is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
]

SPLIT = np.array(["train"] * 48 + ["tune"] * 16)
CODES = np.arange(64) % 2


@pytest.fixture(scope="module")
def halves(draw_pixels):
    pixels = draw_pixels(64, 32) // 2
    pixels[CODES == 0, :16] += 127
    pixels[CODES == 1, 16:] += 127
    return pixels


@pytest.fixture
def build(halves, tmp_path, torch):
    """Return a function that builds a training in a folder of its own."""
    from zapcls.model.recipe import Recipe

    def build(name="run", progress=silent, pixels=halves, **settings):
        defaults = {
            "arch": "lcnet_050",
            "image_size": 32,
            "batch_size": 16,
            "unfrozen_epochs": 1,
            "unfrozen_lr": 3e-3,
            "device": "cpu",
        }
        config = build_config("first-try", **(defaults | settings))
        (tmp_path / name).mkdir()
        return Recipe(config, tmp_path / name, pixels, SPLIT, CODES, progress)

    return build


def read_history(recipe):
    return pd.read_csv(recipe.folder / "history.csv")


def read_weights(recipe):
    from safetensors.torch import load_file

    return load_file(recipe.folder / "model.safetensors")


def test_the_same_seed_gives_the_same_training(build, torch):
    histories, weights = [], []
    for name in ("first", "second"):
        recipe = build(name, seed=5, unfrozen_epochs=2)
        recipe.train()
        histories.append(read_history(recipe)[["train_loss", "tune_loss", "tune_error_rate"]])
        weights.append(read_weights(recipe))

    pd.testing.assert_frame_equal(*histories)
    assert all(torch.equal(value, weights[1][key]) for key, value in weights[0].items())


def test_another_seed_gives_another_training(build):
    losses = []
    for seed in (0, 1):
        recipe = build(f"seed-{seed}", seed=seed)
        recipe.train()
        losses.append(read_history(recipe)["train_loss"][0])

    assert losses[0] != losses[1]


def test_it_learns_and_leaves_the_network_of_the_best_epoch(build, halves, torch):
    from zapcls.model.predict import predict
    from zapcls.model.preprocess import ShoeClassifier

    recipe = build(unfrozen_epochs=20, unfrozen_lr=1e-2, augmentation="none")

    network = recipe.train()

    history = read_history(recipe)
    assert history["epoch"].tolist() == list(range(1, 21))
    assert set(history["phase"]) == {"unfrozen"}
    assert history["tune_error_rate"].min() < 0.3
    tune = np.flatnonzero(SPLIT == "tune")
    classifier = ShoeClassifier(network, 32, 32)
    logits, _ = predict(classifier, halves, tune, torch.device("cpu"))
    wrong = (logits.argmax(axis=1) != CODES[tune]).mean()
    assert wrong == pytest.approx(history["tune_error_rate"].min())
    losses = pd.read_csv(recipe.folder / "losses.csv")
    assert losses["epoch"].is_monotonic_increasing
    assert losses["epoch"].between(0, 20).all()


def test_both_phases_count_their_epochs_together(build, tmp_path, torch):
    import timm
    from safetensors.torch import save_file

    net = timm.create_model("lcnet_050")
    save_file(net.state_dict(), tmp_path / "body.safetensors")
    before = net.state_dict()["conv_stem.weight"].clone()
    recipe = build(
        weights=str(tmp_path / "body.safetensors"), frozen_epochs=2, frozen_lr=1e-2, device="cpu"
    )
    stems = []
    fit = recipe._fit

    def fit_and_look(phase):
        fit(phase)
        stems.append(recipe.learner.model[0].net.conv_stem.weight.detach().clone())

    recipe._fit = fit_and_look
    recipe.train()

    history = read_history(recipe)
    assert history["phase"].tolist() == ["frozen", "frozen", "unfrozen"]
    assert history["epoch"].tolist() == [1, 2, 3]
    assert torch.equal(stems[0], before)
    assert not torch.equal(stems[1], before)


def test_the_frozen_body_keeps_its_batchnorm_too(build, tmp_path, torch):
    import timm
    from safetensors.torch import save_file

    net = timm.create_model("lcnet_050")
    save_file(net.state_dict(), tmp_path / "body.safetensors")
    recipe = build(
        weights=str(tmp_path / "body.safetensors"),
        frozen_epochs=1,
        frozen_lr=1e-2,
        unfrozen_epochs=0,
    )

    recipe.train()

    body = recipe.learner.model[0].net.state_dict()
    expected = net.state_dict()
    assert all(torch.equal(value.cpu(), expected[key]) for key, value in body.items())


def test_a_stop_after_an_epoch_keeps_that_epoch(build):
    def stop_in_the_second(phase, done, total, **detail):
        if detail.get("epoch") == 2:
            raise Stopped("Stopped as asked.")

    recipe = build(progress=stop_in_the_second, unfrozen_epochs=5)

    with pytest.raises(Stopped):
        recipe.train()

    assert read_history(recipe)["epoch"].tolist() == [1]
    assert read_weights(recipe)


def test_a_stop_in_the_first_epoch_leaves_no_weights(build):
    def stop(phase, done, total, **detail):
        raise Stopped("Stopped as asked.")

    recipe = build(progress=stop)

    with pytest.raises(Stopped):
        recipe.train()

    assert not (recipe.folder / "model.safetensors").exists()
    assert not (recipe.folder / "history.csv").exists()


def test_a_loss_that_explodes_is_a_sentence(build):
    recipe = build(unfrozen_lr=10.0, unfrozen_epochs=3, pixels=np.zeros((64, 32, 32, 3), "uint8"))
    recipe.learner.loss_func = lambda out, label: out.sum() * float("nan")

    with pytest.raises(ZapError, match=r"loss must stay finite.*unfrozen phase.*learning rate 10"):
        recipe.train()


def test_the_progress_counts_batches_with_figures(build):
    seen = []

    def watch(phase, done, total, **detail):
        seen.append((phase, done, total, detail))

    build(progress=watch, unfrozen_epochs=2).train()

    assert {phase for phase, *_ in seen} == {"Training the whole network"}
    counted = [(done, total) for _, done, total, detail in seen if detail]
    assert counted == [(done, 6) for done in range(1, 7)]
    last = seen[-2][3]
    assert (last["epoch"], last["epochs"], last["batch"], last["batches"]) == (2, 2, 3, 3)
    assert last["seconds_left"] == 0
    assert last["images_per_s"] > 0


def test_the_finder_suggests_four_rates_and_puts_the_weights_back(build, torch):
    recipe = build()
    before = {key: value.clone() for key, value in recipe.learner.model.state_dict().items()}

    curve = recipe.find_rate_only("unfrozen")

    assert set(curve.suggestions) == {"valley", "slide", "steep", "minimum"}
    assert all(0 < rate <= 10 for rate in curve.suggestions.values())
    assert curve.table["learning_rate"].is_monotonic_increasing
    assert set(curve.table["phase"]) == {"unfrozen"}
    after = recipe.learner.model.state_dict()
    assert all(torch.equal(value, before[key]) for key, value in after.items())
    written = pd.read_csv(recipe.folder / "lr_curve.csv")
    assert len(written) == len(curve.table)


def test_a_suggested_rate_is_the_valley_of_its_own_phase(build):
    recipe = build(unfrozen_lr="suggested")
    rates = []
    fit = recipe.learner.fit_one_cycle
    recipe.learner.fit_one_cycle = lambda epochs, rate, **options: (
        rates.append(rate),
        fit(epochs, rate, **options),
    )

    recipe.train()

    written = read_json(recipe.folder / "lr_suggestions.json")
    assert list(written) == ["unfrozen"]
    assert rates == [written["unfrozen"]["valley"]]


def test_the_finder_can_be_stopped(build):
    def stop(phase, done, total, **detail):
        if done == 10:
            raise Stopped("Stopped as asked.")

    with pytest.raises(Stopped):
        build(progress=stop).find_rate_only("unfrozen")


def build_stub(torch, values):
    """A stand-in for a Learner after an epoch with these values."""
    model = torch.nn.Linear(1, 1)
    return SimpleNamespace(model=model, recorder=SimpleNamespace(values=[values]))


@pytest.mark.parametrize(
    ("epochs", "best"),
    [
        ([(0.5, 0.30), (0.4, 0.10), (0.9, 0.20)], 1),  # not the last
        ([(0.5, 0.30), (0.6, 0.20), (0.4, 0.25)], 1),  # errors before loss
        ([(0.5, 0.20), (0.4, 0.20), (0.4, 0.20)], 1),  # the lower loss, then the earlier
        ([(0.5, 0.10), (float("nan"), 0.10)], 0),
    ],
)
def test_the_best_epoch_is_kept_not_the_last(epochs, best, torch, tmp_path):
    from safetensors.torch import load_file

    from zapcls.model.callbacks import KeepBest

    keep = KeepBest(tmp_path / "model.safetensors")
    for number, (tune_loss, tune_error_rate) in enumerate(epochs):
        keep.learn = build_stub(torch, (0.1, tune_loss, tune_error_rate))
        torch.nn.init.constant_(keep.learn.model.weight, number)
        keep.after_epoch()

    kept = load_file(tmp_path / "model.safetensors")["weight"]
    assert kept.item() == best
    assert keep.best == tuple(reversed(epochs[best]))
