import math

import pytest
from zapcls.analysis.color_bias import (
    compare_color,
    count_directions,
    label_share_by_color,
)

from zapcls.analysis.intervals import wilson

COLORS = ["black", "pink", "green"]
CLASSES = ["Women", "Men"]
WRONG_WOMEN = {"label": "Women", "prediction": "Men"}
WRONG_MEN = {"label": "Men", "prediction": "Women"}
RIGHT_MEN = {"label": "Men", "prediction": "Men"}
NOT_COUNTED = [
    WRONG_WOMEN | {"color": "pink", "split": "train"},
    WRONG_WOMEN | {"color": "pink", "split": "tune"},
    {"label": "", "prediction": "Men", "color": "pink"},
]


@pytest.fixture
def table(build_table):
    """In valid: pink women's 2 wrong of 3, black women's 1 of 4, black men's 1 of 2; no pink men's
    shoe, nothing green."""
    return build_table(
        [
            WRONG_WOMEN | {"color": "pink", "product_id": "a"},
            WRONG_WOMEN | {"color": "pink", "product_id": "a"},
            {"color": "pink"},
            WRONG_WOMEN,
            {},
            {},
            {},
            WRONG_MEN,
            RIGHT_MEN,
            *NOT_COUNTED,
        ]
    )


def test_a_color_is_compared_with_all_others_of_the_same_label(table):
    rows = compare_color(table, "pink", "Women", "Men").set_index("group")

    assert rows.index.tolist() == ["color", "others"]
    assert rows[["n", "n_products", "hits"]].values.tolist() == [[3, 2, 2], [4, 4, 1]]
    assert rows["rate"].tolist() == pytest.approx([2 / 3, 1 / 4])
    assert rows.loc["others", "low"] == pytest.approx(wilson(0.25, 4)[0])


def test_only_the_class_asked_for_counts_not_any_error(build_table):
    girls = {"prediction": "Girls", "color": "pink"}
    table = build_table([girls, girls, WRONG_WOMEN | {"color": "pink"}])

    assert compare_color(table, "pink", "Women", "Men")["hits"].tolist() == [1, 0]
    assert compare_color(table, "pink", "Women", "Girls")["hits"].tolist() == [2, 0]


def test_called_may_be_the_label_itself(table):
    rows = compare_color(table, "black", "Men", "Men")

    assert rows["hits"].tolist() == [1, 0]
    assert rows["n"].tolist() == [2, 0]


def test_a_comparison_without_such_shoes_has_no_rate(table):
    rows = compare_color(table, "pink", "Men", "Women")

    assert rows["group"].tolist() == ["color", "others"]
    assert rows["n"].tolist() == [0, 2]
    assert rows["rate"].tolist() == pytest.approx([math.nan, 0.5], nan_ok=True)
    assert compare_color(table[:0], "pink", "Men", "Women")["n"].tolist() == [0, 0]


def test_directions_count_each_way_of_being_wrong_the_most_frequent_first(table):
    ways = count_directions(table)

    assert ways.values.tolist()[0] == ["pink", "Women", "Men", 2]
    assert sorted(ways.values.tolist()) == [
        ["black", "Men", "Women", 1],
        ["black", "Women", "Men", 1],
        ["pink", "Women", "Men", 2],
    ]
    assert ways["errors"].sum() == 4
    assert count_directions(table[:0]).empty


def test_label_share_counts_the_kept_shoes_of_every_split(table):
    shares = label_share_by_color(table, COLORS, "Women").set_index("color")

    assert shares.index.tolist() == COLORS
    assert shares["n"].tolist() == [6, 5, 0]
    assert shares["hits"].tolist() == [4, 5, 0]
    assert shares["rate"].tolist() == pytest.approx([2 / 3, 1.0, math.nan], nan_ok=True)
