"""Labels that a photo may have several of: from where on one is given, and how they are ranked."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zapcls.analysis.abstention import expect_hits
from zapcls.analysis.intervals import bound
from zapcls.analysis.metrics import labelled

AP = ("rate", "low", "high")


def find_threshold(prob: np.ndarray, has_label: np.ndarray) -> float:
    """Find from which probability on a label is given: the one of the best F1 that is expected.

    What is expected of a probability follows from a logistic curve of all photos (Platt 1999), so
    that the few that have a rare label do not decide by their luck; F1 is then 2 x the expected
    hits / (the expected labels + those given), as in Ye and others (2012). It lies halfway to the
    next lower probability, and is 0.5 without photos.

    Args:
        prob: of the label (n), 0..1, of photos that trained nothing: tune.
        has_label: bool (n).
    """
    if not len(prob):
        return 0.5
    order = np.argsort(-prob, kind="stable")
    ranked = prob[order].astype(float)
    expected = expect_hits(ranked, has_label[order])
    f1 = 2 * np.cumsum(expected) / (expected.sum() + np.arange(1, len(ranked) + 1))
    f1[:-1][ranked[1:] == ranked[:-1]] = -1  # equal ones are given together
    best = int(f1.argmax())
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + below) / 2)


def read_scores(table: pd.DataFrame, classes: Sequence[str], split: str) -> pd.DataFrame:
    """Read how likely a label is on each labelled photo of a split.

    Returns:
        image_id, product_id, prob (of the label), has_label (bool).

    `table` are predictions (`schema.PREDICTIONS`) of the label, whose classes are with and without.
    """
    chosen, (with_it, _) = labelled(table, split), classes
    prob = chosen["prob"].where(chosen["prediction"] == with_it, 1 - chosen["prob"])
    return pd.DataFrame(
        {
            "image_id": chosen["image_id"], "product_id": chosen["product_id"],
            "prob": prob.astype(float), "has_label": chosen["label"] == with_it,
        }
    )  # fmt: skip


def average_precision(scores: pd.DataFrame) -> dict[str, float]:
    """Return the average precision of one label: rate, low, high; NaN where no photo has it.

    It is the mean, over the photos that have the label, of the share that has it among all that
    are ranked as high; see `mean_average_precision`.
    """
    return mean_average_precision([scores])


def mean_average_precision(labels: Sequence[pd.DataFrame]) -> dict[str, float]:
    """Average the average precision of the labels that any photo has: rate, low, high, 0..1.

    `labels` are as `read_scores` returns them. The interval is Wilson's at the variance of the
    products' influence on the mean (the infinitesimal jackknife, Jaeckel 1972), with no more
    photos than have any of the labels; where nothing varies, at the number of their products. So it
    holds where labels share products.
    """
    known = [scores for scores in labels if scores["has_label"].any()]
    if not known:
        return dict.fromkeys(AP, np.nan)
    rates, parts = [], []
    for scores in known:
        rate, influence = _measure_influence(scores)
        rates.append(rate)
        parts.append(
            pd.Series(influence / len(known)).groupby(scores["product_id"].to_numpy(object)).sum()
        )
    having = pd.concat([scores[scores["has_label"]] for scores in known])
    photos, products = having["image_id"].nunique(), having["product_id"].nunique()
    of_product = pd.concat(parts).groupby(level=0).sum()
    rate, count = float(np.mean(rates)), len(of_product)
    variance = count / max(count - 1, 1) * float((of_product**2).sum())
    n = min(rate * (1 - rate) / variance, photos) if variance > 0 and rate < 1 else products
    low, high = bound(rate, n, photos, products)
    return {"rate": rate, "low": low, "high": high}


def _measure_influence(scores: pd.DataFrame) -> tuple[float, np.ndarray]:
    """Measure the average precision, and its derivative by the weight of each photo (n)."""
    scores = scores.reset_index(drop=True)
    ranked = scores.sort_values("prob", ascending=False, kind="stable")
    prob, has = ranked["prob"].to_numpy(), ranked["has_label"].to_numpy(dtype=float)
    place = np.arange(len(prob))
    is_last = np.append(prob[1:] < prob[:-1], True)  # of those with equal ones, ranked alike
    last = place[is_last][np.searchsorted(place[is_last], place)]
    is_first = np.append(True, is_last[:-1])
    first = place[is_first][np.searchsorted(place[is_first], place, side="right") - 1]
    hits, n = np.cumsum(has)[last], (last + 1).astype(float)
    rate = float((has * hits / n).sum() / has.sum())
    # A photo counts among those as high for each that is ranked as low or lower.
    as_hit, as_one = (np.cumsum((has * value)[::-1])[::-1][first] for value in (1 / n, hits / n**2))
    influence = (has * (hits / n - rate) + has * as_hit - as_one) / has.sum()
    return rate, influence[np.argsort(ranked.index.to_numpy())]
