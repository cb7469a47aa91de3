"""Color bias, the same shoe in another color: the figures are those of the analysis."""

from collections.abc import Callable

import pandas as pd
import pytest
from app_driver import App
from fake_run import add_check
from zapcls.ui.claim_view import SOURCE
from zapcls.words.colors import HEADS

from zapcls.analysis.natural_pairs import build_pairs, compare_colors
from zapcls.blocks import numbers
from zapcls.data.color import BASIC_COLORS
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import Run, read_predictions
from zapcls.workspace.store import Store


@pytest.fixture
def found(finished: Run, workspace: Workspace) -> pd.DataFrame:
    """What the pairs of valid come to, for women's shoes."""
    table = compare_colors(build_pairs(read_predictions(finished, workspace)))
    women = table[table["label"] == "Women"].set_index("color")
    assert len(women) > 1
    return women


def test_the_chosen_color_is_told_in_a_sentence(
    found: pd.DataFrame, open_page: Callable[..., App]
) -> None:
    color, row = next(found.iterrows())

    said = open_page("color_bias", claim_color=color).said

    assert f"**{row['n_products']}** women's products come in {color} and in another" in said
    assert f"{numbers.points(row['difference'])} points" in said
    assert "not to be told from chance" in said


def test_every_color_is_drawn_and_in_the_table(
    found: pd.DataFrame, open_page: Callable[..., App]
) -> None:
    app = open_page("color_bias")

    [table] = [f.value for f in app.dataframe if "pairs" in f.value]
    table = table.set_index("color")
    assert set(table.index) == set(found.index)
    assert table["products"].to_dict() == found["n_products"].to_dict()
    drawn = [t for chart in app.charts() for t in chart if set(t["y"]) == set(found.index)]
    assert len(drawn) == 1


def test_a_color_that_no_product_shares_is_a_sentence(
    found: pd.DataFrame, open_page: Callable[..., App]
) -> None:
    [color, *_] = [c for c in BASIC_COLORS if c not in found.index]

    said = open_page("color_bias", claim_color=color).said

    assert f"No women's shoe comes in {color} and in another color here." in said


def test_out_of_fold_answers_can_be_chosen_once_the_labels_are_checked(
    finished: Run, own_store: Store, open_page: Callable[..., App]
) -> None:
    assert HEADS not in open_page("color_bias").button_group(key=SOURCE).options

    add_check(finished, own_store)
    app = open_page("color_bias").choose(SOURCE, HEADS)

    assert "Out-of-fold, all photos: women's shoes" in app.said
