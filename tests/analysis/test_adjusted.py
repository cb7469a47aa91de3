"""Odds of an error by color, the kind of shoe held: counted by hand where that can be done."""

import math

import numpy as np
import pandas as pd
import pytest

from zapcls.analysis.adjusted import do_disagree, fit_adjusted

WRONG = {"prediction": "Men"}


def shoes(color, kind, wrong, right, **more):
    """List `wrong` + `right` shoes of one color and sub-category."""
    shoe = {"color": color, "sub_category": kind} | more
    return [shoe | WRONG] * wrong + [shoe] * right


def odds_of(table, label=None):
    found = fit_adjusted(table, "valid", label)
    return found, found.odds.set_index("color")


@pytest.fixture
def confounded(build_table):
    """Slippers err in 40 %, heels in 10 %, whatever their color; most pink shoes are slippers."""
    return build_table(
        shoes("pink", "Slippers", 32, 48) + shoes("black", "Slippers", 9, 12)
        + shoes("pink", "Heels", 2, 18) + shoes("black", "Heels", 8, 72)
    )  # fmt: skip


def test_what_comes_with_the_color_is_taken_out(confounded):
    found, odds = odds_of(confounded)
    pink = odds.loc["pink"]

    assert found.reference == "black"
    assert (found.n, found.n_fitted, found.n_products) == (201, 201, 201)
    assert pink["crude"] == pytest.approx((34 / 66) / (17 / 84))
    assert pink["crude_low"] > 1
    assert pink["adjusted"] == pytest.approx(0.92, abs=0.02)
    assert pink["adjusted_low"] < 1 < pink["adjusted_high"]
    assert pink["disagrees"]
    assert odds.loc["black", "note"] == "the others are compared with it"
    assert math.isnan(odds.loc["black", "adjusted"])


def test_the_pooled_ratio_is_mantel_and_haenszels_by_hand(confounded):
    pink = odds_of(confounded)[1].loc["pink"]

    # Σ a d / n over Σ b c / n: slippers of 101 photos, heels of 100
    expected = (32 * 12 / 101 + 2 * 72 / 100) / (48 * 9 / 101 + 18 * 8 / 100)
    assert pink["pooled"] == pytest.approx(expected)
    assert pink["pooled_low"] < pink["pooled"] < pink["pooled_high"]
    assert pink["pooled_p"] > 0.5
    assert pink["homogeneity_p"] > 0.5


def test_an_effect_of_the_color_itself_stays(build_table):
    rows = [
        *shoes("pink", "Slippers", 40, 40), *shoes("black", "Slippers", 10, 40),
        *shoes("pink", "Heels", 10, 10), *shoes("black", "Heels", 16, 64),
    ]  # fmt: skip
    pink = odds_of(build_table(rows))[1].loc["pink"]

    assert pink["crude"] == pytest.approx(4)
    assert pink["adjusted"] == pytest.approx(4)
    assert pink["adjusted_low"] > 1
    assert not pink["disagrees"]
    assert pink["adjusted_p"] < 0.001


def test_four_photos_of_a_product_that_err_together_are_one(build_table):
    once = shoes("pink", "Heels", 20, 30) + shoes("black", "Heels", 25, 75)
    often = [row | {"product_id": f"q{i}"} for i, row in enumerate(once) for _ in range(4)]
    one, many = (odds_of(build_table(rows))[1].loc["pink"] for rows in (once, often))

    error = math.sqrt(1 / 20 + 1 / 30 + 1 / 25 + 1 / 75)  # Woolf's
    assert one["crude"] == pytest.approx(2)
    assert math.log(one["crude_high"] / 2) == pytest.approx(1.96 * error, rel=0.02)
    assert many["n"] == 4 * one["n"]
    assert many["n_products"] == one["n_products"]
    for end in ("crude_low", "crude_high", "adjusted_low", "adjusted_high"):
        assert many[end] == pytest.approx(one[end], rel=0.01)


def test_a_product_with_both_answers_makes_no_interval_narrower(build_table):
    rows = shoes("pink", "Heels", 20, 20) + shoes("black", "Heels", 20, 40)
    pairs = [row | {"product_id": f"{row['color']}{i % 20}"} for i, row in enumerate(rows)]
    one, paired = (odds_of(build_table(table))[1].loc["pink"] for table in (rows, pairs))

    assert paired["n_products"] == 20
    assert paired["crude_high"] >= 0.98 * one["crude_high"]


def test_a_color_without_an_error_has_a_reason_and_no_infinite_odds(build_table):
    rows = shoes("black", "Heels", 10, 40) + shoes("pink", "Heels", 0, 30)
    rows += shoes("red", "Heels", 30, 0) + shoes("blue", "Heels", 10, 20)
    rows += shoes("green", "Heels", 2, 2)
    found, odds = odds_of(build_table(rows))

    assert odds["note"][["pink", "red", "green"]].tolist() == [
        "no error",
        "no right answer",
        "fewer than 5 products",
    ]
    ratios = ["crude", "adjusted", "adjusted_high"]
    assert odds.loc[["pink", "red", "green"], ratios].isna().all(axis=None)
    assert (found.n, found.n_fitted) == (144, 80)
    assert odds.loc["blue", "adjusted"] == pytest.approx(2)
    assert odds.loc["blue", "p_holm"] == odds.loc["blue", "adjusted_p"]  # no other was tried


