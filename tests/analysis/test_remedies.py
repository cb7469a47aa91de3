"""Remedies summed up: means over seeds, paired differences, one group for all."""

import math

import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.analysis.recoloring import cluster_mean
from zapcls.analysis.remedies import (
    ALL_SEEDS,
    choose_group,
    compare_remedies,
    summarize_remedies,
)

NOT_TESTED = ["control", "excess"]


def build_answers(wrong, split="valid", color="black", label="Women", start=0):
    """One photo a product: `wrong` maps (option, seed) to a list of 0 and 1."""
    return pd.DataFrame(
        {
            "option": option, "seed": seed, "image_id": f"{split}{start + place}",
            "product_id": f"{split}-p{start + place}", "split": split, "color": color,
            "label": label, "wrong": bool(is_wrong),
        }
        for (option, seed), answers in wrong.items()
        for place, is_wrong in enumerate(answers)
    )  # fmt: skip


def build_edits(flips):
    """`flips` maps (option, seed) to (product, to, flipped, flipped_control) an edit."""
    return pd.DataFrame(
        {
            "option": option, "seed": seed, "image_id": f"valid{product}",
            "product_id": f"valid-p{product}", "to": to, "flipped": bool(flipped),
            "flipped_control": bool(control),
        }
        for (option, seed), edits in flips.items()
        for product, to, flipped, control in edits
    )  # fmt: skip


@pytest.fixture
def edits():
    """Of two photos the first flips to red with the base line, and nothing with the option."""
    return build_edits(
        {
            ("plain", 0): [(0, "red", 1, 1), (0, "blue", 0, 0), (1, "red", 0, 0)],
            ("plain", 1): [(0, "red", 1, 0), (0, "blue", 1, 0), (1, "red", 0, 0)],
            ("gray", 0): [(0, "red", 0, 1), (0, "blue", 0, 0), (1, "red", 0, 0)],
            ("gray", 1): [(0, "red", 0, 0), (0, "blue", 0, 0), (1, "red", 0, 0)],
        }
    )


@pytest.fixture
def found(edits):
    answers = build_answers(
        {
            ("plain", 0): [1, 0, 0, 0],
            ("plain", 1): [1, 1, 0, 0],
            ("gray", 0): [0, 0, 0, 0],
            ("gray", 1): [0, 1, 0, 0],
        }
    )
    table = summarize_remedies(answers, edits, "plain")
    return table.set_index(["option", "measure", "seed"]).sort_index()


def test_a_rate_is_the_mean_over_seeds_beside_that_of_each(found):
    rates = found.xs(("plain", "error"))["rate"]

    assert rates.to_dict() == {ALL_SEEDS: 0.375, 0: 0.25, 1: 0.5}
    mean = found.loc[("plain", "error", ALL_SEEDS)]
    assert (mean["n"], mean["n_products"]) == (4, 4)
    assert mean["low"] < 0.25
    assert mean["high"] > 0.5


def test_differences_are_to_the_base_line_on_the_same_photos(found):
    rows = found.xs(ALL_SEEDS, level="seed")

    assert rows.loc[("gray", "error"), "difference"] == pytest.approx(0.125 - 0.375)
    assert rows.loc[("gray", "flip"), "difference"] == pytest.approx(-3 / 6)
    assert rows.loc["plain", "difference"].isna().all()
    assert found.drop(ALL_SEEDS, level="seed")["difference"].isna().all()


def test_flips_stand_beside_those_of_random_edits(found):
    rows = found.xs(ALL_SEEDS, level="seed")

    assert rows.loc[("plain", "flip"), ["n", "n_products", "rate"]].tolist() == [3, 2, 0.5]
    assert rows.loc[("plain", "control"), "rate"] == pytest.approx(1 / 6)
    assert rows.loc[("plain", "excess"), "rate"] == pytest.approx(1 / 3)
    assert rows.loc[("gray", "excess"), "rate"] == pytest.approx(-1 / 6)
    assert found.loc[("plain", "excess", 1), "rate"] == pytest.approx(2 / 3)


def test_where_no_group_is_large_there_are_no_such_shoes(found):
    rows = found.xs("worst group", level="measure")

    assert (rows["n"] == 0).all()
    assert rows[["rate", "difference", "p_holm"]].isna().all(axis=None)


def test_options_and_figures_come_in_their_order(edits):
    answers = build_answers({("plain", 0): [1, 0], ("gray", 0): [0, 0]})

    table = summarize_remedies(answers, edits[edits["seed"] == 0], "plain")

    assert list(table.columns) == list(schema.TRADE)
    assert list(dict.fromkeys(table["measure"])) == list(schema.TRADE_MEASURES)
    assert list(dict.fromkeys(table["option"])) == ["plain", "gray"]


def build_groups(tune_red, tune_blue, products=20):
    """Women's red shoes err always on valid, all others never; on tune by these answers."""
    one = ("plain", 0)
    return pd.concat(
        [
            build_answers({one: [1] * products}, color="red"),
            build_answers({one: [0] * 7}, color="red", label="Men", start=200),
            build_answers({one: [0] * products}, color="blue", start=100),
            build_answers({one: tune_red}, "tune", "red"),
            build_answers({one: tune_blue}, "tune", "blue", start=100),
        ]
    )


def test_the_worst_group_is_that_of_tune_whatever_valid_says():
    assert choose_group(build_groups([0, 0, 0, 0, 0], [1, 0, 0, 0, 0])) == ("blue", "Women")
    assert choose_group(build_groups([1, 1, 0, 0, 0], [1, 0, 0, 0, 0])) == ("red", "Women")


