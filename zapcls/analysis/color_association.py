"""Does the color go with the label in the data, and with the errors in the answers?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.stats import norm, t

from zapcls.analysis.intervals import LEVEL, count_rates
from zapcls.analysis.metrics import labelled
from zapcls.analysis.permutations import holm

RESAMPLES = 500
PERMUTATIONS = 2000
POWER = 0.8
_USED = ["label", "product_id", "wrong", "prob", "prob_label"]
_AT_ONCE = 50  # permutations: as many as save time without taking memory
MIN_PRODUCTS = 20  # a group of fewer is small


@dataclass(frozen=True)
class Association:
    """How far the color tells the label; NaN where there is but one color or one label."""

    n: int
    n_products: int
    cramers_v: float  # 0: independent, 1: one tells the other
    v_low: float
    v_high: float
    bits: float  # mutual information
    bits_low: float
    bits_high: float
    label_bits: float  # entropy of the label: what is to be told


def measure_association(
    table: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0
) -> Association:
    """Measure how color and label go together in a catalogue, before any model.

    `table` has label, color ("" rows are left out) and product_id. Cramér's V is corrected for
    bias (Bergsma 2013, J. Korean Stat. Soc. 42:323), the mutual information as Miller (1955) does.
    The 95 % intervals resample products. Resampling adds as much bias as sampling did, so that its
    draws are moved down by twice the bias that they show.
    """
    known = table[(table["label"] != "") & (table["color"] != "")]
    product, products = pd.factorize(known["product_id"])
    (color, colors), (label, labels) = (pd.factorize(known[name]) for name in ("color", "label"))
    shape = len(colors), len(labels)
    n = len(known)
    if min(shape) < 2:
        return Association(n, len(products), *[math.nan] * 7)
    cells = csr_array(
        (np.ones(n), (product, color * shape[1] + label)), shape=(len(products), math.prod(shape))
    )
    counts = cells.sum(axis=0).reshape(shape)
    v = cramers_v(counts)
    excess = (shape[0] - 1) * (shape[1] - 1) / (2 * n * math.log(2))
    bits = max(0.0, mutual_bits(counts) - excess)
    ends = _resample(cells, shape, resamples, seed)
    v_low, v_high = np.minimum(1, np.sqrt(ends[:, 0] / _largest_phi_squared(shape, n)))
    share = counts.sum(axis=0) / n
    return Association(
        n, len(products), v, min(v, float(v_low)), max(v, float(v_high)),
        bits, min(bits, float(ends[0, 1])), max(bits, float(ends[1, 1])),
        float(-(share * np.log2(share)).sum()),
    )  # fmt: skip


def _resample(cells: csr_array, shape: tuple[int, int], resamples: int, seed: int) -> np.ndarray:
    """Give the ends of phi-squared's and the bits' intervals, (low and high, 2), none below 0.

    `cells` counts photos: (products, colors * labels).
    """
    rng = np.random.default_rng(seed)
    count = cells.shape[0]
    draws = np.empty((resamples, 2))
    for draw in draws:
        times = np.bincount(rng.integers(count, size=count), minlength=count)
        drawn = (times @ cells).reshape(shape)
        draw[:] = phi_squared(drawn), mutual_bits(drawn)
    counts = cells.sum(axis=0).reshape(shape)
    bias = draws.mean(axis=0) - (phi_squared(counts), mutual_bits(counts))
    ends = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return np.maximum(0, ends - 2 * bias)


def phi_squared(counts: np.ndarray) -> float:
    """Give Pearson's chi-squared over n of a table of counts; empty rows and columns are none."""
    share = counts / counts.sum()
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    has = expected > 0
    return float((share[has] ** 2 / expected[has]).sum() - 1)


def mutual_bits(counts: np.ndarray) -> float:
    """Give the mutual information of rows and columns in bits, not corrected for bias."""
    share = counts / counts.sum()
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    has = share > 0
    return float((share[has] * np.log2(share[has] / expected[has])).sum())


def cramers_v(counts: np.ndarray) -> float:
    """Give Bergsma's Cramér's V of a table of counts without empty rows or columns, 0..1."""
    (rows, columns), n = counts.shape, counts.sum()
    phi = max(0.0, phi_squared(counts) - (rows - 1) * (columns - 1) / (n - 1))
    return min(1.0, math.sqrt(phi / _largest_phi_squared(counts.shape, n)))


