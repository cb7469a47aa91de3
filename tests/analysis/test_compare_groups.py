"""Two runs by group: paired differences, the worst group, flips, by hand-counted tables."""

import math

import numpy as np
import pandas as pd
import pytest

from zapcls.analysis.compare import paired_interval
from zapcls.analysis.compare_groups import compare_by_group, compare_flips, worst_groups
from zapcls.analysis.intervals import wilson

CLASSES = ["Women", "Men"]


def build_pairs(*rows):
    """A row is (product, color, label, first is wrong, second is wrong) and maybe "reviewed"."""
    table = pd.DataFrame([row[:5] for row in rows])
    table.columns = ["product_id", "color", "label_old", "wrong_old_first", "wrong_old_second"]
    return table.assign(is_reviewed=["reviewed" in row[5:] for row in rows])


def count(table, **keys):
    chosen = table[np.logical_and.reduce([table[name] == value for name, value in keys.items()])]
    assert len(chosen) == 1
    return chosen.iloc[0]


@pytest.fixture
def groups():
    """Pink women's: 2 of 4 wrong, then 3; black men's: 1 of 2, then 0; one was reviewed."""
    pairs = build_pairs(
        ("a", "pink", "Women", True, True),
        ("a", "pink", "Women", True, False),
        ("b", "pink", "Women", False, True),
        ("c", "pink", "Women", False, True),
        ("d", "black", "Men", True, False),
        ("e", "black", "Men", False, False),
        ("f", "black", "Men", True, True, "reviewed"),
        ("g", "", "Men", True, False),
    )
    return compare_by_group(pairs, ["black", "pink"], CLASSES)


def test_every_color_and_label_has_its_paired_difference(groups):
    assert list(zip(groups["color"], groups["label"], strict=True)) == [
        ("black", "Women"), ("black", "Men"), ("pink", "Women"), ("pink", "Men")
    ]  # fmt: skip
    pink = count(groups, color="pink", label="Women")
    counts = pink[["n", "n_products", "errors_first", "errors_second", "fixed", "broken"]]
    assert list(counts) == [4, 3, 2, 3, 1, 2]
    assert (pink["rate_first"], pink["rate_second"]) == (0.5, 0.75)
    expected = paired_interval(np.array([2, 1, 1]), np.array([-1, 1, 1]))
    assert tuple(pink[["difference", "low", "high"]]) == expected
    assert pink["difference"] == 0.25
    assert pink["p"] == 1  # of three flips of ±1 all sums are 1 or further
    assert pink["high_second"] == pytest.approx(wilson(0.75, 4)[1])


def test_photos_that_were_reviewed_do_not_count(groups):
    black = count(groups, color="black", label="Men")
    assert (black["n"], black["errors_first"], black["errors_second"]) == (2, 1, 0)


def test_a_group_without_shoes_is_empty_not_zero(groups):
    none = count(groups, color="pink", label="Men")
    assert (none["n"], none["errors_first"], none["n_products"]) == (0, 0, 0)
    rates = ["rate_first", "rate_second", "difference", "low", "high", "p", "p_holm"]
    assert none[rates].isna().all()
    assert none["is_small"]
    assert groups["n"].dtype == int


def test_p_is_corrected_for_the_groups_that_were_tried():
    rows = [(f"p{place}", "pink", "Women", False, True) for place in range(8)]
    rows += [(f"q{place}", "black", "Women", place < 5, False) for place in range(9)]
    groups = compare_by_group(build_pairs(*rows), ["black", "pink", "red"], CLASSES)
    pink, black = (count(groups, color=color, label="Women") for color in ("pink", "black"))

    assert (pink["p"], black["p"]) == (2 / 2**8, 2 / 2**5)
    assert pink["p_holm"] == pytest.approx(2 * 2 / 2**8)  # of two that were tried, not of six
    assert black["p_holm"] == pytest.approx(2 / 2**5)


def test_no_photo_at_all_is_a_table_of_nothing():
    groups = compare_by_group(build_pairs(("a", "red", "Men", True, True)), ["pink"], CLASSES)

    assert list(groups["n"]) == [0, 0]
    assert groups["p_holm"].isna().all()
    assert worst_groups(groups).empty


