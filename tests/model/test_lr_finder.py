import pandas as pd
import pytest

from zapcls import schema
from zapcls.errors import Stopped, ZapError
from zapcls.workspace.layout import read_json

pytestmark = [
    pytest.mark.slow,
    # fastai's finder names NumPy types by their old names, and gives NumPy tensors.
    pytest.mark.filterwarnings("ignore:numpy.core is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
]

RULES = {"valley", "slide", "steep", "minimum"}


def copy_state(network):
    return {key: value.clone() for key, value in network.state_dict().items()}


def find_valley(table, torch):
    """As fastai's own finder does: without the first tenth and the last five points."""
    from fastai.callback.schedule import valley

    kept = table.iloc[10:-5]
    columns = (torch.tensor(kept[name].to_numpy()) for name in ("learning_rate", "loss"))
    return valley(*columns, 100)[0]


def test_the_finder_suggests_four_rates_and_puts_the_weights_back(build_recipe, torch):
    recipe = build_recipe()
    before = copy_state(recipe.network)

    curve = recipe.find_rate_only("unfrozen")

    assert set(curve.suggestions) == RULES
    assert all(0 < rate <= 10 for rate in curve.suggestions.values())
    assert curve.table["learning_rate"].is_monotonic_increasing
    assert set(curve.table["phase"]) == {"unfrozen"}
    after = recipe.network.state_dict()
    assert all(torch.equal(value, before[key]) for key, value in after.items())
    written = pd.read_csv(recipe.folder / "lr_curve.csv")
    assert len(written) == len(curve.table)


def test_on_kept_features_five_seeds_give_a_curve_each(build_recipe, weights_file, torch):
    seen = []
    recipe = build_recipe(
        weights=weights_file("lcnet_050"),
        frozen_epochs=1,
        seed=7,
        progress=lambda phase, done, total, **_: seen.append((phase, done, total)),
    )
    before = copy_state(recipe.network)

    curve = recipe.find_rate_only("frozen")

    assert list(curve.table) == list(schema.LR_CURVE)
    assert curve.table["seed"].unique().tolist() == [7, 8, 9, 10, 11]
    curves = [table for _, table in curve.table.groupby("seed")]
    assert all(table["learning_rate"].is_monotonic_increasing for table in curves)
    assert len({table["loss"].iloc[0] for table in curves}) == 5  # heads and orders of their own
    assert curve.valleys == [find_valley(table, torch) for table in curves]
    wide = curve.table.pivot(index="learning_rate", columns="seed", values="loss")
    median = wide.fillna(float("inf")).median(axis=1).rename("loss").reset_index()
    finite = median[median["loss"] < float("inf")]
    assert curve.suggestions["valley"] == find_valley(finite, torch)
    after = recipe.network.state_dict()
    assert all(torch.equal(value, before[key]) for key, value in after.items())
    steps = [(done, total) for phase, done, total in seen if phase.startswith("Finding")]
    assert steps[0] == (1, 500)
    assert {total for _, total in steps} == {500}
    assert max(done for done, _ in steps) <= 500


def test_the_finder_of_a_last_stage_has_three_seeds(build_recipe, weights_file, torch):
    recipe = build_recipe(
        arch="mobilenet_v3_small",
        weights=weights_file("mobilenet_v3_small"),
        unfrozen_part="last_stage",
    )
    before = copy_state(recipe.network)

    curve = recipe.find_rate_only("unfrozen")

    assert curve.table["seed"].unique().tolist() == [0, 1, 2]
    assert len(curve.valleys) == 3
    after = recipe.network.state_dict()
    assert all(torch.equal(value, before[key]) for key, value in after.items())


def test_a_training_is_the_same_with_and_without_a_finder_before_it(
    build_recipe, assert_same, weights_file
):
    settings = {"weights": weights_file("lcnet_050"), "frozen_epochs": 2}
    recipe = build_recipe("found", frozen_lr="suggested", **settings)
    recipe.train()
    rate = read_json(recipe.folder / "lr_suggestions.json")["frozen"]["rates"]["valley"]

    given = build_recipe("given", frozen_lr=rate, **settings)
    given.train()

    assert_same(recipe.folder, given.folder)


def test_both_phases_are_written_and_a_second_finding_replaces_the_first(
    build_recipe, weights_file
):
    recipe = build_recipe(weights=weights_file("lcnet_050"), frozen_epochs=1)

    for _ in range(2):
        curves = [recipe.find_rate(phase) for phase in ("frozen", "unfrozen")]

    written = pd.read_csv(recipe.folder / "lr_curve.csv")
    assert list(written) == list(schema.LR_CURVE)
    counts = written["phase"].value_counts()
    assert counts.to_dict() == {
        "frozen": len(curves[0].table),
        "unfrozen": len(curves[1].table),
    }
    known = read_json(recipe.folder / "lr_suggestions.json")
    assert list(known) == ["frozen", "unfrozen"]
    for phase, curve in zip(known, curves, strict=True):
        assert known[phase] == {
            "rates": curve.suggestions,
            "valleys": curve.valleys,
            "faults": curve.faults,
        }
    assert [len(known[phase]["valleys"]) for phase in known] == [5, 1]
    assert known["unfrozen"]["faults"]


def test_the_finder_of_the_second_phase_trains_the_first_before(
    build_recipe, read_curves, weights_file
):
    recipe = build_recipe(weights=weights_file("lcnet_050"), frozen_epochs=2)

    curve = recipe.find_rate_only("unfrozen")

    assert set(curve.table["phase"]) == {"unfrozen"}
    assert read_curves(recipe.folder)["phase"].tolist() == ["frozen", "frozen"]


def test_the_finder_can_be_stopped(build_recipe):
    def stop(phase, done, total, **detail):
        if done == 10:
            raise Stopped("Stopped as asked.")

    with pytest.raises(Stopped):
        build_recipe(progress=stop).find_rate_only("unfrozen")


def test_curves_that_explode_at_once_are_a_sentence(build_recipe):
    recipe = build_recipe()
    for parameter in recipe.network[1].parameters():
        parameter.data.fill_(1e30)

    with pytest.raises(ZapError, match=r"no usable curve in the unfrozen phase.*Give a number"):
        recipe.find_rate_only("unfrozen")
