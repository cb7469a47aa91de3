"""Color bias: rates by color and label, an empty cell that says so, and bars that open photos."""

from collections.abc import Callable

import pandas as pd
import pytest
from app_driver import App
from fake_run import add_check
from zapcls.ui.claim_view import SOURCE, judge_claim
from zapcls.words.colors import HEADS, RUN, describe_reach

from zapcls.analysis.groups import compare_groups
from zapcls.blocks import numbers
from zapcls.data.color import BASIC_COLORS
from zapcls.ui import filters
from zapcls.workspace.checks import read_predictions as read_checked
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import Run, read_predictions
from zapcls.workspace.store import Store, find_store_of


@pytest.fixture
def valid(finished: Run, workspace: Workspace) -> pd.DataFrame:
    """The labelled photos of valid with their colors, joined by hand."""
    store = find_store_of(workspace, workspace.drawings_dir)
    table = pd.read_parquet(finished.path / "predictions.parquet")
    table = table[(table["label"] != "") & (table["split"] == "valid")]
    return table.merge(store.read_colors()[["image_id", "color"]], on="image_id")


def find_cell(valid: pd.DataFrame, is_empty: bool) -> tuple[str, str]:
    """Find a color and a label that no photo of valid has, or that some have."""
    has = set(zip(valid["color"], valid["label"], strict=True))
    cells = [(color, label) for color in BASIC_COLORS for label in ("Women", "Men")]
    return next(cell for cell in cells if (cell not in has) == is_empty)


def test_the_claim_compares_pink_women_s_shoes_with_the_others(
    valid: pd.DataFrame, open_page: Callable[..., App]
) -> None:
    women = valid[valid["label"] == "Women"]
    pink, others = women[women["color"] == "pink"], women[women["color"] != "pink"]
    hits = [(rows["prediction"] == "Men").sum() for rows in (pink, others)]
    assert len(pink) > 0
    said = open_page("color_bias").said
    assert f"### {hits[0]} of {len(pink)} pink women's shoes are called men's" in said
    assert f"({hits[1]} of {len(others)})" in said
    assert "This run, valid, product split." in said


def test_the_claim_is_told_with_its_correction_and_what_could_be_found(
    finished: Run, workspace: Workspace, open_page: Callable[..., App]
) -> None:
    groups = compare_groups(
        read_predictions(finished, workspace), "valid", BASIC_COLORS, ["Women", "Men"]
    )
    pink = groups[(groups["color"] == "pink") & (groups["label"] == "Women")].iloc[0]
    said = open_page("color_bias").said

    between = numbers.difference(
        pink["difference"], pink["difference_low"], pink["difference_high"]
    )
    assert f"**{between} points** for pink" in said
    tried = groups["p"].notna().sum()
    corrected = f"corrected for the {tried} groups tried {numbers.p_value(pink['p_holm'])}"
    assert f"p = {numbers.p_value(pink['p'])}, {corrected}" in said
    reach = describe_reach(pink["detectable"], f"{pink['n_products']} pink products")
    assert f"**Not decidable at this n.** {reach}" in said


@pytest.fixture
def row() -> pd.Series:
    """Ten points more for a color, clear of chance."""
    return pd.Series(
        {
            "n": 60, "n_products": 50, "n_others": 200, "hits_others": 20, "rate_others": 0.1,
            "difference": 0.1, "difference_low": 0.02, "difference_high": 0.18, "p": 0.001,
            "p_holm": 0.02, "detectable": 0.09,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "**Called men's more often for pink.**"),
        (
            {"difference": -0.1, "difference_low": -0.18, "difference_high": -0.02},
            "**Called men's less often for pink.**",
        ),
        ({"p_holm": 0.06}, "**Not decidable at this n.**"),
        ({"difference_low": -0.01}, "**Not decidable at this n.**"),
        ({"n_others": 0}, "There are no other women's shoes to compare with."),
    ],
)
def test_the_claim_is_judged_by_both_the_interval_and_p(
    row: pd.Series, changes: dict[str, float], said: str
) -> None:
    for name, value in changes.items():
        row[name] = value
    told = judge_claim(row, 20, "pink", "Women", "Men")

    assert said in told
    if row["n_others"]:
        assert "Of the other women's shoes it is 10.0 % (20 of 200)" in told
        assert "With 50 pink products a rise of 9.0 points is found four times in five" in told


