from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from zapcls.analysis.intervals import count_rates
from zapcls.analysis.metrics import labelled
from zapcls.analysis.slices import (
    ALPHA,
    COLUMNS,
    build_slices,
    find_members,
    find_slices,
    max_t,
    name_values,
)

OUT = [
    "name", "where", "n", "n_products", "hits", "rate", "low", "high", "rest_rate", "excess", "p",
    "is_flagged", "folded",
]  # fmt: skip


@pytest.fixture
def build(build_table):
    """Return a function that builds labelled predictions; `wrong` says which rows are."""

    def rows_of(rows):
        called = {True: "Men", False: "Women"}
        return labelled(
            build_table([{"prediction": called[row.pop("wrong", False)]} | row for row in rows])
        )

    return rows_of


def repeat(count, row, **changes):
    return [row | changes for _ in range(count)]


def find(table, columns, **settings):
    return find_slices(table, columns, **{"min_products": 2, "permutations": 199} | settings)


def list_names(table, columns, min_products=2):
    return [" ".join(where.values()) for where in build_slices(table, columns, min_products)[0]]


def test_every_value_and_every_pair_of_values_with_enough_products_is_tried(build):
    table = build(
        [
            *repeat(3, {"color": "pink", "category": "Boots"}),
            *repeat(3, {"color": "pink", "category": "Shoes"}),
            *repeat(3, {"color": "red", "category": "Boots"}),
            *repeat(2, {"color": "red", "category": "Shoes"}),  # a pair of two products
            *repeat(3, {"color": "", "category": "Boots"}),  # blank is no value
            *repeat(9, {"color": "blue", "category": "Boots", "product_id": "one"}),
        ]
    )

    assert list_names(table, ["color", "category"], min_products=3) == [
        "pink", "red", "Boots", "Shoes", "pink Boots", "pink Shoes", "red Boots",
    ]  # fmt: skip
    assert "red Shoes" in list_names(table, ["color", "category"], min_products=2)
    assert "blue" in list_names(table, ["color"], min_products=1)


def test_a_group_must_have_a_rest_and_room_for_two_more_errors(build):
    """Half are wrong: three photos could exceed that by 1.5 errors, four by 2."""
    pink, red = {"color": "pink"}, {"color": "red"}
    blue = {"color": "blue", "wrong": True}
    table = build(repeat(3, pink) + repeat(4, red) + repeat(7, blue))

    assert list_names(table, ["color", "category"]) == ["red", "blue", "red Shoes", "blue Shoes"]


def test_lightness_and_several_colors_have_names(build_table):
    lightness = [0, 35, 35.1, 65, 65.1, 100, np.nan]
    table = build_table([{"lightness": value, "multicolor": value > 50} for value in lightness])

    named = name_values(table, "lightness")
    assert named[:6].tolist() == ["dark", "dark", "medium", "medium", "light", "light"]
    assert named.isna().tolist() == [False] * 6 + [True]
    assert name_values(table, "multicolor").tolist() == ["no"] * 3 + ["yes"] * 3 + ["no"]


def test_all_columns_are_tried_by_default(build):
    facts = dict.fromkeys(COLUMNS, "x") | {"label": "Women", "lightness": 20.0}
    table = build(
        repeat(12, facts, multicolor=True) + repeat(12, facts, multicolor=False, label="Men")
    )
    found = find_slices(table, permutations=9)

    assert found["where"].tolist() == [{"label": "Men"}, {"label": "Women"}]  # all else is alike
    assert found["folded"].tolist() == [22, 22]  # multicolor, and pairs with each other column


