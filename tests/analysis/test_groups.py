"""Group and error: hand-counted tables, and the rate of false alarms."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from zapcls.analysis.adjusted import fit_adjusted
from zapcls.analysis.association import measure_association
from zapcls.analysis.groups import clustered_difference, compare_groups, permute_p
from zapcls.analysis.intervals import wilson
from zapcls.analysis.natural_pairs import build_pairs, compare_pairs
from zapcls.analysis.ways import compare_claim, compare_way, count_directions

CLASSES = ["Women", "Men"]
WRONG = {"prediction": "Men"}


@pytest.fixture
def groups(build_table):
    """Women's: pink 2 wrong of 3, both of product a, black 1 of 4; no pink men's shoe."""
    table = build_table(
        [
            WRONG | {"color": "pink", "product_id": "a"},
            WRONG | {"color": "pink", "product_id": "a"},
            {"color": "pink"},
            WRONG,
            {},
            {},
            {},
            {"label": "Men", "prediction": "Men", "prob": 0.7},
            {"label": "Men", "prediction": "Women", "prob": 0.9},
            WRONG | {"color": "pink", "split": "train"},
            WRONG | {"color": ""},
        ]
    )
    found = compare_groups(table, "valid", ["black", "pink"], CLASSES, permutations=200)
    return found.set_index(["color", "label"])


def test_a_group_is_compared_with_the_other_colors_of_its_label(groups):
    pink = groups.loc[("pink", "Women")]

    assert list(groups.index) == [(c, label) for c in ("black", "pink") for label in CLASSES]
    assert (pink["n"], pink["n_products"], pink["hits"]) == (3, 2, 2)
    assert (pink["n_others"], pink["n_products_others"], pink["hits_others"]) == (4, 4, 1)
    assert pink["difference"] == pytest.approx(2 / 3 - 1 / 4)
    assert pink["rate_others"] == 0.25
    assert pink["low_others"] == pytest.approx(wilson(0.25, 4)[0])
    assert pink["is_small"]
    men = groups.loc[("black", "Men")]
    assert men["mean_prob"] == pytest.approx((0.7 + 0.1) / 2)
    assert men["calibration_gap"] == pytest.approx((0.7 + 0.9) / 2 - 0.5)


def test_the_detectable_difference_is_that_of_the_formula(build_table):
    pink = [{"color": "pink", "product_id": name} for name in "abcd" for _ in range(4)]
    pink += [{"color": "pink", "product_id": "e"}] * 2
    rows = [*pink, *[WRONG] * 4, *[{}] * 76]
    found = compare_groups(build_table(rows), "valid", ["pink"], ["Women"], permutations=1)

    # others' rate (4 + 2) / (80 + 4); pink's 18 photos are 18² / (4·4² + 2²) products
    rate, one, other = 6 / 84, 68 / 18**2, 1 / 80
    rise = found["detectable"].iloc[0]
    both, raised = rate + rise * other / (one + other), rate + rise
    spread = math.sqrt(raised * (1 - raised) * one + rate * (1 - rate) * other)
    by_chance = math.sqrt(both * (1 - both) * (one + other))
    assert rise == pytest.approx(1.959964 * by_chance + 0.841621 * spread, rel=1e-5)
    assert rise > 0.4


def test_no_such_shoes_is_no_rate_and_no_comparison(groups):
    none = groups.loc[("pink", "Men")]

    assert (none["n"], none["n_products"]) == (0, 0)
    assert none[["rate", "difference", "p", "p_holm", "detectable", "mean_prob"]].isna().all()
    unpaired = ["difference", "difference_low", "difference_high", "p", "detectable"]
    assert groups.loc[("black", "Men"), unpaired].isna().all()


def test_a_difference_without_an_error_has_a_width(build_table):
    rows = [{}] * 5 + [{"color": "pink"}] * 4
    found = compare_groups(build_table(rows), "valid", ["pink"], ["Women"], permutations=20)

    row = found.iloc[0]
    assert (row["difference"], row["p"]) == (0, 1)
    z = 3.182446  # Student's t of 3 degrees of freedom: 4 products less one
    assert row["difference_high"] == pytest.approx(z**2 / (4 + z**2))
    assert row["difference_low"] == pytest.approx(-(z**2) / (5 + z**2))
    assert row["detectable"] > 0.3


def test_a_color_that_is_too_rare_could_not_show_any_rise(build_table):
    rows = [WRONG] * 60 + [{}] * 40 + [{"color": "pink"}]
    found = compare_groups(build_table(rows), "valid", ["pink"], ["Women"], permutations=1)

    assert found["detectable"].iloc[0] == 1


def test_the_interval_of_a_difference_is_newcombes_where_no_product_is_in_both(build_table):
    pink = [WRONG | {"color": "pink"}] * 12 + [{"color": "pink"}] * 28
    table = build_table(pink + [WRONG] * 6 + [{}] * 54).assign(wrong=lambda t: ~t["correct"])

    found = clustered_difference(table[:40], table[40:])

    level = 2 * norm.cdf(2.022691) - 1  # Student's t of 39 degrees of freedom
    (low, high), (low_other, high_other) = wilson(0.3, 40, level), wilson(0.1, 60, level)
    assert found == pytest.approx(
        (
            0.2,
            0.2 - math.hypot(0.3 - low, high_other - 0.1),
            0.2 + math.hypot(high - 0.3, 0.1 - low_other),
        )
    )


def test_products_in_both_colors_make_their_difference_surer(build_table):
    rows = [WRONG | {"product_id": f"q{i % 8}"} if i % 8 < 3 else {} for i in range(16)]
    apart = build_table(rows).assign(wrong=lambda t: ~t["correct"])
    paired = apart.assign(product_id=[f"q{i % 8}" for i in range(16)])

    _, low, high = clustered_difference(paired[:8], paired[8:])
    _, low_apart, high_apart = clustered_difference(apart[:8], apart[8:])

    assert (high - low) < 0.5 * (high_apart - low_apart)


def test_holm_corrects_for_all_groups(build_table):
    rows = [WRONG | {"color": "pink"}] * 15 + [{"color": "black"}] * 20 + [{"color": "red"}] * 20
    found = compare_groups(
        build_table(rows), "valid", ["black", "pink", "red"], ["Women"], permutations=300
    ).set_index("color")

    assert found.loc["pink", "p"] == pytest.approx(1 / 301)
    assert found.loc["pink", "p_holm"] == pytest.approx(3 / 301)
    assert (found["difference"] > 0).tolist() == [False, True, False]
    assert found["is_small"].tolist() == [False, True, False]  # of 20, 15 and 20 products


def test_an_empty_table_gives_empty_groups(build_table):
    found = compare_groups(build_table([{}])[:0], "valid", ["pink"], CLASSES, permutations=5)

    assert found["n"].tolist() == [0, 0]
    assert found[["p", "p_holm", "difference"]].isna().all(axis=None)


def test_errors_that_come_by_the_product_alarm_as_often_as_stated():
    """A color's products err no more often, but all photos of a product err together."""
    rng = np.random.default_rng(0)
    product = np.repeat(np.arange(48), 5)
    members = (product < 12)[None, :]
    alarms = [
        permute_p(members, rng.random(48)[product] < 0.3, product, 120, seed)[0] < 0.05
        for seed in range(200)
    ]

    assert 0.01 <= np.mean(alarms) <= 0.09


