"""Color bias, is it the color: the figures are those of the analysis."""

from collections.abc import Callable

from app_driver import App
from fake_run import add_check
from zapcls.ui.claim_view import SOURCE
from zapcls.words.colors import HEADS

from zapcls.analysis.groups import compare_groups, measure_association
from zapcls.blocks import numbers
from zapcls.data.color import BASIC_COLORS
from zapcls.ui import color_evidence_view as view
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import Run, read_predictions
from zapcls.workspace.store import Store


def find_table(app: App, column: str):
    """The table on the page that has this column."""
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


def test_the_data_s_association_is_told_with_its_intervals(
    finished: Run, workspace: Workspace, open_page: Callable[..., App]
) -> None:
    found = measure_association(read_predictions(finished, workspace))

    said = open_page("color_bias").said

    assert f"Cramér's V **{found.cramers_v:.3f}** ({found.v_low:.3f} to {found.v_high:.3f})" in said
    assert f"**{found.bits:.3f}** bits" in said
    assert f"{found.n:,} photos, {found.n_products:,} products" in said


def test_every_group_is_in_the_table_and_an_empty_one_says_so(
    finished: Run, workspace: Workspace, open_page: Callable[..., App]
) -> None:
    groups = compare_groups(
        read_predictions(finished, workspace), "valid", BASIC_COLORS, ["Women", "Men"]
    )

    app = open_page("color_bias")

    table = find_table(app, "detectable, points")
    assert table["photos"].tolist() == groups["n"].tolist()
    assert ((table["wrong"] == "no such shoes") == (groups["n"] == 0)).all()
    assert table["p, corrected"].tolist() == [numbers.p_value(p) for p in groups["p_holm"]]
    one = groups[groups["difference"].notna()].index[0]
    assert table.loc[one, "points (95 % interval)"].startswith(
        numbers.points(groups.loc[one, "difference"])
    )
    assert f"of {groups['p'].notna().sum()}** groups differ" in app.said


def test_small_groups_are_grey(finished: Run, workspace: Workspace) -> None:
    groups = compare_groups(
        read_predictions(finished, workspace), "valid", ["pink"], ["Women"], permutations=5
    )

    for is_small in (True, False):
        html = view.style_groups(groups.assign(is_small=is_small)).to_html()
        assert (charts.NEUTRAL in html) == is_small


def test_the_answers_chosen_above_are_those_that_are_fitted(
    finished: Run, workspace: Workspace, own_store: Store, open_page: Callable[..., App]
) -> None:
    app = open_page("color_bias")
    photos = find_table(app, "detectable, points")["photos"].sum()

    add_check(finished, own_store)
    app = open_page("color_bias").choose(SOURCE, HEADS)

    assert find_table(app, "detectable, points")["photos"].sum() > 2 * photos
    assert "Out-of-fold, all photos: odds of a wrong answer against" in app.said
    assert "Is it the color, or what comes with it?" in app.said
