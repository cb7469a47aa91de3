"""Temperature, calibration error and thresholds, on answers whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from zapcls.analysis.abstention import (
    calibration_error,
    count_risks,
    find_thresholds,
    fit_temperature,
    is_sure,
)
from zapcls.config.risks import RISKS


def build_logits(margin, right, n):
    """Return n answers for class 0 by a margin, a share of which are right, and their codes."""
    logits = np.tile([margin, 0.0], (n, 1)).astype(np.float32)
    return logits, (np.arange(n) >= right * n).astype(int)


def test_the_temperature_makes_the_probability_the_share_that_is_right():
    logits, codes = build_logits(3.0, 0.8, 1000)

    temperature = fit_temperature(np.vstack([logits, logits[:50]]), np.append(codes, [-1] * 50))

    assert 1 / (1 + np.exp(-3.0 / temperature)) == pytest.approx(0.8, abs=1e-3)


def test_few_photos_do_not_ask_for_certainty():
    assert fit_temperature(*build_logits(3.0, 1.0, 5)) == pytest.approx(0.5, abs=1e-3)
    assert fit_temperature(np.zeros((2, 3)), np.array([-1, -1])) == 1


def test_the_calibration_error_is_the_mean_gap_weighted_by_photos():
    bins = pd.DataFrame({"mean_prob": [0.6, 0.9], "rate": [0.5, 0.92], "n": [10, 30]})

    assert calibration_error(bins) == pytest.approx((0.1 * 10 + 0.02 * 30) / 40)
    assert np.isnan(calibration_error(bins[:0]))


def answers(prob, right, wrong=0, said="Women", **more):
    other = {"Women": "Men", "Men": "Women"}[said]
    rows = [{"label": said}] * right + [{"label": other}] * wrong
    return [row | {"prediction": said, "prob": prob, **more} for row in rows]


CALIBRATED = [*answers(0.99, 198, 2), *answers(0.9, 90, 10), *answers(0.6, 60, 40)]
CLASSES = ("Women", "Men", "Girls")


def test_each_class_has_the_lowest_threshold_of_which_the_risk_is_expected(build_table):
    table = build_table([*CALIBRATED, *answers(0.99, 100, 100, said="Men")])

    # 2 of 200 are wrong, then 12 of 300, then 52 of 400; of Men every second.
    for risk, least in ((0.005, None), (0.02, 0.99), (0.05, 0.9), (0.2, 0.6)):
        expected = None if least is None else pytest.approx(least)
        assert find_thresholds(table, CLASSES, risk) == {
            "Women": expected, "Men": None, "Girls": None
        }  # fmt: skip


def test_the_luck_of_a_few_photos_does_not_make_them_sure(build_table):
    table = build_table(answers(0.8, 3))

    assert find_thresholds(table, ("Women",), 0.05) == {"Women": None}
    assert find_thresholds(table, ("Women",), 0.2) == {"Women": pytest.approx(0.8)}


def test_what_tune_allows_is_counted_on_another_split(build_table):
    tune = [row | {"split": "tune"} for row in CALIBRATED]
    valid = [*answers(0.95, 6, 2), *answers(0.65, 5), *answers(0.99, 3, said="Men")]
    table = build_table([*tune, *valid, {"label": "", "prediction": "Women", "prob": 0.99}])

    risks = count_risks(table, ("Women", "Men"), "valid").set_index("risk")

    assert list(risks.index) == list(RISKS)
    row = risks.loc[0.05]  # Women from 0.9 on, no Men
    assert (row["n"], row["hits"], row["rate"]) == (8, 2, 0.25)
    assert row["coverage"] == 8 / 16
    assert row["low"] < 0.25 < row["high"]
    assert risks.loc[0.02, "n"] == 0
    sure = is_sure(table[table["split"] == "valid"], {"Women": 0.9, "Men": None})
    assert sure.sum() == 9
