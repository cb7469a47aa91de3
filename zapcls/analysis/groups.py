"""Does the error rate of a group, such as a color, differ from that of the others of its label?"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.special import ndtri

from zapcls.analysis.intervals import LEVEL, count_rates, student_level
from zapcls.analysis.metrics import labelled
from zapcls.analysis.permutations import holm

PERMUTATIONS = 2000
_MOST_PERMUTATIONS = 20_000
_FEW = 20  # draws that reach as far: p is known well enough with more
POWER = 0.8
MIN_PRODUCTS = 20  # a group of fewer is small
_USED = ["label", "product_id", "wrong", "prob", "prob_label"]
_AT_ONCE = 50  # permutations: as many as save time without taking memory


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
        A row for each of `groups` (values of the column `by`) and `classes`: `by`, label, the
        columns of `compare_rates`, and p_holm (`correct_p`) over all rows together.
    """
    parts = list(split_labels(table, split, groups, classes, by))
    tried = permute_parts([part for _, *part in parts], permutations, seed)
    rows = [
        {by: group, "label": label} | compare_rates(photos, is_in, float(chance))
        for (label, photos, members), p in zip(parts, tried, strict=True)
        for group, is_in, chance in zip(groups, members, p, strict=True)
    ]
    counts = [name + end for end in ("", "_others") for name in ("n", "n_products", "hits")]
    found = pd.DataFrame(rows).astype(dict.fromkeys(counts, int))
    found["p_holm"] = np.concatenate(correct_p([part for _, *part in parts], tried))
    order = {group: place for place, group in enumerate(groups)}
    return found.sort_values(by, key=lambda c: c.map(order), kind="stable", ignore_index=True)


def split_labels(
    table: pd.DataFrame, split: str, groups: Sequence[str], classes: Sequence[str], by: str
) -> Iterator[tuple[str, pd.DataFrame, np.ndarray]]:
    """Split a table's photos of a known group by label.

    Returns:
        For each of `classes` the label, its photos with their products as 0..products-1, and which
        of `groups` each is in: bool (groups, photos).
    """
    known = labelled(table, split)[[by, *_USED]]  # few columns: parts are taken often
    known = known[known[by] != ""]
    for label in classes:
        photos = known[known["label"] == label]
        photos = photos.assign(product_id=pd.factorize(photos["product_id"])[0])
        members = np.array([(photos[by] == group).to_numpy(dtype=bool) for group in groups])
        members = members.reshape(len(groups), len(photos))
        yield label, photos, members