def _largest_phi_squared(shape: tuple[int, ...], n: float) -> float:
    return min(size - (size - 1) ** 2 / (n - 1) for size in shape) - 1


def compare_groups(
    table: pd.DataFrame,
    split: str,
    groups: Sequence[str],
    classes: Sequence[str],
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    by: str = "color",
) -> pd.DataFrame:
    """Compare the error rate of each group and label with that of all other groups of the label.

    Returns:
        A row for each of `groups` (values of the column `by`) and `classes`: `by`, label; n,
        n_products, hits, rate, low, high
        (`intervals.count_rates`) and the same with `_others`; difference (rate - rate_others) with
        difference_low and difference_high; p (`permute_p`) and p_holm over all rows together (Holm
        1979); detectable (`detectable_difference`); is_small; mean_prob (of the label) and
        calibration_gap (mean probability of the prediction minus the share of right answers).
        Where there are no such shoes n is 0 and all else NaN.
    """
    known = labelled(table, split)[[by, *_USED]]  # few columns: parts are taken often
    known = known[known[by] != ""]
    rows = []
    for label in classes:
        sold = known[known["label"] == label]
        product = pd.factorize(sold["product_id"])[0]
        sold = sold.assign(product_id=product)
        members = np.array([(sold[by] == group).to_numpy(dtype=bool) for group in groups])
        p = permute_p(members, sold["wrong"].to_numpy(dtype=bool), product, permutations, seed)
        for group, is_in, chance in zip(groups, members, p, strict=True):
            rows.append({by: group, "label": label} | _compare(sold, is_in, float(chance)))
    counts = [name + end for end in ("", "_others") for name in ("n", "n_products", "hits")]
    found = pd.DataFrame(rows).astype(dict.fromkeys(counts, int))
    found["p_holm"] = holm(found["p"])
    order = {group: place for place, group in enumerate(groups)}
    return found.sort_values(by, key=lambda c: c.map(order), kind="stable", ignore_index=True)


def _compare(sold: pd.DataFrame, is_in: np.ndarray, p: float) -> dict[Any, Any]:
    mine, others = sold[is_in], sold[~is_in]
    rates = count_rates(mine, "wrong").iloc[0].to_dict()
    rates |= count_rates(others, "wrong").iloc[0].add_suffix("_others").to_dict()
    difference, low, high = clustered_difference(mine, others)
    right_rate = 1 - mine["wrong"].mean()
    return rates | {
        "difference": difference,
        "difference_low": low,
        "difference_high": high,
        "p": p,
        "detectable": detectable_difference(mine, others),
        "is_small": mine["product_id"].nunique() < MIN_PRODUCTS,
        "mean_prob": float(mine["prob_label"].mean()),
        "calibration_gap": float(mine["prob"].mean() - right_rate),
    }


def clustered_difference(mine: pd.DataFrame, others: pd.DataFrame) -> tuple[float, float, float]:
    """Give the difference of two error rates, low and high (95 %), products as the units.

    The two rates' own intervals (`intervals.count_rates`) are put together as Newcombe (1998, Stat.
    Med. 17:873) does, with their correlation, for a product may have photos in both (Zou and Donner
    2008, Stat. Med. 27:1693). They are taken at the level at which Student's t of the smaller
    group's products less one is used for z. NaN where a group is empty.
    """
    if mine.empty or others.empty:
        return (math.nan,) * 3
    parts = mine, others
    smaller = min(part["product_id"].nunique() for part in parts)
    level = 2 * norm.cdf(t.ppf((1 + LEVEL) / 2, max(2, smaller - 1))) - 1
    one, other = (count_rates(part, "wrong", level=level).iloc[0] for part in parts)
    shared = _correlate(mine, others)

    def join(reach: float, reach_other: float) -> float:
        squared = reach**2 + reach_other**2 - 2 * shared * reach * reach_other
        return math.sqrt(max(0.0, squared))

    difference = one["rate"] - other["rate"]
    low = difference - join(one["rate"] - one["low"], other["high"] - other["rate"])
    high = difference + join(one["high"] - one["rate"], other["rate"] - other["low"])
    return float(difference), float(low), float(high)


