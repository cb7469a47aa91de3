"""Suspected label errors: who accuses a label, how bad it is, and what it should be."""

import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.analysis.label_issues import find_label_issues, pool_products

CLASSES = ("Women", "Men")
NO_PAIRS = pd.DataFrame({"image_id": [], "other_id": []}, dtype="str")


def build(*rows):
    """Rows (image_id, product_id, label, P(Women)) as a table and probabilities."""
    table = pd.DataFrame([row[:3] for row in rows], columns=["image_id", "product_id", "label"])
    women = np.array([row[3] for row in rows])
    return table, np.column_stack([women, 1 - women])


def crowd(n=40):
    """Products of one photo, about which heads and labels agree."""
    return [(f"c{i}", f"pc{i}", CLASSES[i % 2], 0.9 - 0.8 * (i % 2) + 0.001 * i) for i in range(n)]


def find(rows, duplicates=NO_PAIRS, others=()):
    """Find the issues of `rows`; `others` (image_id, product_id, value) are dropped rows."""
    table, prob = build(*rows)
    shop = table.rename(columns={"label": "value"})
    shop = pd.concat([shop, pd.DataFrame(others, columns=shop.columns, dtype="str")])
    return find_label_issues(table, prob, CLASSES, shop, duplicates).set_index("image_id")


def both_ways(first, second):
    return pd.DataFrame({"image_id": [first, second], "other_id": [second, first]})


def test_a_products_photos_share_their_geometric_mean():
    prob = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])

    pooled = pool_products(prob, ["p", "p", "q"])

    odds = np.sqrt(9 * 1)  # of the odds 9 and 1
    np.testing.assert_allclose(pooled[0], [odds / (1 + odds), 1 / (1 + odds)])
    np.testing.assert_allclose(pooled[1], pooled[0])
    np.testing.assert_allclose(pooled[2], [0.2, 0.8])


def test_the_heads_accuse_a_label_that_they_find_unlikely():
    issues = find([*crowd(), ("x", "px", "Women", 0.02)])

    assert issues.index[0] == "x"
    assert issues.loc["x", "is_suspect"]
    assert issues.loc["x", "suggested_label"] == "Men"
    assert issues.loc["x", "label_quality"] == pytest.approx(0.02)
    assert issues.loc["x", "reasons"] == "heads: Men, 98 %"
    rest = issues.drop("x")
    assert not rest["is_suspect"].any()
    assert (rest["suggested_label"] == rest["label"]).all()
    assert (rest["reasons"] == "").all()


def test_siblings_outvote_a_label_that_the_heads_believe():
    family = [("a", "p", "Men", 0.1), ("b", "p", "Women", 0.1), ("c", "p", "Men", 0.1)]
    issues = find([*crowd(), *family])

    assert issues.loc["b", "is_suspect"]
    assert issues.loc["b", "suggested_label"] == "Men"
    assert "sibling a and 1 more: Men" in issues.loc["b", "reasons"]
    assert issues.loc["b", "label_quality"] == pytest.approx(0.1 / 3)
    assert not issues.loc["a", "is_suspect"]
    assert issues.loc["a", "label_quality"] == pytest.approx(0.9 * 2 / 3)


def test_two_siblings_that_differ_accuse_each_other():
    issues = find([*crowd(), ("a", "p", "Men", 0.3), ("b", "p", "Women", 0.3)])

    assert issues.loc[["a", "b"], "is_suspect"].all()
    assert issues.loc["a", "reasons"].endswith("sibling b: Women")


def test_a_near_duplicate_of_another_product_accuses():
    rows = [*crowd(), ("a", "p", "Men", 0.3), ("b", "q", "Women", 0.7)]
    issues = find(rows, both_ways("a", "b"))

    assert issues.loc["a", "is_suspect"]
    assert issues.loc["a", "reasons"] == "near-duplicate b: Women"
    assert issues.loc["b", "reasons"] == "near-duplicate a: Men"
    assert issues.loc["a", "label_quality"] == pytest.approx(0.7 / 2)


def test_a_near_duplicate_of_the_same_product_counts_once():
    rows = [*crowd(), ("a", "p", "Men", 0.1), ("b", "p", "Women", 0.1), ("c", "p", "Women", 0.1)]

    alone, paired = find(rows), find(rows, both_ways("a", "b"))

    pd.testing.assert_frame_equal(alone, paired)


def test_a_relative_that_the_shop_calls_both_is_told_but_has_no_vote():
    rows = [*crowd(), ("a", "p", "Men", 0.1)]
    issues = find(rows, others=[("u", "p", "Men;Women"), ("g", "p", "Girls"), ("e", "p", "")])

    assert issues.loc["a", "reasons"] == "sibling u: Men;Women"
    assert not issues.loc["a", "is_suspect"]
    assert issues.loc["a", "label_quality"] == pytest.approx(0.9)


def test_a_label_that_heads_alone_accuse_is_not_saved_by_agreeing_siblings():
    family = [("a", "p", "Women", 0.05), ("b", "p", "Women", 0.05)]

    issues = find([*crowd(), *family])

    assert issues.loc[["a", "b"], "is_suspect"].all()


def test_the_table_is_the_promised_one_worst_first_whatever_the_order():
    rows = [*crowd(), ("x", "px", "Women", 0.02), ("a", "p", "Men", 0.1), ("b", "p", "Women", 0.1)]
    issues, backwards = find(rows), find(rows[::-1])

    assert list(issues.reset_index()) == list(schema.LABEL_ISSUES)
    assert issues["label_quality"].is_monotonic_increasing
    assert issues["label_quality"].between(0, 1).all()
    pd.testing.assert_frame_equal(issues, backwards)


def test_three_classes_work_as_two():
    rng = np.random.default_rng(0)
    classes = ("Boots", "Sandals", "Shoes")
    codes = np.arange(90) % 3
    prob = np.full((90, 3), 0.05) + rng.uniform(0, 0.01, (90, 3))
    prob[np.arange(90), codes] = 0.9
    prob[0] = [0.01, 0.04, 0.95]  # labelled Boots
    names = [f"i{i}" for i in range(90)]
    table = pd.DataFrame(
        {"image_id": names, "product_id": names, "label": np.array(classes)[codes]}
    )
    shop = table.rename(columns={"label": "value"})

    issues = find_label_issues(
        table, prob / prob.sum(axis=1, keepdims=True), classes, shop, NO_PAIRS
    )

    assert issues.loc[0, ["image_id", "suggested_label"]].tolist() == ["i0", "Shoes"]
    assert issues["is_suspect"].sum() == 1
