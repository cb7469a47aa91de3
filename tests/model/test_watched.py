"""The answers to a few photos that a training writes after each epoch."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from zapcls import model, schema
from zapcls.config import Statistics

pytestmark = pytest.mark.slow

SETTINGS = {"unfrozen_epochs": 3, "augmentation": "standard"}


@pytest.fixture(scope="module")
def watched(build_in, tmp_path_factory):
    """A training, what it wrote of the photos that are watched, and its last network."""
    recipe = build_in(tmp_path_factory.mktemp("watched") / "run", **SETTINGS)
    recipe.train()
    return recipe, pd.read_csv(recipe.folder / "watched.csv")


def test_the_same_photos_of_tune_are_answered_after_each_epoch(watched, halves):
    _, table = watched

    assert list(table) == list(schema.WATCHED)
    assert table["epoch"].tolist() == [1] * 8 + [2] * 8 + [3] * 8
    [rows] = {tuple(part) for _, part in table.groupby("epoch")["row"]}
    assert set(halves.split[list(rows)]) == {"tune"}
    assert (table["label"] == halves.codes[table["row"]]).all()


def test_the_answers_are_those_of_the_network_after_that_epoch(watched, halves, torch):
    recipe, table = watched
    state = model.checkpoint.read(recipe.folder, torch.device("cpu")).network
    recipe.network.load_state_dict(state)
    classifier = model.preprocess.ShoeClassifier(recipe.network.eval(), 32, 32, Statistics())
    last = table[table["epoch"] == 3]

    logits, _ = model.predict.predict(
        classifier, halves.pixels, last["row"].to_numpy(), torch.device("cpu")
    )

    prob = torch.from_numpy(logits).softmax(dim=1).numpy()
    assert last["prediction"].tolist() == prob.argmax(axis=1).tolist()
    assert last["prob"].to_numpy() == pytest.approx(prob.max(axis=1), abs=1e-4)
    of_label = prob[np.arange(8), last["label"]]
    assert last["prob_label"].to_numpy() == pytest.approx(of_label, abs=1e-4)


def test_half_of_them_were_wrong_at_first(watched):
    _, table = watched
    first = table[table["epoch"] == 1]
    assert (first["label"] != first["prediction"]).sum() == 4


def test_a_training_that_is_not_watched_learns_the_same_bit_for_bit(
    watched, build_in, assert_same, monkeypatch, tmp_path
):
    monkeypatch.setattr(model.recipe, "WatchAnswers", lambda *_: model.callbacks.Callback())
    blind = build_in(tmp_path / "blind", **SETTINGS)
    blind.train()

    assert not (blind.folder / "watched.csv").exists()
    assert_same(blind.folder, watched[0].folder)


def test_of_several_targets_the_first_is_watched(build_in, halves, tmp_path):
    codes = np.stack([halves.codes, np.arange(64) % 3], axis=1)
    codes[::5, 0] = -1
    photos = SimpleNamespace(**(vars(halves) | {"codes": codes, "sizes": (2, 3)}))
    recipe = build_in(tmp_path / "several", photos=photos, unfrozen_epochs=1)
    recipe.train()

    table = pd.read_csv(recipe.folder / "watched.csv")
    assert (table["label"] == codes[table["row"], 0]).all()
    assert set(table["prediction"]) <= {0, 1}