def _correlate(mine: pd.DataFrame, others: pd.DataFrame) -> float:
    """Give the correlation of two error rates that comes of products in both, -1..1."""
    one, other = (
        (part["wrong"] - part["wrong"].mean()).groupby(part["product_id"]).sum()
        for part in (mine, others)
    )
    size = math.sqrt(float((one**2).sum() * (other**2).sum()))
    return float(one.mul(other, fill_value=0).sum()) / size if size else 0.0


def detectable_difference(mine: pd.DataFrame, others: pd.DataFrame) -> float:
    """Give the smallest true rise of the error rate that is found with 80 % power at p < 0.05.

    It is the d with d = z(0.975) * sqrt(q (1 - q) (1/m + 1/m_others)) + z(0.8) *
    sqrt((r + d) (1 - r - d) / m + r (1 - r) / m_others) (Fleiss, Tytun and Ury 1980, Biometrics
    36:343), where q is the rate of both together, m = n² / Σ n_product² the effective number of
    products (Kish 1965: all photos of a product right or wrong together, which is the worst case),
    and r = (hits + 2) / (n + 4) of the others (Agresti and Coull 1998), never 0. Before Holm's
    correction. 1 where no rise is large enough; NaN where a group is empty.
    """
    if mine.empty or others.empty:
        return math.nan
    rate = float(others["wrong"].sum() + 2) / (len(others) + 4)
    sizes = [part["product_id"].value_counts() for part in (mine, others)]
    one, other = (float((size**2).sum() / size.sum() ** 2) for size in sizes)  # 1/m, 1/m_others
    z, z_power = norm.ppf((1 + LEVEL) / 2), norm.ppf(POWER)

    def exceed(rise: float) -> float:
        both, mine_rate = rate + rise * other / (one + other), rate + rise
        by_chance = z * math.sqrt(both * (1 - both) * (one + other))
        spread = mine_rate * (1 - mine_rate) * one + rate * (1 - rate) * other
        return float(rise - by_chance - z_power * math.sqrt(spread))

    return float(brentq(exceed, 0, 1 - rate)) if exceed(1 - rate) > 0 else 1.0


def permute_p(
    members: np.ndarray, wrong: np.ndarray, product: np.ndarray, permutations: int, seed: int
) -> np.ndarray:
    """Give each group's two-sided p that its errors are as far from expectation by chance.

    Products with as many images exchange all their errors, which come in any order, as
    `slices.max_t` has it; p = (1 + draws as far) / (1 + draws), never 0 (Phipson and Smyth 2010).
    NaN where a group is empty or everything.

    Args:
        members: bool (groups, images).
        wrong, product: bool and 0..products-1, of each image.
    """
    sizes = np.bincount(product)[product] if len(product) else product
    blocks = [np.flatnonzero(sizes == size) for size in np.unique(sizes)]
    # Images of one product stand together, so that a block folds into (products, images of one).
    blocks = [block[np.argsort(product[block], kind="stable")] for block in blocks]
    expected = sum(
        (members[:, block].sum(axis=1) * wrong[block].mean() for block in blocks),
        np.zeros(len(members)),
    )
    far = np.abs(members @ wrong.astype(float) - expected) - 1e-9
    weights = csr_array(members.astype(float))
    rng = np.random.default_rng(seed)
    reached = np.zeros(len(members))
    for start in range(0, permutations, _AT_ONCE):
        drawn = np.empty((min(_AT_ONCE, permutations - start), len(wrong)))
        for block in blocks:
            errors = wrong[block].reshape(-1, sizes[block[0]])
            places = np.tile(np.arange(len(errors)), (len(drawn), 1))
            moved = errors[rng.permuted(places, axis=1)]  # (draws, products, images of one)
            drawn[:, block] = rng.permuted(moved, axis=2).reshape(len(drawn), -1)
        reached += (np.abs(weights @ drawn.T - expected[:, None]) >= far[:, None]).sum(axis=1)
    n = members.sum(axis=1)
    return np.where((n > 0) & (n < len(wrong)), (1 + reached) / (1 + permutations), np.nan)