def test_a_group_that_errs_more_stands_first_with_its_figures(build):
    """Pink boots: 8 of 10 wrong; of the other 40, 4."""
    table = build(
        [
            *repeat(8, {"color": "pink", "category": "Boots", "wrong": True}),
            *repeat(2, {"color": "pink", "category": "Boots"}),
            *repeat(10, {"color": "pink"}),
            *repeat(1, {"category": "Boots", "wrong": True}),
            *repeat(9, {"category": "Boots"}),
            *repeat(3, {"color": "red", "wrong": True}),
            *repeat(17, {"color": "red"}),
        ]
    )
    found = find(table, ["color", "category"])
    first = found.iloc[0]
    rate = count_rates(table[:10], "wrong").iloc[0]

    assert found.columns.tolist() == OUT
    assert first["name"] == "color pink × category Boots"
    assert first["where"] == {"color": "pink", "category": "Boots"}
    assert first[["n", "n_products", "hits"]].tolist() == [10, 10, 8]
    assert first[["rate", "low", "high"]].tolist() == [0.8, rate["low"], rate["high"]]
    assert first["rest_rate"] == pytest.approx(0.1)
    assert first["excess"] == pytest.approx(8 - 10 * 0.1)
    assert first["p"] == 1 / 200
    assert first["is_flagged"]
    assert (found["is_flagged"] == (found["p"] < ALPHA)).all()
    assert found["p"].is_monotonic_increasing
    assert not found["is_flagged"].all()


def test_the_rows_of_a_group_are_those_it_counts(build):
    table = build(
        [
            {"color": "pink", "lightness": 20.0, "multicolor": True},
            {"color": "pink", "lightness": 80.0, "multicolor": True},
            {"color": "pink", "lightness": float("nan"), "multicolor": True},
            {"color": "red", "lightness": 20.0, "multicolor": False},
        ]
    )

    assert find_members(table, {"color": "pink"})["image_id"].tolist() == ["i0", "i1", "i2"]
    assert find_members(table, {"color": "pink", "lightness": "dark"})["image_id"].item() == "i0"
    assert find_members(table, {"multicolor": "no"})["image_id"].item() == "i3"


def test_p_is_that_of_the_worst_of_all_groups(build):
    """Both errors fall on one given half in 3 of 15 arrangements, on either half in 6."""
    table = build(
        repeat(2, {"color": "pink", "wrong": True})
        + repeat(1, {"color": "pink"})
        + repeat(3, {"color": "red"})
    )
    found = find(table, ["color"], permutations=4000).set_index("name")

    assert found.loc["color pink", "p"] == pytest.approx(6 / 15, abs=0.03)
    assert found.loc["color red", "p"] == 1


def test_p_agrees_with_a_count_of_all_arrangements(build):
    """Nine photos, overlapping groups; z by the mean and deviation over all of them."""
    colors, categories = "aaaabbbbb", "xxyyxxxyy"
    wrong = [0, 1, 2]
    table = build(
        [
            {"color": color, "category": category, "wrong": place in wrong}
            for place, (color, category) in enumerate(zip(colors, categories, strict=True))
        ]
    )
    found = find(table, ["color", "category"], permutations=6000).set_index("name")
    _, members = build_slices(table, ["color", "category"], 2)
    drawn = np.zeros((9, 84))
    for place, chosen in enumerate(combinations(range(9), 3)):
        drawn[list(chosen), place] = 1
    hits = members @ drawn
    z = (hits - hits.mean(axis=1, keepdims=True)) / hits.std(axis=1, keepdims=True)
    observed = z[:, 0]  # the first arrangement is 0, 1, 2
    expected = np.mean(z.max(axis=0) >= observed.max() - 1e-9)

    assert found["p"].iloc[0] == pytest.approx(expected, abs=0.03)


def test_a_product_errs_as_a_whole(build):
    """One product is wrong in all its photos: that it lies in one of two halves says nothing."""
    products = [{"product_id": f"p{k}", "color": "pink" if k < 2 else "red"} for k in range(4)]
    table = build([row | {"wrong": k == 0} for k, row in enumerate(products) for _ in range(5)])

    assert find(table, ["color"])["p"].tolist() == [1, 1]


def test_errors_move_within_a_product_too(build):
    """In each of ten products the pink photo is wrong and the red one is right."""
    table = build(
        [
            {"product_id": f"p{k}", "color": color, "wrong": color == "pink"}
            for k in range(10)
            for color in ("pink", "red")
        ]
    )

    assert find(table, ["color"]).iloc[0][["name", "p"]].tolist() == ["color pink", 1 / 200]


