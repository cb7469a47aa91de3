"""When an answer is sure enough: its temperature, its calibration, and thresholds by class."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax

from zapcls.analysis.intervals import count_rates
from zapcls.analysis.metrics import labelled
from zapcls.config.risks import RISKS

_USED = ["product_id", "prediction", "prob", "correct", "wrong"]
_COLDEST, _HOTTEST = 0.5, 5.0  # few photos, all answered rightly, would ask for certainty
_LEAST = 1e-6  # of a probability whose logarithm is taken

Thresholds = dict[str, float | None]  # by class; None: no answer of that class is sure


def fit_temperature(logits: np.ndarray, codes: np.ndarray) -> float:
    """Find the temperature that logits are divided by (Guo and others 2017).

    It is the one with the least cross-entropy, between 0.5 and 5; 1 without labels.

    Args:
        logits: (n, classes).
        codes: class index (n), -1 for none.
    """
    logits, codes = logits[codes >= 0].astype(np.float64), codes[codes >= 0]
    if not len(codes):
        return 1.0

    def loss(temperature: float) -> float:
        chosen = log_softmax(logits / temperature, axis=1)
        return -float(chosen[np.arange(len(codes)), codes].mean())

    return float(minimize_scalar(loss, bounds=(_COLDEST, _HOTTEST), method="bounded").x)


def calibration_error(bins: pd.DataFrame) -> float:
    """Average how far the probability is from the share that is right, weighted by photos.

    This is the expected calibration error (Naeini and others 2015); `bins` is as
    `metrics.count_calibration` returns it. NaN without photos.
    """
    gap = (bins["mean_prob"] - bins["rate"]).abs() * bins["n"]
    return float(gap.sum() / bins["n"].sum()) if len(bins) else float("nan")


def find_thresholds(table: pd.DataFrame, classes: Sequence[str], risk: float) -> Thresholds:
    """Find from which probability on `risk` or less of the answers of each class are wrong.

    It is the lowest probability of which this is expected of all answers above it. What is
    expected of an answer follows from its probability by a logistic curve of its class (Platt
    1999), so that few photos do not decide by their luck.

    `table` are predictions (`schema.PREDICTIONS`) of labelled photos that trained nothing: tune.
    """
    found: Thresholds = {}
    for name in classes:
        chosen = table[table["prediction"] == name].sort_values("prob", ascending=False)
        prob = chosen["prob"].to_numpy(dtype=float)
        is_last = np.append(prob[1:] < prob[:-1], True)[: len(prob)]  # of those with equal ones
        wrong = 1 - expect_hits(prob, chosen["correct"].to_numpy())
        expected = np.cumsum(wrong) / np.arange(1, len(prob) + 1)
        good = np.flatnonzero((expected <= risk) & is_last)
        found[name] = float(prob[good[-1]]) if len(good) else None
    return found


def expect_hits(prob: np.ndarray, is_right: np.ndarray) -> np.ndarray:
    """Expect how often answers of a class are right, 0..1, by a logistic curve of their log odds.

    The curve is drawn towards the probability itself, as much as one photo would draw it.
    """
    odds = np.log(np.maximum(prob, _LEAST) / np.maximum(1 - prob, _LEAST))

    def loss(line: np.ndarray) -> float:
        height = line[0] + line[1] * odds
        miss = np.logaddexp(0, np.where(is_right, -height, height)).sum()
        return float(miss + (line[0] ** 2 + (line[1] - 1) ** 2) / 2)

    level, slope = minimize(loss, [0.0, 1.0]).x
    return expit(level + slope * odds)


def is_sure(table: pd.DataFrame, thresholds: Thresholds) -> pd.Series:
    """Whether each prediction is at its class's threshold or above."""
    least = table["prediction"].map(lambda name: thresholds.get(name))
    return table["prob"] >= least.astype(float).fillna(np.inf)


def count_risks(table: pd.DataFrame, classes: Sequence[str], split: str) -> pd.DataFrame:
    """Count what thresholds of tune, one row for each of RISKS, come to on a split.

    Columns: risk (what was allowed), coverage (the share that is answered), n (answered), hits (of
    those wrong), rate, low, high. Without answers the rate is NaN.
    """
    # Few columns: parts are taken often.
    tune, asked = (labelled(table, part)[_USED] for part in ("tune", split))
    rows = []
    for risk in RISKS:
        sure = asked[is_sure(asked, find_thresholds(tune, classes, risk))]
        rate = count_rates(sure, "wrong").iloc[0]
        rows.append({"risk": risk, "coverage": len(sure) / max(len(asked), 1), **rate})
    return pd.DataFrame(rows).astype({"n": int, "n_products": int, "hits": int})