def test_a_clear_difference_is_found_among_many_groups(build_table):
    """All of a brand's twelve photos are wrong, none of the other 120 brands'."""
    brands = [f"brand {number}" for number in range(121)]
    rows = [{"color": "black", "brand": name} for name in brands[1:] for _ in range(2)]
    rows += [WRONG | {"color": "black", "brand": brands[0]}] * 12
    rows = [row | {"product_id": str(number)} for number, row in enumerate(rows)]

    found = compare_groups(build_table(rows), "valid", brands, ["Women"], 200, by="brand")

    by_brand = found.set_index("brand")
    assert by_brand.loc[brands[0], "p_holm"] < 0.05
    assert (by_brand["p_holm"].drop(brands[0]) > 0.05).all()


def test_a_label_without_an_error_costs_the_others_nothing(build_table):
    right = [{"label": "Men", "prediction": "Men", "color": color} for color in ("pink", "black")]
    women = [WRONG | {"color": "pink"}] * 2 + [{"color": "black"}] * 5
    colors = ["pink", "black"]

    both = compare_groups(build_table(women + right * 3), "valid", colors, CLASSES, 200)
    alone = compare_groups(build_table(women), "valid", colors, ["Women"], 200)

    of_women = both[both["label"] == "Women"].reset_index(drop=True)
    assert of_women["p_holm"].tolist() == alone["p_holm"].tolist()
    assert both.loc[both["label"] == "Men", "p_holm"].tolist() == [1.0, 1.0]


def test_the_p_of_a_color_within_products_sees_which_photo_errs():
    """Each product's one pink photo of two is the wrong one: its products alone would not tell."""
    product = np.repeat(np.arange(30), 2)
    members = (np.arange(60) % 2 == 0)[None, :]

    assert permute_p(members, members[0], product, 200, 0)[0] == pytest.approx(1 / 201)


@pytest.mark.parametrize(
    "compute",
    [
        lambda table, by: compare_groups(table, "valid", ["pink", "black"], CLASSES, 40, by=by),
        lambda table, by: compare_pairs(build_pairs(table, by=by), by=by),
        lambda table, by: fit_adjusted(table, "valid", "Women", by).odds,
        lambda table, by: compare_claim(table, "pink", "Women", "Men", by=by),
        lambda table, by: count_directions(table, by=by),
        lambda table, by: pd.DataFrame([measure_association(table, 20, by=by)]),
        lambda table, by: pd.Series(
            compare_way(
                table, "valid", ["pink", "black"], CLASSES, ("pink", "Women", "Men"), 40, by=by
            )[0]
        ).to_frame(),
    ],
)
def test_any_column_groups_as_the_color_does(build_table, compute):
    """Each figure is the same whatever the column is called, and "color" itself is not read."""
    rows = [
        (WRONG if place % 3 == 0 else {})
        | {"color": ("pink", "black")[place % 2], "product_id": f"p{place // 2}"}
        for place in range(60)
    ] + [{"label": "Men", "color": "pink"}, {"label": "Men", "prediction": "Men"}]
    table = build_table(rows)

    by_color = compute(table, "color")
    by_brand = compute(table.assign(brand=table["color"], color="grey"), "brand")

    renamed = by_brand.rename(columns={"brand": "color"})
    pd.testing.assert_frame_equal(renamed, by_color)
    assert len(by_color)


def test_groups_beyond_the_most_frequent_are_one_in_the_odds(build_table):
    rows = [{"brand": f"b{place % 50}"} for place in range(50 * 6)] + [{"brand": "b1"}] * 9
    odds = fit_adjusted(build_table(rows), "valid", by="brand").odds

    assert len(odds) == 41
    assert odds.set_index("brand").loc[["b1", "other"], "n"].tolist() == [15, 60]
