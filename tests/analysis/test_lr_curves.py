import numpy as np
import pandas as pd
import pytest

from zapcls.analysis.lr_curves import find_faults, summarize

INF, NAN = float("inf"), float("nan")
RATES = np.geomspace(1e-6, 1, 7)
FALL = [1.0, 0.9, 0.7, 0.5, 0.4, 0.6, 2.0]


def build_curve(*losses):
    """The curves of seeds 0, 1, ...; the k-th loss of each is that of the k-th rate."""
    curves = [
        pd.DataFrame({"phase": "frozen", "seed": seed, "learning_rate": RATES[: len(loss)]}).assign(
            loss=loss
        )
        for seed, loss in enumerate(losses)
    ]
    return pd.concat(curves, ignore_index=True)


def test_the_middle_and_the_quartiles_of_five_seeds():
    losses = [[first, 10 * first] for first in (0.5, 0.1, 0.3, 0.2, 0.4)]

    table = summarize(build_curve(*losses))

    assert list(table) == ["learning_rate", "loss", "low", "high", "seeds"]
    assert table["learning_rate"].tolist() == RATES[:2].tolist()
    assert table["loss"].tolist() == [0.3, 3.0]
    assert table["low"].tolist() == [0.2, 2.0]
    assert table["high"].tolist() == [0.4, 4.0]
    assert table["seeds"].tolist() == [5, 5]


def test_a_single_seed_is_its_own_middle():
    table = summarize(build_curve([0.7, 0.6, 0.9]))

    for column in ("loss", "low", "high"):
        assert table[column].tolist() == [0.7, 0.6, 0.9]


@pytest.mark.parametrize("end", [[INF, INF], [NAN, NAN], []], ids=["inf", "nan", "cut"])
def test_a_seed_that_exploded_counts_as_infinitely_high(end):
    table = summarize(build_curve([1.0, *end], [2.0, 2.1, 2.2], [3.0, 3.1, 3.2]))

    assert table["loss"].tolist() == [2.0, 3.1, 3.2]
    assert table["low"].tolist() == [1.0, 2.1, 2.2]  # of three seeds the quartiles are the ends
    assert table["high"].tolist() == [3.0, INF, INF]


def test_the_summary_ends_where_half_of_the_seeds_have_exploded():
    curve = build_curve([1.0], [1.1, 1.2], [1.3, 1.4, 1.5, 1.6], [1.7, 1.8, 1.9, 2.0, 2.1])

    table = summarize(curve)

    assert len(table) == 2


@pytest.mark.parametrize(
    ("losses", "valleys", "said"),
    [
        ([FALL] * 3, [1e-3, 2e-3, 5e-3], ""),
        ([FALL] * 2, [1e-3, 5e-3], ""),
        ([FALL] * 2, [1e-3, 5.1e-3],
         "noisy: the valleys of 2 seeds lie between 1.0e-3 and 5.1e-3"),
        ([FALL], [1e-3], "One seed only"),
        ([[1.0, 0.99, 0.98, 1.0, 1.1, 1.2, 1.4]] * 2, [1e-3], "flat: the loss falls by 2.0 % at"),
        ([[1.0, 0.99, 0.98, 0.97, 0.96, 1.2, 1.4]] * 2, [1e-3] * 2, ""),
        ([[1.0, 1.0, 1.1, 1.2, 1.4, 1.6, 3.0]], [1e-3], "diverges"),
        ([[1.0]], [1e-3], "explodes at once"),
        ([[INF, INF]], [1e-3], "explodes at once"),
        ([[NAN] * 7], [1e-3], "explodes at once"),
        # From 1.0 to 0.6 the way is 0.3 + 0.3 + 0.3 + 0.4 + 0.5 = 1.8 long, 4.5 times the fall.
        ([[1.0, 0.7, 1.0, 0.7, 1.1, 0.6, 2.0]], [1e-3], "as the loss falls, it also rises"),
        ([[1.0, 0.7, 0.9, 0.7, 0.9, 0.6, 2.0]] * 2, [1e-3] * 2, ""),  # three times the fall
    ],
)  # fmt: skip
def test_what_makes_a_curve_a_poor_guide_is_said(losses, valleys, said):
    faults = find_faults(build_curve(*losses), valleys)

    assert len(faults) == bool(said)
    assert said in "".join(faults)
