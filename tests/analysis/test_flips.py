"""Flips of recolored photos beside their controls: hand-counted."""

import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.analysis.recoloring import (
    ALL,
    cluster_mean,
    count_reached,
    find_flips,
    pair_edits,
    summarize_controls,
    summarize_flips,
)

PHOTOS = pd.DataFrame(
    {
        "image_id": ["a1", "a2", "b1", "c1"],
        "product_id": ["a", "a", "b", "c"],
        "label": ["Men", "Men", "Men", "Women"],
        "color": ["black", "brown", "black", "black"],
    }
)


def build(*rows):
    """A row is image_id, edit, to, prediction, prob_first; without a prediction not reached."""
    table = pd.DataFrame(rows, columns=["image_id", "edit", "to", "prediction", "prob_first"])
    table = table.assign(
        named=table["to"], is_reached=table["prediction"] != "", delta_e=10.0, delta_l=0.0,
        prob_label=0.5,
    )  # fmt: skip
    return schema.conform(table, schema.RECOLORING, "recoloring")


@pytest.fixture
def found():
    return build(
        ("a1", "identity", "", "Men", 0.2),
        ("a2", "identity", "", "Men", 0.4),
        ("b1", "identity", "", "Men", 0.1),
        ("c1", "identity", "", "Women", 0.9),
        ("a1", "hue", "pink", "Women", 0.7),
        ("a1", "random", "pink", "Men", 0.3),
        ("a1", "ground", "pink", "Men", 0.2),
        ("a2", "hue", "pink", "Women", 0.6),
        ("a2", "random", "pink", "Women", 0.6),
        ("b1", "hue", "pink", "Men", 0.3),
        ("b1", "random", "pink", "Men", 0.1),
        ("c1", "hue", "pink", "Women", 0.95),
        ("c1", "random", "pink", "Men", 0.4),
        ("c1", "hue", "white", "", np.nan),
        ("b1", "color", "white", "Women", 0.8),
        ("b1", "lightness", "white", "Women", 0.7),
    )


def test_an_edit_stands_beside_the_photo_before_and_its_control(found):
    pairs = pair_edits(found, PHOTOS)

    assert len(pairs) == 15  # the one that was not reached is none
    hue = pairs[pairs["edit"] == "hue"].set_index("image_id")
    assert hue["flipped"].to_dict() == {"a1": True, "a2": True, "b1": False, "c1": False}
    assert hue["flipped_control"].to_dict() == {"a1": False, "a2": True, "b1": False, "c1": True}
    assert hue["shift"].to_dict() == pytest.approx({"a1": 0.5, "a2": 0.2, "b1": 0.2, "c1": 0.05})
    [color] = pairs[pairs["edit"] == "color"].itertuples()
    assert (color.flipped, color.flipped_control, color.label) == (True, True, "Men")


def test_flips_are_summed_up_by_target_and_label(found):
    summary = summarize_flips(pair_edits(found, PHOTOS)).set_index(["edit", "to", "label"])

    assert set(summary.index) == {
        ("hue", ALL, ALL), ("hue", "pink", "Men"), ("hue", "pink", "Women"),
        ("color", ALL, ALL), ("color", "white", "Men"),
    }  # fmt: skip
    men = summary.loc[("hue", "pink", "Men")]
    assert men[["n", "n_products", "flips"]].to_list() == [3, 2, 2]
    assert men["flip_rate"] == pytest.approx(2 / 3)
    assert men["low"] < 2 / 3 < men["high"]
    assert men["control_rate"] == pytest.approx(1 / 3)
    assert men["excess"] == pytest.approx(1 / 3)
    assert men["shift"] == pytest.approx(0.3)
    assert men["p"] == 1  # product a: +1, product b: 0
    women = summary.loc[("hue", "pink", "Women")]
    assert (women["flip_rate"], women["excess"]) == (0, -1)
    assert women["high"] > 0  # no width is zero
    assert summary.loc[("hue", ALL, ALL), "n"] == 4
    assert np.isnan(summary.loc[("hue", ALL, ALL), "p_holm"])


def test_what_every_control_does_too_is_no_excess():
    rows = []
    photos = pd.DataFrame(
        {
            "image_id": [f"i{place}" for place in range(30)],
            "product_id": [f"p{place}" for place in range(30)],
            "label": "Men",
            "color": "black",
        }
    )
    for image_id in photos["image_id"]:
        rows += [
            (image_id, "identity", "", "Men", 0.1),
            (image_id, "hue", "pink", "Women", 0.9),
            (image_id, "random", "pink", "Women", 0.9),
            (image_id, "hue", "blue", "Women", 0.9),
            (image_id, "random", "blue", "Men", 0.1),
        ]
    summary = summarize_flips(pair_edits(build(*rows), photos)).set_index("to")

    assert (summary.loc["pink", "flip_rate"], summary.loc["blue", "flip_rate"]) == (1, 1)
    assert (summary.loc["pink", "excess"], summary.loc["blue", "excess"]) == (0, 1)
    assert summary.loc["pink", "p_holm"] == 1
    assert summary.loc["blue", "p_holm"] < 1e-6
    assert summary.loc["pink", "excess_low"] < 0 < summary.loc["pink", "excess_high"]


def test_controls_are_counted_by_kind(found):
    controls = summarize_controls(pair_edits(found, PHOTOS)).set_index("edit")

    assert controls["n"].to_dict() == {
        "identity": 4, "hue": 4, "random": 4, "ground": 1, "color": 1, "lightness": 1,
    }  # fmt: skip
    assert controls["hits"].to_dict() == {
        "identity": 0, "hue": 2, "random": 2, "ground": 0, "color": 1, "lightness": 1,
    }  # fmt: skip
    assert (controls["delta_e"] == 10).all()


def test_what_was_not_reached_is_counted(found):
    reached = count_reached(found, ["pink", "white"]).set_index(["edit", "to"])

    assert reached.loc[("hue", "pink")].to_list() == [4, 4]
    assert reached.loc[("hue", "white")].to_list() == [1, 0]
    assert reached.loc[("color", "pink")].to_list() == [0, 0]


def test_a_photo_flips_by_its_hue_only_where_no_control_flips_it(found):
    flips = find_flips(found).set_index("image_id")["flips"]

    assert flips.to_dict() == {"a1": True, "a2": False, "b1": False, "c1": False}


def test_a_mean_counts_products():
    values, product = pd.Series([1.0, 1.0, 1.0, 0.0]), pd.Series(["a", "a", "a", "b"])
    mean, low, high = cluster_mean(values, product)
    # pulls are (3/4 - ... ): (1 - 0.75) * 3 / 4 and (0 - 0.75) / 4; t(0.975, 1 df) = 12.706
    half = 12.706 * np.sqrt(2 * (0.1875**2 + 0.1875**2))
    assert mean == 0.75
    assert (low, high) == pytest.approx((max(-1, 0.75 - half), min(1, 0.75 + half)), abs=1e-3)
    alike = cluster_mean(pd.Series([0.0] * 30), pd.Series(range(30)), is_rate=True)
    assert alike == pytest.approx((0, -0.1, 0.1))  # 3 / 30 products
    assert cluster_mean(pd.Series([0.3]), pd.Series(["a"])) == pytest.approx((0.3, -1, 1))


def test_nothing_found_is_an_empty_summary():
    empty = pair_edits(build(("a1", "identity", "", "Men", 0.2)), PHOTOS)
    assert summarize_flips(empty).empty
    assert summarize_controls(empty)["hits"].to_list() == [0]
