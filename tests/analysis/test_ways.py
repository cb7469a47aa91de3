"""The claim, and each way to err: counted by hand; of two classes the figures of the groups."""

import math

import pytest

from zapcls.analysis.groups import compare_groups
from zapcls.analysis.intervals import wilson
from zapcls.analysis.ways import compare_claim, compare_way, count_directions

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
    rows = compare_claim(table, "pink", "Women", "Men").set_index("side")

    assert rows.index.tolist() == ["group", "others"]
    assert rows[["n", "n_products", "hits"]].values.tolist() == [[3, 2, 2], [4, 4, 1]]
    assert rows["rate"].tolist() == pytest.approx([2 / 3, 1 / 4])
    assert rows.loc["others", "low"] == pytest.approx(wilson(0.25, 4)[0])


def test_photos_of_no_known_color_are_not_among_the_others(build_table):
    unknown = [WRONG_WOMEN | {"color": ""}] * 3
    table = build_table([WRONG_WOMEN | {"color": "pink"}, {}, {}, *unknown])

    assert compare_claim(table, "pink", "Women", "Men")[["n", "hits"]].values.tolist() == [
        [1, 1],
        [2, 0],
    ]


def test_only_the_class_asked_for_counts_not_any_error(build_table):
    girls = {"prediction": "Girls", "color": "pink"}
    table = build_table([girls, girls, WRONG_WOMEN | {"color": "pink"}])

    assert compare_claim(table, "pink", "Women", "Men")["hits"].tolist() == [1, 0]
    assert compare_claim(table, "pink", "Women", "Girls")["hits"].tolist() == [2, 0]


def test_called_may_be_the_label_itself(table):
    rows = compare_claim(table, "black", "Men", "Men")

    assert rows["hits"].tolist() == [1, 0]
    assert rows["n"].tolist() == [2, 0]


def test_a_comparison_without_such_shoes_has_no_rate(table):
    rows = compare_claim(table, "pink", "Men", "Women")

    assert rows["side"].tolist() == ["group", "others"]
    assert rows["n"].tolist() == [0, 2]
    assert rows["rate"].tolist() == pytest.approx([math.nan, 0.5], nan_ok=True)
    assert compare_claim(table[:0], "pink", "Men", "Women")["n"].tolist() == [0, 0]


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


def shoes(*rows):
    """A row is (how many, color, label, prediction)."""
    names = ("color", "label", "prediction")
    return [dict(zip(names, row, strict=True)) for count, *row in rows for _ in range(count)]


def test_of_two_classes_an_error_is_the_other_way(build_table):
    table = build_table(
        shoes(
            (6, "pink", "Women", "Men"), (4, "pink", "Women", "Women"),
            (5, "black", "Women", "Men"), (25, "black", "Women", "Women"),
            (3, "pink", "Men", "Women"), (20, "black", "Men", "Men"),
        )
    )  # fmt: skip
    asked = (table, "valid", ["pink", "black"], ["Women", "Men"])
    groups = compare_groups(*asked, permutations=200).set_index(["color", "label"])

    for color, label, called in (("pink", "Women", "Men"), ("black", "Men", "Women")):
        way, tried = compare_way(*asked, (color, label, called), permutations=200)
        expected = groups.loc[(color, label), list(set(way) - {"mean_prob", "calibration_gap"})]
        assert {name: way[name] for name in expected.index} == pytest.approx(expected.to_dict())
        assert tried == 4


def test_of_three_classes_only_what_is_called_so_counts(build_table):
    table = build_table(
        shoes(
            (2, "pink", "Women", "Men"), (3, "pink", "Women", "Girls"),
            (5, "pink", "Women", "Women"), (1, "black", "Women", "Men"),
            (9, "black", "Women", "Women"), (4, "black", "Girls", "Women"),
        )
    )  # fmt: skip
    asked = (table, "valid", ["pink", "black"], ["Women", "Men", "Girls"])
    ways = {
        called: compare_way(*asked, ("pink", "Women", called), permutations=50)
        for called in ("Men", "Girls")
    }

    # women's of both colors, two ways; all girls' are black
    assert [tried for _, tried in ways.values()] == [4, 4]
    men, girls = (way for way, _ in ways.values())
    assert (men["hits"], men["hits_others"], girls["hits"], girls["hits_others"]) == (2, 1, 3, 0)
    assert men["difference"] == pytest.approx(0.2 - 0.1)
    assert girls["p_holm"] == pytest.approx(min(1, 4 * girls["p"]))  # the smallest of four
