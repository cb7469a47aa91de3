"""Flips of signs by product: exact, enumerated or drawn, always the same p."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests

from zapcls.analysis.permutations import EXACT_UP_TO, FLIPS, holm, sign_flip_p


def enumerate_p(gaps):
    flips = np.array(list(itertools.product([-1, 1], repeat=len(gaps)))) @ np.abs(gaps)
    return np.mean(np.abs(flips) >= abs(sum(gaps)) - 1e-9)


def test_p_is_mcnemar_s_where_each_product_is_an_image():
    sums = np.array([-1] * 60 + [1] * 35 + [0] * 900)

    assert sign_flip_p(sums) == pytest.approx(binomtest(35, 95).pvalue)


def test_p_of_many_products_is_as_the_normal_distribution_says():
    rng = np.random.default_rng(0)
    sums = rng.choice([-2, -1, 1, 2], 3000, p=[0.2, 0.32, 0.28, 0.2])
    z = abs(sums.sum()) / math.sqrt((sums**2).sum())

    assert 0.5 < z < 4
    assert sign_flip_p(sums) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=0.03)


def test_p_where_nothing_differs_and_where_nothing_is():
    assert sign_flip_p(np.zeros(9)) == 1
    assert math.isnan(sign_flip_p(np.array([])))


@pytest.mark.parametrize(
    "gaps",
    [
        [-1], [-1, -1], [-2, 1, 0], [-3, 1, 1, -1, 2], [1] * 5 + [-1] * 3, [4, -2, -2],
        [0.5, -1 / 3, 1], [1 / 6, 1 / 4, -1], [0.2, 0.4, -0.6, 1], [math.pi, 1, -0.5],
    ],
)  # fmt: skip
def test_p_is_that_of_all_sign_flips(gaps):
    assert sign_flip_p(np.array(gaps)) == pytest.approx(enumerate_p(gaps))


def test_means_over_two_and_three_photos_need_no_drawing():
    gaps = np.tile([0.5, -1 / 3, 1, 0.25, 0], 40)
    rng = np.random.default_rng(1)

    assert sign_flip_p(gaps, rng) == pytest.approx(sign_flip_p(12 * gaps))
    assert rng.bit_generator.state == np.random.default_rng(1).bit_generator.state


def test_many_uneven_gaps_are_drawn_and_p_is_never_0():
    gaps = np.linspace(0.1, 1, 60) ** 2

    assert sign_flip_p(gaps) == 1 / (1 + FLIPS)
    mixed = gaps * np.tile([1, 1, -1], 20)
    z = abs(mixed.sum()) / math.sqrt((mixed**2).sum())
    assert sign_flip_p(mixed) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=0.1)
    assert sign_flip_p(mixed) == sign_flip_p(mixed)  # seeded
    few = mixed[:EXACT_UP_TO]
    assert sign_flip_p(few) == pytest.approx(enumerate_p(few))


def test_holm_multiplies_by_how_many_are_left_and_never_falls() -> None:
    p = pd.Series([0.04, 0.01, np.nan, 0.03, 0.5], index=list("abcde"))
    corrected = holm(p)
    assert corrected.drop("c").to_dict() == pytest.approx(
        {"a": 0.09, "b": 0.04, "d": 0.09, "e": 0.5}
    )
    assert np.isnan(corrected["c"])
    known = multipletests(p.dropna(), method="holm")[1]
    assert corrected.dropna().to_list() == pytest.approx(list(known))
    assert holm(pd.Series([np.nan])).isna().all()
    assert holm(pd.Series([], dtype=float)).empty