def test_z_counts_both_ways_in_which_errors_move(build):
    """Two products of two photos, with one and two errors; pink are one and two of theirs.

    If the errors stay with their products, pink has 2 or 3 of them; if they are exchanged, 2.
    The mean is 2.25, the variance 3/16.
    """
    colors, wrong = ["pink", "red", "pink", "pink"], np.array([True, False, True, True])
    table = build([{"color": color} for color in colors]).assign(wrong=wrong)
    is_pink = csr_array(np.array([[color == "pink" for color in colors]], dtype=np.float32))
    z, p = max_t(is_pink, table["wrong"].to_numpy(), np.array([0, 0, 1, 1]), 4000, 0)

    assert z == pytest.approx(0.75 / np.sqrt(3 / 16))
    assert p == pytest.approx(0.25, abs=0.03)


def test_errors_move_between_products_of_as_many_images_only(build):
    """Products of one photo err, those of two never do: any group may consist of the former."""
    table = build(
        repeat(6, {"color": "pink", "wrong": True})
        + [{"product_id": f"two{k}", "color": "red"} for k in range(6) for _ in range(2)]
    )

    assert find(table, ["color"])["p"].tolist() == [1, 1]


def test_the_seed_decides(build):
    rng = np.random.default_rng(1)
    table = build(
        [{"color": rng.choice(["a", "b"]), "wrong": rng.random() < 0.3} for _ in range(60)]
    )
    found = find(table, ["color"])

    assert find(table, ["color"]).equals(found)
    assert not find(table, ["color"], seed=1).equals(found)


def test_groups_of_nearly_the_same_photos_are_listed_once(build):
    """Pink, Boots and pink Boots are the same ten photos but one; the clearest stands for all."""
    table = build(
        [
            *repeat(8, {"color": "pink", "category": "Boots", "wrong": True}),
            *repeat(2, {"color": "pink", "category": "Boots"}),
            *repeat(1, {"color": "red", "category": "Boots"}),
            *repeat(29, {"color": "red"}),
        ]
    )
    found = find(table, ["color", "category"])

    assert found["name"].tolist()[0] == "color pink"  # simpler than the pair, clearer than Boots
    assert found.loc[0, "folded"] == 2
    assert found["folded"].sum() + len(found) == found.attrs["tried"] == 6
    assert found["name"].tolist()[1:] in (["color red"], ["category Shoes"])


def test_groups_that_share_less_are_both_listed(build):
    table = build(
        [
            *repeat(8, {"color": "pink", "category": "Boots", "wrong": True}),
            *repeat(2, {"color": "red", "category": "Boots"}),  # a Jaccard of exactly 0.8
            *repeat(30, {"color": "red"}),
        ]
    )

    assert {"color pink", "category Boots"} <= set(find(table, ["color", "category"])["name"])


@pytest.mark.parametrize("wrong", [True, False])
def test_where_all_are_right_or_all_wrong_nothing_is_flagged(build, wrong):
    table = build(repeat(5, {"color": "pink", "wrong": wrong}) + repeat(5, {"wrong": wrong}))
    found = find(table, ["color"])

    assert found["p"].tolist() == [1] * len(found)
    assert len(found) == (0 if wrong else 2)  # with no right answer there is no room


def test_without_a_group_or_a_photo_the_table_is_empty(build):
    for table in (build([{}]), build([{}, {"color": "pink"}])[:0]):
        found = find(table, ["color", "category"])
        assert found.columns.tolist() == OUT
        assert found.empty
        assert found.attrs["tried"] == 0


def test_false_alarms_are_as_rare_as_stated(build):
    """Errors come by product and depend on no group: 200 tables, ten false alarms expected."""
    rng = np.random.default_rng(0)
    rows = [
        {"product_id": f"p{k}", "color": rng.choice(list("abcd")), "category": str(k % 2)}
        for k in range(60)
        for _ in range(rng.integers(1, 4))
    ]
    table = build(rows)
    product = pd.factorize(table["product_id"])[0]
    _, members = build_slices(table, ["color", "category"], 2)
    alarms = 0
    for seed in range(200):
        rate = rng.choice([0.02, 0.6], 60, p=[0.8, 0.2])
        wrong = rng.random(len(table)) < rate[product]
        alarms += max_t(members, wrong, product, 99, seed)[1].min() < ALPHA

    assert 2 <= alarms <= 20  # either would be missed by chance once in a thousand times