def test_the_worst_group_is_that_of_all_options_together():
    tune = build_answers({("gray", 0): [1] * 5, ("plain", 0): [0] * 5}, "tune", "red")
    others = build_answers({("gray", 0): [0] * 5, ("plain", 0): [1, 1, 0, 0, 0]}, "tune", "blue",
                           start=50)  # fmt: skip
    valid = build_groups([], [])

    assert choose_group(pd.concat([tune, others, valid])) == ("red", "Women")


def test_small_groups_and_photos_without_a_color_are_not_chosen():
    assert choose_group(build_groups([1, 1, 1, 1], [0] * 5)) == ("blue", "Women")  # 4 on tune
    assert choose_group(build_groups([1] * 5, [0] * 5, products=19)) == ("", "")
    nameless = build_groups([1] * 5, [0] * 5).replace({"color": {"red": ""}})
    assert choose_group(nameless) == ("blue", "Women")


def test_the_worst_group_s_rows_name_it_and_count_its_photos(edits):
    found = summarize_remedies(build_groups([1, 1, 0, 0, 0], [0] * 5), edits.query(
        "option == 'plain' and seed == 0"), "plain")  # fmt: skip

    row = found[(found["measure"] == "worst group") & (found["seed"] == ALL_SEEDS)].iloc[0]
    assert row[["color", "label", "n", "rate"]].tolist() == ["red", "Women", 20, 1.0]
    others = found[found["measure"] != "worst group"]
    assert (others[["color", "label"]] == "").all(axis=None)


def test_the_worst_group_may_be_of_any_column(edits):
    answers = build_groups([1, 1, 0, 0, 0], [0] * 5)
    options = edits.query("option == 'plain' and seed == 0")

    by_color = summarize_remedies(answers, options, "plain")
    by_brand = summarize_remedies(
        answers.rename(columns={"color": "brand"}), options, "plain", by="brand"
    )

    pd.testing.assert_frame_equal(by_brand.rename(columns={"brand": "color"}), by_color)


def test_what_one_training_wins_another_may_lose():
    gaps = pd.DataFrame([[-1, 1]] * 6)

    assert compare_remedies(gaps, pd.Series(range(6)))["p"] == 1


def test_p_flips_products_with_all_their_seeds():
    gaps = pd.DataFrame([[-1, -1]] * 6 + [[0, 0]] * 2)
    product = pd.Series([f"p{place}" for place in range(8)])

    row = compare_remedies(gaps, product)

    assert row["difference"] == -0.75
    assert row["p"] == pytest.approx(2 / 2**6)


def test_photos_of_one_product_are_one_witness():
    gaps = pd.DataFrame([[-1, -1]] * 8)

    row = compare_remedies(gaps, pd.Series(["p0"] * 8))

    assert row["p"] == 1
    assert (row["difference_low"], row["difference_high"]) == (-1, 1)


def test_one_training_leaves_what_products_leave_open():
    values = pd.Series([-1.0] * 20 + [0.0] * 60)
    product = pd.Series([f"p{place // 2}" for place in range(80)])

    row = compare_remedies(values.to_frame(), product)

    ends = (row["difference"], row["difference_low"], row["difference_high"])
    assert ends == pytest.approx(cluster_mean(values, product, is_rate=True))


def test_trainings_that_disagree_widen_the_interval():
    product = pd.Series([f"p{place}" for place in range(200)])
    alike = np.zeros((200, 2))
    alike[:20] = -0.5
    apart = np.zeros((200, 2))
    apart[:20, 0] = -1

    calm, shaky = (compare_remedies(pd.DataFrame(gaps), product) for gaps in (alike, apart))

    assert calm["difference"] == shaky["difference"] == -0.05
    assert calm["difference_high"] < 0
    # Means of -0.1 and 0: their standard error is 0.05, Student's t at one degree 12.7.
    half = math.hypot(calm["difference_high"] + 0.05, 12.706 * 0.05)
    assert shaky["difference_high"] == pytest.approx(-0.05 + half, abs=1e-4)


def test_p_is_corrected_for_options_and_figures_together():
    rng = np.random.default_rng(1)
    keys = [(option, seed) for option in ("plain", "gray", "balanced") for seed in (0, 1)]
    shares = {"plain": 0.5, "gray": 0.1, "balanced": 0.45}
    answers = pd.concat(
        [
            build_answers({key: rng.random(60) < shares[key[0]] for key in keys}, color="red"),
            build_answers({key: [1] * 5 for key in keys}, "tune", "red"),
        ]
    )
    edits = build_edits(
        {key: [(n, "red", rng.random() < shares[key[0]], 0) for n in range(60)] for key in keys}
    )

    found = summarize_remedies(answers, edits, "plain")

    means = found[(found["seed"] == ALL_SEEDS) & (found["option"] != "plain")]
    tested = means[~means["measure"].isin(NOT_TESTED)].sort_values("p")
    assert len(tested) == 6
    assert tested["p_holm"].iloc[0] == pytest.approx(6 * tested["p"].iloc[0])
    assert tested["p_holm"].iloc[1] == pytest.approx(
        max(5 * tested["p"].iloc[1], 6 * tested["p"].iloc[0])
    )
    assert means.loc[means["measure"].isin(NOT_TESTED), "p_holm"].isna().all()
