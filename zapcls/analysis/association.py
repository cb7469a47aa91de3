"""How far a group, such as the color, goes with the label in the data, before any model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from zapcls.analysis.intervals import LEVEL, count_rates, fill_counts
from zapcls.analysis.metrics import labelled

RESAMPLES = 500


@dataclass(frozen=True)
class Association:
    """How far the group tells the label; NaN where there is but one group or one label."""

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
    table: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0, by: str = "color"
) -> Association:
    """Measure how group and label go together in a catalogue.

    `table` has label, the group column `by` ("" rows are left out) and product_id. Cramér's V is
    corrected for bias (Bergsma 2013, J. Korean Stat. Soc. 42:323), the mutual information as Miller
    (1955) does. The 95 % intervals resample products. Resampling adds as much bias as sampling did,
    so its draws are moved down by twice the bias that they show.
    """
    known = table[(table["label"] != "") & (table[by] != "")]
    product, products = pd.factorize(known["product_id"])
    (group, groups), (label, labels) = (pd.factorize(known[name]) for name in (by, "label"))
    shape = len(groups), len(labels)
    n = len(known)
    if min(shape) < 2:
        return Association(n, len(products), *[math.nan] * 7)
    cells = csr_array(
        (np.ones(n), (product, group * shape[1] + label)), shape=(len(products), math.prod(shape))
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
    """Return the ends of phi-squared's and the bits' intervals, (low and high, 2), none below 0.

    `cells` counts photos: (products, groups * labels).
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
    """Return Pearson's chi-squared over n of a table of counts; empty rows and columns are none."""
    share = counts / counts.sum()
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    has = expected > 0
    return float((share[has] ** 2 / expected[has]).sum() - 1)


def mutual_bits(counts: np.ndarray) -> float:
    """Return the mutual information of rows and columns in bits, not corrected for bias."""
    share = counts / counts.sum()
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    has = share > 0
    return float((share[has] * np.log2(share[has] / expected[has])).sum())


def cramers_v(counts: np.ndarray) -> float:
    """Return Bergsma's Cramér's V of a table of counts without empty rows or columns, 0..1."""
    (rows, columns), n = counts.shape, counts.sum()
    phi = max(0.0, phi_squared(counts) - (rows - 1) * (columns - 1) / (n - 1))
    return min(1.0, math.sqrt(phi / _largest_phi_squared(counts.shape, n)))


def _largest_phi_squared(shape: tuple[int, ...], n: float) -> float:
    return min(size - (size - 1) ** 2 / (n - 1) for size in shape) - 1


def count_shares(
    table: pd.DataFrame, groups: Sequence[str], classes: Sequence[str], by: str = "color"
) -> pd.DataFrame:
    """Count how many of a catalogue's labelled photos of each group have each label.

    Returns:
        A row for each of `classes` and of those of `groups` that occur: label, `by`, n (photos of
        the group), n_products, hits (those of the label), rate, low, high (`count_rates`).
    """
    known = labelled(table)
    there = set(known[by])
    shown = [group for group in groups if group in there]
    shares = {}
    for label in classes:
        rates = count_rates(known.assign(is_label=known["label"] == label), "is_label", by=[by])
        shares[label] = fill_counts(rates.set_index(by).reindex(shown).reset_index())
    return pd.concat(shares, names=["label"]).reset_index("label").reset_index(drop=True)