def test_out_of_fold_answers_are_chosen_for_the_whole_first_screen(
    finished: Run, own_store: Store, valid: pd.DataFrame, open_page: Callable[..., App]
) -> None:
    app = open_page("color_bias")
    assert app.button_group(key=SOURCE).options == [RUN]
    check = add_check(finished, own_store)
    table = read_checked(check, own_store)
    pink = table[(table["label"] == "Women") & (table["color"] == "pink")]

    app = open_page("color_bias", source=HEADS)

    hits = (pink["prediction"] == "Men").sum()
    assert len(pink) > (valid["color"].eq("pink") & valid["label"].eq("Women")).sum()
    assert f"### {hits} of {len(pink)} pink women's shoes are called men's" in app.said
    assert "Out-of-fold, all photos. Below:" in app.said
    assert app.dataframe[0].value["photos"].sum() == (table["color"] != "").sum()
    app = app.choose(SOURCE, RUN)
    assert "This run, valid, product split." in app.said
    assert app.query_params["source"] == RUN


def test_an_unknown_source_in_the_url_is_this_run(
    finished: Run, own_store: Store, open_page: Callable[..., App]
) -> None:
    add_check(finished, own_store)

    assert "This run, valid, product split." in open_page("color_bias", source="odd").said


def test_an_empty_claim_is_not_a_rate(valid: pd.DataFrame, open_page: Callable[..., App]) -> None:
    color, label = find_cell(valid, is_empty=True)
    other = {"Women": "Men", "Men": "Women"}[label]
    app = open_page("color_bias", claim_color=color).choose("claim_way", f"{label}-{other}")
    shop = {"Women": "women's", "Men": "men's"}[label]
    assert f"### No such shoes: valid has no {color} {shop} shoes." in app.said
    assert "0 of 0" not in app.said
    assert "0 %" not in app.markdown[0].value


def test_the_table_has_a_row_for_each_color_and_label(
    valid: pd.DataFrame, open_page: Callable[..., App]
) -> None:
    table = open_page("color_bias").dataframe[0].value
    cells = list(zip(table["color"], table["sold as"], strict=True))
    shops = {"women's": "Women", "men's": "Men"}
    assert cells == [(color, shop) for color in BASIC_COLORS for shop in shops]
    for (color, shop), (_, row) in zip(cells, table.iterrows(), strict=True):
        rows = valid[(valid["color"] == color) & (valid["label"] == shops[shop])]
        assert (row["photos"], row["products"]) == (len(rows), rows["product_id"].nunique())
        if rows.empty:
            assert row["wrong"] == "no such shoes"
            assert row["too sure by, points"] == "–"
            continue
        right = rows["label"] == rows["prediction"]
        percent = float(row["wrong"].split(" %")[0])
        assert percent == pytest.approx(100 * (1 - right.mean()), abs=0.05)
        mean = float(row["mean probability of the label"])
        assert mean == pytest.approx(rows["prob_label"].mean(), abs=0.0005)
        gap = numbers.points(rows["prob"].mean() - right.mean())
        assert row["too sure by, points"] == gap


def test_a_bar_opens_exactly_its_photos(valid: pd.DataFrame, open_page: Callable[..., App]) -> None:
    wrong = valid[valid["label"] != valid["prediction"]]
    color, label = wrong.iloc[0][["color", "label"]]
    app = open_page("color_bias")
    point = {"customdata": [color, label, 3, 1, 0.1, 0.5]}
    app.session_state["by_color"] = {"selection": {"points": [point]}}
    app.run()
    assert app.title[0].value == "Errors"
    assert app.multiselect(key="color").value == [color]
    assert app.multiselect(key="label").value == [label]
    expected = ((wrong["color"] == color) & (wrong["label"] == label)).sum()
    assert f"**{expected}** photo" in app.said


def test_a_bar_of_out_of_fold_answers_opens_those(
    finished: Run, own_store: Store, open_page: Callable[..., App]
) -> None:
    add_check(finished, own_store)
    app = open_page("color_bias", source=HEADS)
    point = {"customdata": ["black", "Women", 3, 1, 0.1, 0.5]}
    app.session_state["by_color"] = {"selection": {"points": [point]}}
    app.run()
    assert app.title[0].value == "Errors"
    assert app.button_group(key="source").value == filters.HEADS
    assert app.multiselect(key="color").value == ["black"]
