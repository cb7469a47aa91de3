"""What chance alone could do to differences between two answers, products as the units.

Holm's correction is here as statsmodels' own collects garbage at each call, a third of a second
in an app with its tables in memory.
"""

import numpy as np
import pandas as pd

EXACT_UP_TO = 14  # products that differ: so many have all their flips of signs enumerated
FLIPS = 20_000
SCALES = (1, 2, 6, 12)  # that make whole numbers of the means over a few photos


def sign_flip_p(gaps: np.ndarray, rng: np.random.Generator | None = None) -> float:
    """Return the two-sided p of a sum of differences, when each product's sign was up to chance.

    `gaps` is a number a product: the sum of its photos' differences, or their mean. Where a small
    multiple of all is whole, p is exact over all flips of signs, built up product by product
    (Pagano and Tritchler 1983, JASA 78:435); of one photo a product this is McNemar's exact test
    (1947, Psychometrika 12:153). Else few products have all their flips enumerated, and of many
    FLIPS are drawn by `rng` (seed 0 unless given), the given signs among them, so that p is never
    0 (Phipson and Smyth 2010, doi:10.2202/1544-6115.1585).

    Returns:
        0..1, and 1 where nothing differs; NaN where there are no products.
    """
    if not len(gaps):
        return float("nan")
    for scale in SCALES:
        whole = np.rint(scale * gaps)
        if np.allclose(scale * gaps, whole, rtol=0, atol=1e-6):
            return _exact_p(whole.astype(int))
    reaches = np.abs(gaps[gaps != 0])
    observed = abs(gaps.sum()) - 1e-9
    if len(reaches) <= EXACT_UP_TO:
        places = np.arange(2 ** len(reaches))
        signs = 1 - 2 * ((places[:, None] >> np.arange(len(reaches))) & 1)
        return float((np.abs(signs @ reaches) >= observed).mean())
    rng = rng or np.random.default_rng(0)
    signs = rng.choice(np.array([-1, 1], dtype=np.int8), size=(FLIPS, len(reaches)))
    return float((1 + (np.abs(signs @ reaches) >= observed).sum()) / (1 + FLIPS))


def _exact_p(sums: np.ndarray) -> float:
    """Return the share of all flips of signs whose sum is as far from 0; `sums` are whole."""
    reaches = np.abs(sums[sums != 0])
    total = int(reaches.sum())
    share = np.zeros(2 * total + 1)  # of the flips that sum to place - total
    share[total] = 1.0
    for reach in reaches:
        share = (np.roll(share, reach) + np.roll(share, -reach)) / 2
    is_as_far = np.abs(np.arange(-total, total + 1)) >= abs(int(sums.sum()))
    return min(1.0, float(share[is_as_far].sum()))


def holm(p: pd.Series) -> pd.Series:
    """Correct p-values for how many there are (Holm 1979, Scand. J. Stat. 6:65); NaN is none."""
    tried = p.dropna().sort_values()
    factors = np.arange(len(tried), 0, -1)
    return (tried * factors).cummax().clip(upper=1).reindex(p.index).astype(float)
