"""A rate with its interval: products, not images, are the independent units."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtrit

LEVEL = 0.95
RATE = ("n", "n_products", "hits", "rate", "low", "high")


def count_rates(
    table: pd.DataFrame, hit: str, by: Sequence[str] = (), level: float | None = None
) -> pd.DataFrame:
    """Return the share of rows where the bool column `hit` is true, by group, with an interval.

    Columns: those of `by`, then n (images), n_products, hits, rate, low, high (0..1; NaN
    where a group is empty, which happens only for the whole of an empty table).

    The interval is Wilson's (1927) at the effective sample size n / deff, where deff is the
    design effect of sampling whole products (Kish 1965), estimated by the ratio estimator's
    cluster variance over that of a simple sample, and never taken below 1. Where it is above 1 the
    level is `student_level` of the products, unless one is given; else it is 95 %. Where the effect
    cannot be estimated (no hit, all hits, one product) products are counted instead of images. So
    no interval has zero width.
    """
    by = list(by)
    photos = table[[*by, hit]].assign(product_id=pd.factorize(table["product_id"])[0])
    if not by:
        return pd.DataFrame([_count(photos, hit, level)], columns=list(RATE))
    rows = [
        (*key, *_count(group, hit, level).values())
        for key, group in photos.groupby(by, observed=True)
    ]
    return pd.DataFrame(rows, columns=[*by, *RATE])


def _count(photos: pd.DataFrame, hit: str, level: float | None) -> dict[str, float]:
    """Count one group; bincount takes a tenth of the time of a groupby, and pages count hundreds"""
    _, product = np.unique(photos["product_id"].to_numpy(), return_inverse=True)
    return _rate_of(np.bincount(product), np.bincount(product, weights=photos[hit]), level)


def fill_counts(rates: pd.DataFrame) -> pd.DataFrame:
    """Set the counts of groups that have no row to 0; their rates stay NaN."""
    counts = ["n", "n_products", "hits"]
    return rates.fillna(dict.fromkeys(counts, 0)).astype(dict.fromkeys(counts, int))


def _rate_of(sizes: np.ndarray, hits: np.ndarray, level: float | None) -> dict[str, float]:
    """Return the rate of products of so many images, so many of them hits."""
    n, n_hits, clusters = sizes.sum(), hits.sum(), len(sizes)
    if n == 0:
        return dict(zip(RATE, (0, 0, 0, np.nan, np.nan, np.nan), strict=True))
    rate = n_hits / n
    low, high = bound(rate, _effective_n(sizes, hits, rate), n, clusters, level)
    return dict(zip(RATE, (int(n), clusters, int(n_hits), rate, low, high), strict=True))


def bound(
    rate: float, effective: float, n: float, products: int, level: float | None = None
) -> tuple[float, float]:
    """Return Wilson's interval at an effective number of images, of the `n` that there are.

    Where that is fewer, as estimated from the products, the level is theirs unless one is given.
    """
    is_estimated = effective < n * (1 - 1e-9) and 0 < rate < 1  # one image each: rounding
    return wilson(rate, effective, level or (student_level(products) if is_estimated else LEVEL))


def student_level(units: int) -> float:
    """Return the level at which z is what Student's t of so many units is at 95 %.

    A variance that few products tell is itself uncertain; 3 or fewer are taken for 3.
    """
    return float(2 * ndtr(stdtrit(max(2, units - 1), (1 + LEVEL) / 2)) - 1)


def rate_of_ratio(products: pd.DataFrame) -> dict[str, float]:
    """Return the ratio of two sums over products, 0..1, with an interval: rate, low, high.

    `products` has the columns `hits` and `n`, a row a product. It is the interval of `count_rates`,
    whose design effect holds for any ratio; without a product all three are NaN.
    """
    rate = _rate_of(products["n"].to_numpy(), products["hits"].to_numpy(), None)
    return {name: rate[name] for name in RATE[3:]}


def _effective_n(sizes: np.ndarray, hits: np.ndarray, rate: float) -> float:
    n, clusters = sizes.sum(), len(sizes)
    if clusters < 2 or rate in (0, 1):
        return clusters
    variance = clusters / (clusters - 1) * ((hits - rate * sizes) ** 2).sum() / n**2
    design_effect = max(variance / (rate * (1 - rate) / (n - 1)), 1.0)
    return float(n / design_effect)


def wilson(rate: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion, 0..1; `n` > 0 need not be whole."""
    z = ndtri((1 + level) / 2)
    center = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return max(0.0, float(center - half)), min(1.0, float(center + half))
