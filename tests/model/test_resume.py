"""Trainings that are stopped between two batches and go on in another Recipe, as a process does."""

import pandas as pd
import pytest

from zapcls import model
from zapcls.errors import Stopped
from zapcls.workspace.layout import read_json

pytestmark = [
    pytest.mark.slow,
    # fastai's finder names NumPy types by their old names, and gives NumPy tensors.
    pytest.mark.filterwarnings("ignore:numpy.core is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
]

STAGED = "mobilenet_v3_small"
BOTH = {"frozen_epochs": 2, "frozen_lr": 1e-2, "unfrozen_epochs": 3}
# Three batches and one look at tune are four reports an epoch.
SETTINGS = {
    "kept features, then the last stage": BOTH
    | {"arch": STAGED, "unfrozen_part": "last_stage", "augmentation": "flip", "views": 2},
    "through the body, then the last stage": BOTH
    | {"arch": STAGED, "unfrozen_part": "last_stage", "augmentation": "none", "views": 0},
    "random changes, then the whole network": BOTH
    | {"arch": "lcnet_050", "augmentation": "standard", "views": 0},
    "growing images": {
        "arch": "lcnet_050",
        "image_size": 64,
        "start_size": 32,
        "frozen_epochs": 1,
        "unfrozen_epochs": 4,
        "views": 1,
    },
}
# How many reports each start lives for: within the first epoch, as it looks at tune, at the first
# step of the second epoch and of the second phase, in the last but one, and several times.
STOPS = [[2], [4], [5], [9], [14], [6, 6, 6], [1, 3, 4, 9, 5]]


class Limit:
    """A progress that asks for a stop at its `limit`-th report of a training step."""

    def __init__(self, limit):
        self.left = limit

    def __call__(self, phase, done, total, **detail):
        self.left -= phase.startswith("Training")
        if self.left == 0:
            raise Stopped("Stopped as asked.")


@pytest.fixture(scope="module", params=SETTINGS)
def undisturbed(request, tmp_path_factory, build_in, weights_file):
    """Settings, and the folder of a training that nobody stopped."""
    settings = SETTINGS[request.param]
    settings = settings | {"weights": weights_file(settings["arch"])}
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    build_in(folder, **settings).train()
    return settings, folder


@pytest.mark.parametrize("stops", STOPS, ids=lambda stops: "-".join(map(str, stops)))
def test_a_stopped_training_ends_as_an_undisturbed_one(
    build_recipe, assert_same, read_weights, undisturbed, torch, stops
):
    settings, folder = undisturbed

    for limit in stops:
        with pytest.raises(Stopped):
            build_recipe(progress=Limit(limit), **settings).train()
    recipe = build_recipe(**settings)
    state = recipe.train().state_dict()

    assert_same(recipe.folder, folder)
    assert all(torch.equal(state[key], value) for key, value in read_weights(folder).items())
    watched = ((one / "watched.csv").read_text() for one in (recipe.folder, folder))
    assert len(set(watched)) == 1
    losses = pd.read_csv(recipe.folder / "losses.csv")["epoch"]
    assert losses.is_monotonic_increasing
    assert losses.is_unique
    assert not list(recipe.folder.glob(".*"))


def test_a_resumed_training_reports_where_it_goes_on(build_recipe):
    with pytest.raises(Stopped):
        build_recipe(progress=Limit(6), unfrozen_epochs=3).train()  # in the second epoch
    seen = []

    def watch(phase, done, total, **detail):
        seen.append((done, total))

    build_recipe(progress=watch, unfrozen_epochs=3).train()

    assert seen == [*[(done, 9) for done in (4, 5, 6, 6)], *[(done, 9) for done in (7, 8, 9, 9)]]


def test_a_training_that_was_killed_while_it_wrote_an_epoch_does_it_again(
    build_recipe, read_curves, assert_same, monkeypatch
):
    undisturbed = build_recipe("undisturbed", unfrozen_epochs=3)
    undisturbed.train()

    class Killed(BaseException):
        pass

    def die(state, folder):
        if state.phase_epoch == 2:  # its row and its weights are written
            raise Killed
        write(state, folder)

    write = model.checkpoint.write
    with monkeypatch.context() as patch:
        patch.setattr(model.checkpoint, "write", die)
        with pytest.raises(Killed):
            build_recipe(unfrozen_epochs=3).train()
    recipe = build_recipe(unfrozen_epochs=3)
    assert read_curves(recipe.folder)["epoch"].tolist() == [1, 2]

    recipe.train()

    assert_same(recipe.folder, undisturbed.folder)


def test_a_finished_training_is_not_trained_again(build_recipe, torch):
    recipe = build_recipe(unfrozen_epochs=2)
    network = recipe.train()
    history = (recipe.folder / "history.csv").read_bytes()

    state = build_recipe(progress=Limit(1), unfrozen_epochs=2).train().state_dict()

    assert (recipe.folder / "history.csv").read_bytes() == history
    assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())


def test_a_resumed_training_keeps_the_rate_and_the_batch_size_it_had(build_recipe):
    """The finder is not run again, and a batch that did not fit is not tried again."""
    settings = {"unfrozen_epochs": 3, "unfrozen_lr": "suggested"}
    first = build_recipe(progress=Limit(8), **settings)
    first.batch_size = 8
    with pytest.raises(Stopped):
        first.train()  # in the second epoch: six batches and a look at tune are seven reports
    found = read_json(first.folder / "lr_suggestions.json")
    phases = []
    recipe = build_recipe(progress=lambda phase, *_, **__: phases.append(phase), **settings)

    recipe.train()

    assert set(phases) == {"Training the whole network"}
    assert recipe.batch_size == 8
    assert read_json(first.folder / "lr_suggestions.json") == found
