"""Color bias: rates by color and label, an empty cell that says so, and bars that open photos."""

from collections.abc import Callable

import pandas as pd
import pytest
from app_driver import App

from zapcls.data.color import BASIC_COLORS
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import Run
from zapcls.workspace.store import find_store_of


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
    assert cells == [(color, label) for color in BASIC_COLORS for label in ("Women", "Men")]
    for (color, label), row in zip(cells, table.itertuples(index=False), strict=True):
        rows = valid[(valid["color"] == color) & (valid["label"] == label)]
        wrong = (rows["prediction"] != label).sum()
        assert (row.photos, row.products) == (len(rows), rows["product_id"].nunique())
        assert row.wrong == wrong
        if rows.empty:
            assert row[-1] == "no such shoes"
        else:
            percent = float(row[-1].split(" % (")[0])
            assert percent == pytest.approx(100 * wrong / len(rows), abs=0.05)


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
