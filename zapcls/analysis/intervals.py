"""A rate with its interval: products, not images, are the independent units."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

LEVEL = 0.95
RATE = ("n", "n_products", "hits", "rate", "low", "high")


def count_rates(
    table: pd.DataFrame, hit: str, by: Sequence[str] = (), level: float = LEVEL
) -> pd.DataFrame:
    """Return the share of rows where the bool column `hit` is true, by group, with an interval.

    Columns: those of `by`, then n (images), n_products, hits, rate, low, high (0..1; NaN
    where a group is empty, which happens only for the whole of an empty table).

    The interval is Wilson's (1927) at the effective sample size n / deff, where deff is the
    design effect of sampling whole products (Kish 1965), estimated by the ratio estimator's
    cluster variance over that of a simple sample, and never taken below 1. Where it cannot be
    estimated (no hit, all hits, one product) products are counted instead of images. So no
    interval has zero width.
    """
    by = list(by)
    products = (
        table.groupby([*by, "product_id"], observed=True)[hit]
        .agg(["size", "sum"])
        .rename(columns={"size": "n", "sum": "hits"})
        .astype(float)
        .reset_index()
    )
    if not by:
        return pd.DataFrame([_rate_of(products, level)], columns=list(RATE))
    rows = [
        (*(key if isinstance(key, tuple) else (key,)), *_rate_of(group, level).values())
        for key, group in products.groupby(by, observed=True)
    ]
    return pd.DataFrame(rows, columns=[*by, *RATE])


def fill_counts(rates: pd.DataFrame) -> pd.DataFrame:
    """Set the counts of groups that have no row to 0; their rates stay NaN."""
    counts = ["n", "n_products", "hits"]
    return rates.fillna(dict.fromkeys(counts, 0)).astype(dict.fromkeys(counts, int))


def _rate_of(products: pd.DataFrame, level: float) -> dict[str, float]:
    n, hits, clusters = products["n"].sum(), products["hits"].sum(), len(products)
    if n == 0:
        return dict(zip(RATE, (0, 0, 0, np.nan, np.nan, np.nan), strict=True))
    rate = hits / n
    low, high = wilson(rate, _effective_n(products, rate), level)
    return dict(zip(RATE, (int(n), clusters, int(hits), rate, low, high), strict=True))


def rate_of_ratio(products: pd.DataFrame, level: float = LEVEL) -> dict[str, float]:
    """Return the ratio of two sums over products, 0..1, with an interval: rate, low, high.

    `products` has the columns `hits` and `n`, a row a product. It is the interval of `count_rates`,
    whose design effect holds for any ratio; without a product all three are NaN.
    """
    return {name: value for name, value in _rate_of(products, level).items() if name in RATE[3:]}


def _effective_n(products: pd.DataFrame, rate: float) -> float:
    n, clusters = products["n"].sum(), len(products)
    if clusters < 2 or rate in (0, 1):
        return clusters
    residuals = products["hits"] - rate * products["n"]
    variance = clusters / (clusters - 1) * (residuals**2).sum() / n**2
    design_effect = max(variance / (rate * (1 - rate) / (n - 1)), 1.0)
    return n / design_effect


def wilson(rate: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion, 0..1; `n` > 0 need not be whole."""
    z = norm.ppf((1 + level) / 2)
    center = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return max(0.0, float(center - half)), min(1.0, float(center + half))