def test_p_is_corrected_for_all_colors(build_table):
    rows = shoes("black", "Heels", 10, 40) + shoes("pink", "Heels", 15, 20)
    rows += shoes("blue", "Heels", 6, 24)
    odds = odds_of(build_table(rows))[1]

    assert odds.loc["pink", "p_holm"] == pytest.approx(2 * odds.loc["pink", "adjusted_p"])
    assert math.isnan(odds.loc["black", "p_holm"])


def test_a_sub_category_without_an_error_is_left_out_and_counted(build_table):
    rows = shoes("black", "Heels", 10, 40) + shoes("pink", "Heels", 10, 20)
    rows += shoes("black", "Boots", 0, 25) + shoes("pink", "Boots", 0, 5)
    found, odds = odds_of(build_table(rows))

    assert (found.n, found.n_fitted) == (110, 80)
    assert odds.loc["pink", "crude"] == odds.loc["pink", "adjusted"] == pytest.approx(2)


def test_a_color_that_shares_no_sub_category_is_not_compared(build_table):
    rows = shoes("black", "Heels", 10, 40) + shoes("blue", "Heels", 10, 20)
    rows += shoes("pink", "Slippers", 10, 15)
    odds = odds_of(build_table(rows))[1]

    assert odds.loc["pink", "note"] == "shares no sub-category with the others"
    assert math.isnan(odds.loc["pink", "crude"])
    assert odds.loc["blue", "adjusted"] == pytest.approx(2)


def test_rare_sub_categories_are_one(build_table):
    rows = shoes("black", "Heels", 10, 40) + shoes("pink", "Heels", 10, 20)
    rows += shoes("black", "Clogs", 0, 6) + shoes("pink", "Flats", 5, 5)
    rows += shoes("black", "Flats", 2, 3)
    found = fit_adjusted(build_table(rows), "valid")

    assert found.n_fitted == found.n == 101  # alone, the clogs would have no error


def test_photos_without_overlap_are_counted(build_table):
    rows = shoes("black", "Heels", 5, 15) + shoes("pink", "Heels", 5, 15)
    rows += shoes("black", "Boots", 5, 25) + shoes("pink", "Slippers", 3, 4)
    rows += [{"label": "Men", "sub_category": "Boots", "prediction": "Men"}] * 7
    found, odds = odds_of(build_table(rows), "Women")

    assert odds["no_overlap"].to_dict() == {"black": 37, "pink": 37}
    assert (found.one_label, found.n_split) == (47, 84)
    assert found.n == 77


def test_the_label_is_held_where_both_are_asked_of(build_table):
    def sold(color, label, wrong, right):
        other = {"Women": "Men", "Men": "Women"}[label]
        shoe = {"color": color, "label": label}
        return [shoe | {"prediction": other}] * wrong + [shoe | {"prediction": label}] * right

    rows = sold("pink", "Women", 40, 40) + sold("black", "Women", 10, 10)
    rows += sold("pink", "Men", 2, 18) + sold("black", "Men", 10, 90)
    odds = odds_of(build_table(rows))[1]

    assert odds.loc["pink", "crude"] > 2
    assert odds.loc["pink", "adjusted"] == pytest.approx(1)
    of_women = odds_of(build_table(rows), "Women")[1]
    assert of_women.loc["black", "crude"] == pytest.approx(1)  # pink is the more frequent here


def test_only_known_colors_of_the_split_count(confounded):
    more = confounded.assign(split="train", product_id="t")
    gray = confounded.assign(color="", product_id="g")

    found = fit_adjusted(pd.concat([confounded, more, gray], ignore_index=True), "valid")

    assert found.n == 201


@pytest.mark.parametrize("rows", [[], [{}], [{"color": "pink"}, {}], [WRONG] * 30 + [{}] * 30])
def test_too_little_to_fit_is_said_and_not_a_traceback(build_table, rows):
    found = fit_adjusted(build_table(rows or [{}])[: len(rows)], "valid")

    assert (found.reference, found.n_fitted) == ("", 0)
    assert found.odds["adjusted"].isna().all()
    assert len(found.odds) == len({row.get("color", "black") for row in rows})


def test_no_table_of_chance_gives_an_infinite_or_silent_odds_ratio(build_table):
    rng = np.random.default_rng(0)
    for _ in range(6):
        rows = [
            {
                "color": rng.choice(["black", "pink", "red", "blue"]),
                "sub_category": rng.choice(["Heels", "Boots", "Flats"], p=[0.6, 0.3, 0.1]),
                "prediction": "Men" if rng.random() < 0.08 else "Women",
                "product_id": f"p{rng.integers(70)}",
            }
            for _ in range(120)
        ]
        odds = fit_adjusted(build_table(rows), "valid").odds
        has = odds["adjusted"].notna() & odds["crude"].notna()
        assert ((odds["note"] == "") == has).all()
        assert np.isfinite(odds.loc[has, ["crude_high", "adjusted_high", "adjusted_low"]]).all(
            axis=None
        )


@pytest.mark.parametrize(
    ("crude", "adjusted", "expected"),
    [
        ((1.4, 1.1, 1.8), (1.0, 0.8, 1.3), False),
        ((1.6, 1.1, 2.2), (1.0, 0.8, 1.3), True),  # by a factor
        ((1.1, 1.05, 1.15), (0.9, 0.85, 0.95), True),  # the other way, and told apart
        ((1.1, 0.8, 1.5), (0.9, 0.6, 1.3), False),  # the other way, but not told apart
        ((math.nan,) * 3, (2.0, 1.5, 3.0), False),
    ],
)
def test_crude_and_adjusted_disagree_by_factor_or_direction(crude, adjusted, expected):
    assert do_disagree(crude, adjusted) is expected