def test_the_worst_group_of_each_run_is_named_with_the_other_run_s_rate():
    rows = []
    for color, first, second in (("black", 10, 4), ("pink", 8, 12)):
        rows += [(f"{color}{k}", color, "Women", k < first, k < second) for k in range(20)]
    rows += [(f"r{k}", "red", "Women", True, True) for k in range(19)]  # too few products
    worst = worst_groups(compare_by_group(build_pairs(*rows), ["black", "pink", "red"], CLASSES))

    assert list(worst["run"]) == ["first", "second"]
    assert list(worst["color"]) == ["black", "pink"]
    assert list(worst["rate"]) == [0.5, 0.6]
    assert list(worst["rate_other"]) == [0.2, 0.4]
    assert list(worst["n"]) == [20, 20]
    ends = [wilson(0.5, 20), wilson(0.6, 20)]
    assert worst[["low", "high"]].to_numpy() == pytest.approx(np.array(ends))


def build_recoloring(answers):
    """Build what a run says: image_id -> {"": the photo's answer, (edit, to): an edit's}."""
    rows = []
    for image_id, given in answers.items():
        for edit, prediction in given.items():
            kind, to = edit or ("identity", "")
            rows.append((image_id, kind, to, prediction != "", prediction))
    names = ["image_id", "edit", "to", "is_reached", "prediction"]
    return pd.DataFrame(rows, columns=names).assign(prob_first=0.5, prob_label=0.5)


@pytest.fixture
def photos():
    return pd.DataFrame(
        {
            "image_id": ["a1", "a2", "b1"],
            "product_id": ["a", "a", "b"],
            "label_old": ["Women", "Women", "Men"],
            "color": "black",
        }
    )


def test_flips_are_compared_on_edits_that_both_runs_answered(photos):
    pink, blue, turn = ("hue", "pink"), ("hue", "blue"), ("random", "pink")
    first = build_recoloring(
        {
            "a1": {"": "Women", pink: "Men", blue: "Women", turn: "Women"},
            "a2": {"": "Women", pink: "Men", blue: ""},
            "b1": {"": "Men", pink: "Men"},
            "c1": {"": "Men", pink: "Women"},  # not valid in both runs
        }
    )
    second = build_recoloring(
        {
            "a1": {"": "Men", pink: "Men", blue: "Women", turn: "Women"},
            "a2": {"": "Men", pink: "Women", blue: "Men"},
            "b1": {"": "Men", pink: "Men"},
            "c1": {"": "Men", pink: "Women"},
        }
    )
    flips = compare_flips(photos, first, second, ["blue", "pink", "red"])

    kinds = list(zip(flips["edit"], flips["to"], strict=True))
    assert kinds == [("hue", "all"), ("random", "all"), ("hue", "blue"), ("hue", "pink")]
    to_pink = count(flips, edit="hue", to="pink")
    counts = to_pink[["n", "n_products", "errors_first", "errors_second", "fixed", "broken"]]
    assert list(counts) == [3, 2, 2, 1, 1, 0]
    expected = paired_interval(np.array([2, 1]), np.array([-1, 0]))
    assert tuple(to_pink[["difference", "low", "high"]]) == expected
    assert to_pink["difference"] == pytest.approx(-1 / 3)
    to_blue = count(flips, edit="hue", to="blue")
    assert (to_blue["n"], to_blue["errors_first"], to_blue["errors_second"]) == (1, 0, 1)
    assert (count(flips, edit="hue", to="all")["n"]) == 4
    assert flips["p_holm"].isna().tolist() == [True, True, False, False]


def test_without_a_common_edit_there_is_nothing_to_compare(photos):
    one = build_recoloring({"a1": {"": "Women", ("hue", "pink"): "Men"}})
    other = build_recoloring({"b1": {"": "Men", ("hue", "pink"): "Men"}})

    assert compare_flips(photos, one, other, ["pink"]).empty


def test_the_correction_of_flips_counts_colors_not_totals(photos):
    many = pd.concat(
        [photos.assign(image_id=f"{k}", product_id=f"p{k}").head(1) for k in range(10)]
    )
    edits = [("hue", "pink"), ("hue", "blue"), ("color", "pink")]
    first = build_recoloring({f"{k}": {"": "Men"} | dict.fromkeys(edits, "Men") for k in range(10)})
    second = build_recoloring(
        {f"{k}": {"": "Men"} | dict.fromkeys(edits, "Women") for k in range(10)}
    )
    flips = compare_flips(many, first, second, ["pink", "blue"])

    assert set(flips["p"]) == {2 / 2**10}
    adjusted = flips.loc[flips["to"] != "all", "p_holm"]
    assert len(adjusted) == 3
    assert adjusted.to_numpy() == pytest.approx(3 * 2 / 2**10)
    assert math.isnan(flips.loc[0, "p_holm"])