def compare_rates(photos: pd.DataFrame, is_in: np.ndarray, p: float) -> dict[Any, Any]:
    """Compare the error rate of a label's photos in a group with that of its other photos.

    Returns:
        n, n_products, hits, rate, low, high (`intervals.count_rates`) and the same with `_others`;
        difference (rate - rate_others) with difference_low and difference_high; p as given;
        detectable (`detectable_difference`); is_small; mean_prob (of the label) and
        calibration_gap (mean probability of the prediction minus the share of right answers).
        Where the group has no photo n is 0 and all else NaN.
    """
    mine, others = photos[is_in], photos[~is_in]
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
    """Return the difference of two error rates, low and high (95 %), products as the units.

    The two rates' own intervals (`intervals.count_rates`) are put together as Newcombe (1998, Stat.
    Med. 17:873) does, with their correlation, for a product may have photos in both (Zou and Donner
    2008, Stat. Med. 27:1693). They are taken at the level at which Student's t of the smaller
    group's products less one is used for z. NaN where a group is empty.
    """
    if mine.empty or others.empty:
        return (math.nan,) * 3
    parts = mine, others
    smaller = min(part["product_id"].nunique() for part in parts)
    level = student_level(smaller)
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
    """Return the correlation of two error rates that comes of products in both, -1..1."""
    products, names = pd.factorize(pd.concat([mine["product_id"], others["product_id"]]))
    one, other = (
        np.bincount(codes, part["wrong"] - part["wrong"].mean(), len(names))
        for part, codes in zip((mine, others), np.split(products, [len(mine)]), strict=True)
    )
    size = math.sqrt(float((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / size if size else 0.0


def detectable_difference(mine: pd.DataFrame, others: pd.DataFrame) -> float:
    """Return the smallest true rise of the error rate that is found with 80 % power at p < 0.05.

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
    sizes = [np.bincount(pd.factorize(part["product_id"])[0]) for part in (mine, others)]
    one, other = (float((size**2).sum() / size.sum() ** 2) for size in sizes)  # 1/m, 1/m_others
    z, z_power = ndtri((1 + LEVEL) / 2), ndtri(POWER)

    def exceed(rise: float) -> float:
        both, mine_rate = rate + rise * other / (one + other), rate + rise
        by_chance = z * math.sqrt(both * (1 - both) * (one + other))
        spread = mine_rate * (1 - mine_rate) * one + rate * (1 - rate) * other
        return float(rise - by_chance - z_power * math.sqrt(spread))

    return float(brentq(exceed, 0, 1 - rate)) if exceed(1 - rate) > 0 else 1.0


Part = Sequence[Any]  # photos (wrong, product_id) and members: bool (groups, photos)


def permute_parts(parts: Sequence[Part], permutations: int, seed: int) -> list[np.ndarray]:
    """Return `permute_p` of each part, with draws enough to correct for all of them together."""
    tests = sum(int(_is_tried(members).sum()) for photos, members in parts if photos["wrong"].any())
    most = max(permutations, min(_MOST_PERMUTATIONS, math.ceil(2 * tests / (1 - LEVEL))))
    return [
        permute_p(
            members, photos["wrong"].to_numpy(dtype=bool), photos["product_id"].to_numpy(),
            permutations, seed, most,
        )
        for photos, members in parts
    ]  # fmt: skip


def correct_p(parts: Sequence[Part], p: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Correct the p of parts for how many there are (Holm 1979).

    A part without an error can tell nothing whatever is drawn: it stays at 1 and does not count
    (Tarone 1990, Biometrics 46:515).
    """
    can_tell = np.concatenate([np.full(len(m), bool(t["wrong"].any())) for t, m in parts])
    every = pd.Series(np.concatenate(p))
    corrected = holm(every.where(can_tell)).where(can_tell, every)
    return np.split(corrected.to_numpy(), np.cumsum([len(one) for one in p])[:-1])


def _is_tried(members: np.ndarray) -> np.ndarray:
    n = members.sum(axis=1)
    return (n > 0) & (n < members.shape[1])


def permute_p(
    members: np.ndarray,
    wrong: np.ndarray,
    product: np.ndarray,
    permutations: int,
    seed: int,
    most: int = 0,
) -> np.ndarray:
    """Return each group's two-sided p that its errors are as far from expectation by chance.

    Products with as many images exchange all their errors, which come in any order, as
    `slices.max_t` has it; p = (1 + draws as far) / (1 + draws), never 0 (Phipson and Smyth 2010).
    Groups that few draws reach are given up to `most` of them: only a small p needs many.
    NaN where a group is empty or everything.

    Args:
        members: bool (groups, images).
        wrong, product: bool and 0..products-1, of each image.
    """
    is_tried = _is_tried(members)
    if not wrong.any():  # each draw is as far from expectation as what was seen: not at all
        return np.where(is_tried, 1.0, np.nan)
    sizes = np.bincount(product)[product]
    blocks = [np.flatnonzero(sizes == size) for size in np.unique(sizes)]
    # Images of one product stand together, so that a block folds into (products, images of one).
    blocks = [block[np.argsort(product[block], kind="stable")] for block in blocks]
    expected = sum(
        (members[:, block].sum(axis=1) * wrong[block].mean() for block in blocks),
        np.zeros(len(members)),
    )
    far = np.abs(members @ wrong.astype(float) - expected) - 1e-9
    rng = np.random.default_rng(seed)

    def count(groups: np.ndarray, draws: int) -> np.ndarray:
        """Count how many draws are as far, for some of the groups."""
        weights, reached = csr_array(members[groups].astype(float)), np.zeros(len(groups))
        for start in range(0, draws, _AT_ONCE):
            drawn = np.empty((min(_AT_ONCE, draws - start), len(wrong)))
            for block in blocks:
                errors = wrong[block].reshape(-1, sizes[block[0]])
                places = np.tile(np.arange(len(errors)), (len(drawn), 1))
                moved = errors[rng.permuted(places, axis=1)]  # (draws, products, images of one)
                drawn[:, block] = rng.permuted(moved, axis=2).reshape(len(drawn), -1)
            gaps = np.abs(weights @ drawn.T - expected[groups, None])
            reached += (gaps >= far[groups, None]).sum(axis=1)
        return reached

    draws = np.full(len(members), permutations)
    reached = count(np.arange(len(members)), permutations)
    rare = np.flatnonzero(is_tried & (reached < _FEW))
    if most > permutations and len(rare):
        reached[rare] += count(rare, most - permutations)
        draws[rare] = most
    return np.where(is_tried, (1 + reached) / (1 + draws), np.nan)
