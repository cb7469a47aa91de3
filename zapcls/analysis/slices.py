"""Named groups of shoes that err more often than the rest, corrected for how many were tried.

The more groups are looked at, the worse the worst of them looks by chance. Single-step max-T
(Westfall and Young 1993, Resampling-Based Multiple Testing, Wiley) compares each group with the
worst of all groups where errors do not depend on groups: errors are moved between products at
random, and every group is counted again.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from zapcls.analysis.intervals import RATE, count_rates

COLUMNS = (
    "label", "category", "sub_category", "color", "brand", "closure", "material", "toe_style",
    "heel_height", "insole", "lightness", "multicolor",
)  # fmt: skip
ALPHA = 0.05  # the chance that any group is flagged where errors do not depend on groups
MIN_PRODUCTS = 10
MIN_ROOM = 2  # a group of n photos must be able to exceed the overall rate by this many errors
SAME = 0.8  # Jaccard: two groups that share more than this are one
LIGHTNESS_EDGES = (-np.inf, 35, 65, np.inf)  # L*
LIGHTNESS_NAMES = ("dark", "medium", "light")
_CHUNK = 64  # draws at once


def find_slices(
    table: pd.DataFrame,
    columns: Sequence[str] = COLUMNS,
    min_products: int = MIN_PRODUCTS,
    permutations: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Find the named groups that err more often than the rest, the clearest first.

    A group is all photos with one value of a column, or with a pair of values of two columns.
    Of groups that are nearly the same photos only the clearest is listed.

    Args:
        table: labelled predictions of one split (`metrics.labelled`) with `columns`.
        permutations: how many draws; p is at least 1 / (1 + permutations).

    Returns:
        name, where {column: value}, n, n_products, hits, rate, low, high, rest_rate (of all other
        photos), excess (errors beyond those at the rest's rate), p (adjusted), is_flagged (p <
        ALPHA), folded (how many groups of nearly the same photos are left out for this one).
        `attrs["tried"]` is how many groups p is adjusted for.
    """
    wheres, members = build_slices(table, columns, min_products)
    wrong, product = table["wrong"].to_numpy(dtype=bool), pd.factorize(table["product_id"])[0]
    z, p = max_t(members, wrong, product, permutations, seed)
    names = [name_slice(where) for where in wheres]
    order = np.array(
        sorted(range(len(names)), key=lambda i: (-z[i], len(wheres[i]), names[i])), dtype=int
    )
    folded = _fold(members[order])
    kept = order[folded >= 0]
    rates = _count(members[kept], wrong, product)
    rest_rate = (wrong.sum() - rates["hits"]) / (len(table) - rates["n"])
    found = pd.DataFrame(
        {
            "name": pd.Series([names[i] for i in kept], dtype="str"),
            "where": pd.Series([wheres[i] for i in kept], dtype=object),
            **rates[list(RATE)],
            "rest_rate": rest_rate,
            "excess": rates["hits"] - rest_rate * rates["n"],
            "p": p[kept],
            "is_flagged": p[kept] < ALPHA,
            "folded": folded[folded >= 0],
        }
    )
    found.attrs["tried"] = len(wheres)
    return found


def name_slice(where: Mapping[str, str]) -> str:
    """Name a group: "color brown × sub category Ankle"."""
    return " × ".join(f"{column.replace('_', ' ')} {value}" for column, value in where.items())


def find_members(table: pd.DataFrame, where: Mapping[str, str]) -> pd.DataFrame:
    """Find the rows of a group."""
    is_in = np.ones(len(table), dtype=bool)
    for column, value in where.items():
        is_in &= (name_values(table, column) == value).to_numpy(dtype=bool)
    return table[is_in]


def name_values(table: pd.DataFrame, column: str) -> pd.Series:
    """Return each row's value of a column in words; NaN where there is none."""
    values = table[column]
    if column == "lightness":
        return pd.cut(values, LIGHTNESS_EDGES, labels=LIGHTNESS_NAMES)
    if column == "multicolor":
        return values.map({True: "yes", False: "no"})
    return values.where(values != "")


def build_slices(
    table: pd.DataFrame, columns: Sequence[str], min_products: int
) -> tuple[list[dict[str, str]], csr_array]:
    """Build the groups to be tried: {column: value} of each, and float32 (groups, images), 0 or 1.

    Nothing is asked of where the errors lie, only how many there are; else no p-value were exact.
    """
    product = pd.factorize(table["product_id"])[0]
    right_rate = 1 - table["wrong"].mean()
    known = {column: pd.factorize(name_values(table, column)) for column in columns}
    wheres: list[dict[str, str]] = []
    slice_of, image_of = [np.empty(0, dtype=int)], [np.empty(0, dtype=int)]
    for chosen in [*combinations(columns, 1), *combinations(columns, 2)]:
        rows = np.flatnonzero(np.all([known[column][0] >= 0 for column in chosen], axis=0))
        if not len(rows):
            continue
        shape = [len(known[column][1]) for column in chosen]
        code = np.ravel_multi_index([known[column][0][rows] for column in chosen], shape)
        value, n, n_products = _count_values(code, product[rows])
        has_room = (n * right_rate >= MIN_ROOM) & (n < len(table))
        value = value[has_room & (n_products >= min_products)]
        is_in = np.isin(code, value)
        slice_of.append(len(wheres) + np.searchsorted(value, code[is_in]))
        image_of.append(rows[is_in])
        for places in zip(*np.unravel_index(value, shape), strict=True):
            named = zip(chosen, places, strict=True)
            wheres.append({column: str(known[column][1][place]) for column, place in named})
    place = np.concatenate(slice_of), np.concatenate(image_of)
    ones = np.ones(len(place[0]), dtype=np.float32)
    return wheres, csr_array((ones, place), shape=(len(wheres), len(table)))


