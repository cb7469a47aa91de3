"""Comparing two runs: pairs, cells, and differences with intervals, by hand-computed tables."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from small import small_config

from zapcls import schema
from zapcls.analysis import compare
from zapcls.analysis.intervals import wilson
from zapcls.data.task import Task

CLASSES = ["Women", "Men"]


@pytest.fixture
def build_runs(build_table):
    """Return a function that builds the tables of two runs.

    A row is (product, catalogue's label, first answer, second answer), all in valid, the letters
    W and M for the classes; a fifth value names the parts that the two runs put it in.
    """
    names = {"W": "Women", "M": "Men", "": ""}

    def build_rows(number, rows):
        for place, (product, label, *answers) in enumerate(rows):
            yield {
                "product_id": product, "label": names[label], "prob": 0.6 + 0.2 * number,
                "prediction": names[answers[number]], "row": place,
                "split": answers[2][number] if answers[2:] else "valid",
            }  # fmt: skip

    return lambda *rows: [build_table(list(build_rows(number, rows))) for number in (0, 1)]


def build_verdicts(**marks):
    """Build verdicts from image_id=mark, or image_id=(mark, right label); "" is a conflict."""
    rows = []
    for image_id, mark in marks.items():
        mark, right = mark if isinstance(mark, tuple) else (mark, "")
        rows.append((image_id, mark, right, "", "Ann", "2026-01-02T10:00:00.000000", mark == ""))
    table = pd.DataFrame(rows, columns=list(schema.VERDICTS))
    return schema.conform(table, schema.VERDICTS, "verdicts")


NOBODY = build_verdicts()


def pair(tables, verdicts=NOBODY):
    return compare.pair_runs(*tables, verdicts, CLASSES).set_index("image_id", drop=False)


def test_only_labelled_images_that_are_valid_in_both_are_paired(build_runs):
    tables = build_runs(
        ("a", "W", "W", "M"),
        ("b", "M", "W", "M", ("valid", "train")),
        ("c", "M", "W", "M", ("tune", "valid")),
        ("d", "", "W", "M"),
        ("e", "M", "M", "M"),
    )
    pairs = pair(tables)

    assert list(pairs["image_id"]) == ["i0", "i4"]
    assert list(pairs["row"]) == [0, 4]
    assert list(pairs["prediction_first"]) == ["Women", "Men"]
    assert list(pairs["prediction_second"]) == ["Men", "Men"]
    assert list(pairs["prob_first"]) == pytest.approx([0.6, 0.6])
    assert list(pairs["prob_second"]) == pytest.approx([0.8, 0.8])
    assert [len(compare.held_out(table)) for table in tables] == [3, 3]


def test_pairs_do_not_hang_on_the_order_of_the_tables(build_runs):
    first, second = build_runs(("a", "W", "W", "M"), ("b", "M", "W", "M"), ("c", "M", "M", "M"))
    turned = pair([first, second[::-1]])

    pd.testing.assert_frame_equal(turned, pair([first, second]))


def test_the_catalogue_grades_not_what_a_run_was_told(build_runs):
    first, second = build_runs(("a", "W", "M", "W"), ("b", "W", "W", "W"))
    second.loc[0, ["label", "correct"]] = ["Men", False]  # trained on a correction, since undone
    second.loc[1, ["label", "correct"]] = ["", False]

    assert list(pair([first, second])["cell"]) == ["fixed", "still right"]


def test_cells_without_a_review(build_runs):
    pairs = pair(
        build_runs(
            ("a", "W", "M", "W"), ("b", "W", "W", "M"), ("c", "M", "W", "W"), ("d", "M", "M", "M")
        )
    )

    assert list(pairs["cell"]) == ["fixed", "broken", "still wrong", "still right"]
    assert list(pairs["label_new"]) == list(pairs["label_old"])
    assert not pairs["is_reviewed"].any()
    assert not pairs["by_relabelling"].any()
    for label in ("old", "new"):
        assert list(pairs[f"wrong_{label}_first"]) == [True, False, True, False]
        assert list(pairs[f"wrong_{label}_second"]) == [False, True, True, False]


@pytest.fixture
def reviewed(build_runs):
    """Seven images: three relabelled, one of them to a class that is none, two taken out."""
    tables = build_runs(
        ("a", "W", "M", "M"),  # label wrong: both were right all along
        ("b", "W", "W", "M"),  # label wrong: broken becomes fixed
        ("c", "W", "M", "W"),  # ambiguous: taken out
        ("d", "M", "W", "M"),  # model wrong: stays fixed
        ("e", "M", "M", "W"),  # a conflict: stays broken
        ("f", "M", "W", "W"),  # label wrong, right label is no class: taken out
        ("g", "M", "W", "W"),  # not reviewed
    )
    verdicts = build_verdicts(
        i0=("label wrong", "Men"), i1=("label wrong", "Men"), i2="ambiguous", i3="model wrong",
        i4="", i5=("label wrong", "Boys"),
    )  # fmt: skip
    return pair(tables, verdicts)


def test_verdicts_relabel_and_take_out(reviewed):
    assert list(reviewed["label_new"]) == ["Men", "Men", "", "Men", "Men", "", "Men"]
    assert list(reviewed["label_old"]) == ["Women"] * 3 + ["Men"] * 4
    assert list(reviewed["cell"]) == [
        "still right", "fixed", "taken out", "fixed", "broken", "taken out", "still wrong"
    ]  # fmt: skip
    assert list(reviewed["is_reviewed"]) == [True] * 6 + [False]
    assert list(reviewed["wrong_new_first"]) == [False, True, False, True, False, False, True]
    assert list(reviewed["wrong_new_second"]) == [False, False, False, False, True, False, True]


def test_relabelling_turns_the_first_run_alone(reviewed):
    # a: wrong to right; b: right to wrong; c and f have no label to be right or wrong under.
    assert list(reviewed["by_relabelling"]) == [True, True, *[False] * 5]


def test_a_new_label_that_leaves_it_wrong_is_no_change(build_table):
    row = {"label": "Women", "prediction": "Girls", "catalog_label": "Women", "row": 0}
    tables = [build_table([row]), build_table([row])]
    pairs = compare.pair_runs(
        *tables, build_verdicts(i0=("label wrong", "Men")), [*CLASSES, "Girls"]
    )

    assert list(pairs["label_new"]) == ["Men"]
    assert not pairs["by_relabelling"].any()
    assert list(pairs["cell"]) == ["still wrong"]


def test_summary_has_six_rows_under_both_labels(reviewed):
    rows = compare.summarize(reviewed).set_index(["images", "labels"])

    assert rows.index.to_list() == [
        (images, labels) for images in compare.IMAGES for labels in ("old", "corrected")
    ]
    counts = ["n", "errors_first", "errors_second", "fixed", "broken", "by_relabelling"]
    assert rows[counts].to_numpy().tolist() == [
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [6, 4, 4, 2, 2, 0],
        [4, 2, 1, 2, 1, 2],
        [7, 5, 5, 2, 2, 0],
        [5, 3, 2, 2, 1, 2],
    ]
    assert list(rows["n_products"]) == [1, 1, 6, 4, 7, 5]
    assert list(rows["rate_first"]) == pytest.approx([1, 1, 4 / 6, 2 / 4, 5 / 7, 3 / 5])
    assert list(rows["rate_second"]) == pytest.approx([1, 1, 4 / 6, 1 / 4, 5 / 7, 2 / 5])
    assert list(rows["difference"]) == pytest.approx([0, 0, 0, -1 / 4, 0, -1 / 5])
    corrected = rows.loc[("reviewed", "corrected")]
    assert (corrected["low_first"], corrected["high_first"]) == pytest.approx(wilson(0.5, 4))
    # Of three that differ one is the other way: 2/8 are as far as one, and all sums reach one.
    assert corrected["p"] == 1


def test_groups_without_images_are_empty_not_zero(build_runs):
    rows = compare.summarize(pair(build_runs(("a", "W", "M", "W"))))
    empty = rows[rows["images"] == "reviewed"]

    assert list(empty["n"]) == [0, 0]
    assert list(empty["n_products"]) == [0, 0]
    rates = ["rate_first", "rate_second", "difference", "low", "high", "p", "low_first"]
    rates += ["balanced_first", "balanced_second"]
    assert empty[rates].isna().all(axis=None)
    assert rows["n"].to_list() == [1, 1, 0, 0, 1, 1]
    assert rows[["n", "errors_first", "fixed"]].dtypes.to_list() == [int] * 3
    nothing = compare.summarize(pair(build_runs(("a", "W", "M", "W", ("train", "valid")))))
    assert list(nothing["n"]) == [0] * 6
    assert nothing["difference"].isna().all()


def test_a_balanced_rate_counts_each_class_alike(build_runs):
    women = [("a", "W", "M", "W"), ("b", "W", "W", "W"), ("c", "W", "W", "W")]
    rows = compare.summarize(pair(build_runs(*women, ("d", "M", "W", "W"))))
    everything = rows[(rows["images"] == "all") & (rows["labels"] == "old")].iloc[0]

    assert everything["rate_first"] == pytest.approx(2 / 4)
    assert everything["balanced_first"] == pytest.approx((1 / 3 + 1) / 2)
    assert everything["balanced_second"] == pytest.approx((0 + 1) / 2)


def test_the_interval_is_student_s_where_each_product_is_an_image():
    differences = np.array([-1] * 12 + [1] * 4 + [0] * 84)
    half = t.ppf(0.975, 99) * differences.std(ddof=1) / 10
    found = compare.paired_interval(np.ones(100), differences)

    assert found == pytest.approx((-0.08, -0.08 - half, -0.08 + half))


def test_products_are_the_units_of_the_interval():
    # By hand: mean -2/6; residuals -2 + 2*2/6, 0 + 3*2/6, 0 + 1*2/6 = -4/3, 1, 1/3; their
    # squares sum to 26/9; times 3/2, the root is 2.0817, over n = 6 the error is 0.34694.
    difference, low, high = compare.paired_interval(np.array([2, 3, 1]), np.array([-2, 0, 0]))

    assert difference == pytest.approx(-1 / 3)
    assert t.ppf(0.975, 2) * 0.34694 > 1.33  # so both ends are cut at what a difference can be
    assert (low, high) == (-1, 1)
    sizes, sums = np.tile([2, 3, 1], 100), np.tile([-2, 0, 0], 100)
    error = math.sqrt(300 / 299 * 100 * 26 / 9) / 600
    expected = (-1 / 3 - t.ppf(0.975, 299) * error, -1 / 3 + t.ppf(0.975, 299) * error)
    assert compare.paired_interval(sizes, sums)[1:] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("sizes", "sums", "expected"),
    [
        ([2] * 60, [0] * 60, (0, -0.05, 0.05)),  # no image differs
        ([4], [0], (0, -1, 1)),
        ([1] * 30, [-1] * 30, (-1, -1, -0.9)),  # all change alike
        ([1] * 1000, [-1] + [0] * 999, (-0.001, -0.004, 0.002)),  # not surer than none
    ],
)
def test_the_interval_is_never_surer_than_the_rule_of_three(sizes, sums, expected):
    found = compare.paired_interval(np.array(sizes), np.array(sums))

    assert found == pytest.approx(expected)


def build_run(run_id="one", catalogue_id="cat", **settings):
    config = small_config(**settings)
    facts, task = {"catalogue_id": catalogue_id}, Task(config.target, config.classes)
    return SimpleNamespace(run_id=run_id, train_config=config, facts=facts, task=task)


def test_runs_of_one_question_can_be_compared_whatever_their_split():
    turned = build_run("two", seed=7, split="random", classes=("Men", "Women"))

    assert compare.find_obstacle(build_run(), turned) == ""
    compare.check_comparable(build_run(), turned)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"catalogue_id": "dog"}, ("same catalogue", "cat (one)", "dog (two)")),
        ({"classes": ("Women", "Girls")}, ("same classes", "Men, Women", "Girls, Women")),
        (
            {"target": "category", "classes": ("Boots", "Shoes")},
            ("same target", "gender (one)", "category (two)"),
        ),
        ({"run_id": "one"}, ("one twice", "Choose another")),
    ],
)
def test_runs_that_cannot_be_compared(refuses, other, words):
    with refuses(*words):
        compare.check_comparable(build_run(), build_run(**{"run_id": "two"} | other))


def test_settings_that_differ_are_listed_as_text():
    first = small_config()
    second = small_config(seed=3, unfrozen_lr="suggested", classes=("Women", "Girls"))
    changed = compare.diff_configs(first, second)

    assert changed.to_numpy().tolist() == [
        ["classes", "Women, Men", "Women, Girls"],
        ["unfrozen_lr", "0.004", "suggested"],
        ["seed", "0", "3"],
    ]
    assert compare.diff_configs(first, first).empty
    assert list(compare.diff_configs(first, first).columns) == ["setting", "first", "second"]
