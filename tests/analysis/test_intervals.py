import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from zapcls.analysis.intervals import (
    LEVEL,
    RATE,
    count_rates,
    fill_counts,
    student_level,
    wilson,
)


def build_images(*products):
    """Return a table of images; each product is (images, hits), named p0, p1, ..."""
    rows = [(f"p{p}", i < hits) for p, (size, hits) in enumerate(products) for i in range(size)]
    return pd.DataFrame(rows, columns=["product_id", "wrong"]).astype({"wrong": bool})


def count_one(table, **options):
    """Count the rate of the whole table, as a row."""
    (row,) = count_rates(table, "wrong", **options).itertuples()
    return row


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 30), (3, 30), (15, 30), (999, 1000)])
def test_wilson_is_that_of_statsmodels(hits, n, level):
    expected = proportion_confint(hits, n, alpha=1 - level, method="wilson")

    assert wilson(hits / n, n, level) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("products", "counts", "n"),
    [
        # One image each: they count as images.
        ([(1, 1)] * 3 + [(1, 0)] * 7, (10, 10, 3), 10),
        # m = 10 products, n = 20 images. Residuals are 2 (h - p), so the cluster variance is
        # m / (m - 1) * 4 m p q / n^2 = pq / 9, that of a simple sample pq / 19: deff = 19 / 9.
        ([(2, 2)] * 3 + [(2, 0)] * 7, (20, 10, 6), 180 / 19),
        # Residuals 1, -1, 1/2, -1/2: squares 2.5. Variance 4/3 * 2.5 / 36 = 0.09259; of a simple
        # sample 0.25 / 5 = 0.05; deff = 1.85185; n / deff = 3.24.
        ([(2, 2), (2, 0), (1, 1), (1, 0)], (6, 4, 3), 3.24),
        # No variance between products: deff is 1, not 0.
        ([(2, 1)] * 10, (20, 10, 10), 20),
        # No hit or all hits, or one product: products are counted.
        ([(5, 0)] * 4, (20, 4, 0), 4),
        ([(5, 5)] * 4, (20, 4, 20), 4),
        ([(30, 12)], (30, 1, 12), 1),
    ],
)
def test_the_interval_is_wilsons_at_the_effective_number(products, counts, n):
    table = build_images(*products)
    row, narrow = count_one(table), count_one(table, level=0.5)

    assert (row.n, row.n_products, row.hits) == counts
    assert row.rate == pytest.approx(counts[2] / counts[0])
    is_estimated = n < counts[0] and 0 < row.rate < 1
    level = student_level(counts[1]) if is_estimated else LEVEL
    assert (row.low, row.high) == pytest.approx(wilson(row.rate, n, level))
    assert (narrow.low, narrow.high) == pytest.approx(wilson(row.rate, n, 0.5))


def test_a_few_products_of_many_images_hold_their_rate():
    rng, held = np.random.default_rng(0), []
    for _ in range(300):
        hits = rng.binomial(100, rng.beta(1, 9, 5))
        row = count_one(build_images(*((100, count) for count in hits)))
        held.append(row.low <= 0.1 <= row.high)

    assert np.mean(held) > 0.91  # 0.86 with z


def test_an_empty_table_has_no_rate():
    table = build_images()

    row = count_one(table)

    assert (row.n, row.n_products, row.hits) == (0, 0, 0)
    assert all(math.isnan(value) for value in (row.rate, row.low, row.high))
    by_color = count_rates(table.assign(color=""), "wrong", by=["color"])
    assert list(by_color.columns) == ["color", *RATE]
    assert by_color.empty


def test_groups_are_counted_each_by_itself():
    table = build_images((2, 1), (2, 0), (1, 1), (3, 0))
    table["color"] = ["pink"] * 4 + ["grey"] * 4
    table["label"] = ["W", "W", "M", "M", "W", "W", "W", "W"]

    by_color = count_rates(table, "wrong", by=["color"])
    by_both = count_rates(table, "wrong", by=["color", "label"])

    assert list(by_color.columns) == ["color", *RATE]
    assert by_color[["color", "n", "n_products", "hits", "rate"]].values.tolist() == [
        ["grey", 4, 2, 1, 0.25],
        ["pink", 4, 2, 1, 0.25],
    ]
    assert by_both[["color", "label", "n", "n_products", "hits"]].values.tolist() == [
        ["grey", "W", 4, 2, 1],
        ["pink", "M", 2, 1, 0],
        ["pink", "W", 2, 1, 1],
    ]
    for color, row in by_color.set_index("color").iterrows():
        alone = count_one(table[table["color"] == color])
        assert (row["low"], row["high"]) == (alone.low, alone.high)


def test_a_product_in_two_groups_is_a_product_of_each():
    table = pd.DataFrame({"product_id": ["a", "a"], "wrong": [True, False], "color": ["x", "y"]})

    assert count_rates(table, "wrong", by=["color"])["n_products"].tolist() == [1, 1]
    assert count_one(table).n_products == 1


def test_groups_that_are_not_there_get_counts_of_zero_and_no_rate():
    rates = count_rates(build_images((1, 1)).assign(color="pink"), "wrong", by=["color"])

    filled = fill_counts(rates.set_index("color").reindex(["red", "pink"]).reset_index())

    assert filled["n"].tolist() == [0, 1]
    assert filled["hits"].dtype == int
    assert filled["rate"].isna().tolist() == [True, False]


def test_the_interval_covers_the_truth_as_often_as_it_says():
    # 400 samples of 150 products with 1..4 images; products differ in how hard they are.
    rng = np.random.default_rng(0)
    runs, products = 400, 150
    sizes = rng.integers(1, 5, (runs, products))
    hard = rng.beta(0.5, 2.0, (runs, products))  # mean 0.2: the truth
    run = np.repeat(np.arange(runs).repeat(products), sizes.ravel())
    table = pd.DataFrame(
        {
            "run": run,
            "product_id": np.repeat(np.arange(runs * products), sizes.ravel()),
            "wrong": rng.random(len(run)) < np.repeat(hard.ravel(), sizes.ravel()),
        }
    )

    rates = count_rates(table, "wrong", by=["run"])

    covered = ((rates["low"] <= 0.2) & (rates["high"] >= 0.2)).mean()
    assert 0.93 <= covered <= 0.97
    as_images = [wilson(row.rate, row.n) for row in rates.itertuples()]
    assert np.mean([low <= 0.2 <= high for low, high in as_images]) < 0.92  # what products prevent