def _count_values(
    code: np.ndarray, product: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the codes that occur, in order, and how many images and products each has."""
    value, n = np.unique(code, return_counts=True)
    width = product.max() + 1
    of_product = np.unique(code.astype(np.int64) * width + product) // width
    return value, n, np.unique(of_product, return_counts=True)[1]


def max_t(
    members: csr_array, wrong: np.ndarray, product: np.ndarray, permutations: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each group's errors exceed what was to be expected, and its adjusted p-value.

    z = (hits - mean) / sd, both over all ways to move the errors;
    p = (1 + draws whose largest z is at least this one's) / (1 + draws).

    Args:
        members: float32 (groups, images), 0 or 1.
        wrong, product: bool and 0..products-1, of each image.
    """
    if not members.shape[0]:
        return np.empty(0), np.empty(0)
    mean, deviation = _expect_hits(members, wrong, product)
    z = (members @ wrong.astype(np.float32) - mean) / deviation
    rng = np.random.default_rng(seed)
    groups = _group_products(wrong, product)
    largest = np.empty(permutations)
    for start in range(0, permutations, _CHUNK):
        count = len(largest[start : start + _CHUNK])
        hits = members @ _draw(groups, len(wrong), count, rng)
        drawn = (hits - mean[:, None]) / deviation[:, None]
        largest[start : start + _CHUNK] = drawn.max(axis=0)
    reached = permutations - np.searchsorted(np.sort(largest), z - 1e-9)
    return z, (1 + reached) / (1 + permutations)


def _expect_hits(
    members: csr_array, wrong: np.ndarray, product: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard deviation of each group's errors over all draws.

    Where a product of `number` images shows `c` of them in the group and draws `k` errors, its
    hits are hypergeometric; which product draws which k is a permutation. A deviation of 0 is
    given as infinite: such a group's z is 0.
    """
    size, errors = np.bincount(product), np.bincount(product, wrong)
    ones = np.ones(len(product))
    shown = members @ csr_array((ones, (np.arange(len(product)), product)))  # c: groups, products
    mean, variance = np.zeros(members.shape[0]), np.zeros(members.shape[0])
    for number in np.unique(size):
        is_such = size == number
        share = errors[is_such] / number
        such = shown[:, np.flatnonzero(is_such)]
        c, c_square = such.sum(axis=1), such.power(2).sum(axis=1)
        mean += c * share.mean()
        if len(share) > 1:
            variance += (c_square - c**2 / len(share)) * share.var(ddof=1)
        if number > 1:
            variance += (number * c - c_square) / (number - 1) * (share * (1 - share)).mean()
    return mean, np.where(variance > 1e-9, np.sqrt(np.maximum(variance, 0)), np.inf)


def _group_products(
    wrong: np.ndarray, product: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Group the products by their number of images.

    Of each group: the images (products, number), their errors alike, and the products that have
    both right and wrong images.
    """
    order = np.argsort(product, kind="stable")
    size = np.bincount(product)
    first = np.cumsum(size) - size
    groups = []
    for number in np.unique(size):
        images = order[first[size == number][:, None] + np.arange(number)]
        errors = wrong[images].astype(np.float32)
        mixed = np.flatnonzero(errors.any(axis=1) & ~errors.all(axis=1))
        groups.append((images, errors, mixed))
    return groups


def _draw(
    groups: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    n: int,
    count: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw errors where they depend on no group: float32 (n images, count).

    Products with as many images exchange all their errors, which come in any order.
    """
    drawn = np.empty((count, n), dtype=np.float32)
    for draw in drawn:
        for images, errors, mixed in groups:
            errors[mixed] = rng.permuted(errors[mixed], axis=1)
            draw[images] = errors[rng.permutation(len(errors))]
    return np.ascontiguousarray(drawn.T)


def _fold(members: csr_array) -> np.ndarray:
    """Count for each group, the clearest first, how many later ones it stands for; -1: left out."""
    size = members.sum(axis=1)
    shared = (members @ members.T).tocoo()
    first, second = shared.coords
    union = size[first] + size[second] - shared.data
    is_same = (first < second) & (shared.data > SAME * union)
    folded = np.zeros(len(size), dtype=int)
    for one, other in sorted(zip(first[is_same], second[is_same], strict=True)):
        if folded[one] >= 0 and folded[other] >= 0:
            folded[one] += 1
            folded[other] = -1
    return folded


def _count(members: csr_array, wrong: np.ndarray, product: np.ndarray) -> pd.DataFrame:
    """Count each group's errors, with an interval (`intervals.RATE`), in order."""
    photos = pd.DataFrame(
        {
            "slice": np.repeat(np.arange(members.shape[0]), np.diff(members.indptr)),
            "product_id": product[members.indices],
            "wrong": wrong[members.indices],
        }
    )
    return count_rates(photos, "wrong", by=["slice"])
