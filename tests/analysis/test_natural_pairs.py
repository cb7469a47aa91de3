"""Natural pairs: the same product in two colors, a product once, by hand-counted tables."""

import numpy as np
import pytest

from zapcls.analysis.natural_pairs import build_pairs, compare_pairs


def shoe(product, color, is_right, **more):
    prediction = "Women" if is_right else "Men"
    return {"product_id": product, "color": color, "prediction": prediction} | more


def test_a_pair_is_one_product_under_one_label_in_two_colors(build_table):
    table = build_table(
        [
            shoe("p", "pink", False),
            shoe("p", "black", True),
            shoe("p", "black", True),  # no pair with the other black one
            shoe("p", "red", True, label="Men"),  # sold under another label
            shoe("p", "blue", True, split="train"),
            shoe("p", "", True),  # its color is not known
            shoe("q", "pink", True),
        ]
    )

    pairs = build_pairs(table)

    found = set(zip(pairs["image_id"], pairs["image_id_other"], strict=True))
    assert found == {("i0", "i1"), ("i1", "i0"), ("i0", "i2"), ("i2", "i0")}
    first = pairs[(pairs["image_id"] == "i0") & (pairs["image_id_other"] == "i1")].iloc[0]
    assert (first["color"], first["color_other"]) == ("pink", "black")
    assert (first["wrong"], first["wrong_other"]) == (True, False)


def test_a_product_counts_once_however_many_colors_it_has(build_table):
    rows = [shoe("many", "pink", False)]
    rows += [shoe("many", color, True) for color in ("black", "red", "blue", "green")]
    rows += [shoe("few", "pink", True), shoe("few", "black", True)]

    found = compare_pairs(build_pairs(build_table(rows))).set_index(["label", "color"])

    pink = found.loc["Women", "pink"]
    assert (pink["n_pairs"], pink["n_products"]) == (5, 2)
    assert pink["rate"] == 0.5  # one product of two
    assert pink["rate_other"] == 0
    assert pink["difference"] == 0.5
    assert pink["discordant"] == 0.5
    black = found.loc["Women", "black"]
    assert black["rate_other"] == pytest.approx(0.25 / 2)  # one of the four others, of one product


def test_the_shift_is_that_of_the_labels_probability(build_table):
    rows = [
        shoe("p", "pink", True, prob=0.9, prob_label=0.6),
        shoe("p", "black", True, prob=0.9, prob_label=0.9),
    ]

    found = compare_pairs(build_pairs(build_table(rows))).set_index("color")

    assert found.loc["pink", "shift"] == pytest.approx(-0.3)
    assert found.loc["black", "shift"] == pytest.approx(0.3)


def test_no_interval_has_zero_width(build_table):
    rows = [shoe(f"p{i}", color, True) for i in range(12) for color in ("pink", "black")]

    pink = compare_pairs(build_pairs(build_table(rows))).set_index("color").loc["pink"]

    assert (pink["difference"], pink["p"]) == (0, 1)
    assert (pink["low"], pink["high"]) == (-3 / 12, 3 / 12)


def test_the_interval_is_students_over_products(build_table):
    rows = [
        shoe(f"p{i}", color, not (color == "pink" and i < 40))
        for i in range(100)
        for color in ("pink", "black")
    ]

    pink = compare_pairs(build_pairs(build_table(rows))).set_index("color").loc["pink"]

    half = 1.984217 * np.sqrt(0.4 * 0.6 / 99)  # the quantile of t with 99 degrees of freedom
    assert pink["low"] == pytest.approx(0.4 - half, abs=1e-5)
    assert pink["high"] == pytest.approx(0.4 + half, abs=1e-5)
    assert pink["p"] == pytest.approx(2 / 2**40)  # all 40 the same way


def test_p_is_corrected_for_how_many_colors_were_tried(build_table):
    colors = ["black", "pink", "red", "blue"]
    rows = [shoe(f"p{i}", color, color != "pink") for i in range(8) for color in colors]

    found = compare_pairs(build_pairs(build_table(rows))).set_index("color")

    assert found.loc["pink", "p"] == pytest.approx(2 / 2**8)
    assert found.loc["pink", "p_holm"] == pytest.approx(4 * 2 / 2**8)


def test_no_pairs_give_an_empty_table(build_table):
    found = compare_pairs(build_pairs(build_table([shoe("p", "pink", True)])))

    assert found.empty
    assert "p_holm" in found
