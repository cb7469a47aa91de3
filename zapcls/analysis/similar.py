"""Which photos are like others, aspect by aspect: exact search, every photo is compared.

An aspect of a photo is a vector of length 1, or a code from 1 on: two photos are as alike in it as
the product of their vectors says, or wholly where their codes are the same. A vector of length 0
and the code 0 stand for what is not known, which is like nothing. How alike two photos are is the
mean over the aspects, each by its weight.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

Vectors = Mapping[str, np.ndarray]  # aspect -> float32 (width), or (n, width)

AGAINST = 0.5  # what a rejected photo counts, beside a picked one
RELEVANCE = 0.7  # of maximal marginal relevance: 1 is the nearest whatever they are
_POOL = 12  # times as many candidates as are asked for are weighed for variety


@dataclass(frozen=True)
class Space:
    """Photos by aspect, in one order: float32 (n, width) of unit rows, or int (n) of codes."""

    aspects: Mapping[str, np.ndarray]
    products: np.ndarray  # int (n): photos of one product have the same number

    def look_up(self, rows: np.ndarray) -> Vectors:
        """Return the aspects of some photos as vectors, (len(rows), width) each."""
        return {name: _to_vectors(part, rows) for name, part in self.aspects.items()}

    def compare(self, name: str, query: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Return how like `query` (width) each photo is in one aspect, -1..1; all, or `rows`."""
        part = self.aspects[name] if rows is None else self.aspects[name][rows]
        return query[part] if part.ndim == 1 else part @ query

    def score(
        self, query: Vectors, weights: Mapping[str, float], rows: np.ndarray | None = None
    ) -> np.ndarray:
        """Return how like a query each photo is over all weighed aspects, -1..1; float32 (n).

        An aspect that is not known of the query counts nothing.
        """
        used = {name: weights.get(name, 0) for name in query if np.any(query[name])}
        total = sum(used.values())
        scores = np.zeros(len(self.products) if rows is None else len(rows), dtype=np.float32)
        for name, weight in used.items():
            if weight:
                scores += np.float32(weight / total) * self.compare(name, query[name], rows)
        return scores


def _to_vectors(part: np.ndarray, rows: np.ndarray) -> np.ndarray:
    if part.ndim > 1:
        return part[rows]
    vectors = np.eye(int(part.max(initial=0)) + 1, dtype=np.float32)[part[rows]]
    vectors[:, 0] = 0  # not known
    return vectors


def normalize(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1, float32; those of length 0 stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)


def fit_linear(known: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Fit what `known` (n, p) explains of `vectors` (n, width), by least squares with a constant.

    Returns:
        float32 (p + 1, width), for `subtract_linear`; the last row is the constant.
    """
    design = np.column_stack([known, np.ones(len(known))])
    moments = design.T @ design, design.T @ vectors
    return np.linalg.lstsq(*moments, rcond=1e-6)[0].astype(np.float32)


def subtract_linear(fit: np.ndarray, known: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return what is left of `vectors` (n, width) when what `known` (n, p) explains is gone."""
    return vectors - known.astype(np.float32) @ fit[:-1] - fit[-1]


def find_components(vectors: np.ndarray, count: int) -> np.ndarray:
    """Find the directions in which vectors (n, width) are longest: float32 (width, count)."""
    width = vectors.shape[1]
    moments = vectors.T @ vectors
    return eigh(moments, subset_by_index=[width - count, width - 1])[1].astype(np.float32)


def find_best(
    scores: np.ndarray, allowed: np.ndarray, k: int, products: np.ndarray | None = None
) -> np.ndarray:
    """Find the k rows of highest score among those allowed (bool, n); ties by row.

    With `products` (int, n) each product has one row at most, its best.
    """
    rows = np.flatnonzero(allowed)
    most = k if products is None else 8 * k
    while True:
        head = rows
        if most < len(rows):
            least = np.partition(scores[rows], len(rows) - most)[len(rows) - most]
            head = rows[scores[rows] >= least]
        best = head[np.lexsort((head, -scores[head]))]
        if products is not None:
            best = best[np.sort(np.unique(products[best], return_index=True)[1])]
        if len(best) >= k or most >= len(rows):
            return best[:k]
        most *= 4


def combine(space: Space, liked: np.ndarray, unliked: np.ndarray) -> Vectors:
    """Return the query that stands for some picked rows, away from the rejected ones.

    The mean of the picked less AGAINST times the mean of the rejected, in each aspect, as Rocchio's
    feedback does it (1971, in Salton, The SMART Retrieval System, 313-323).
    """
    query = {}
    for name, vectors in space.look_up(np.concatenate([liked, unliked]).astype(int)).items():
        middle = np.zeros(vectors.shape[1], dtype=np.float32)
        if len(liked):
            middle += vectors[: len(liked)].mean(axis=0)
        if len(unliked):
            middle -= AGAINST * vectors[len(liked) :].mean(axis=0)
        query[name] = normalize(middle) if space.aspects[name].ndim > 1 else middle
    return query


def diversify(
    space: Space,
    scores: np.ndarray,
    allowed: np.ndarray,
    k: int,
    weights: Mapping[str, float],
    relevance: float = RELEVANCE,
    products: np.ndarray | None = None,
) -> np.ndarray:
    """Choose k rows of high score that are unlike one another, the best first.

    Maximal marginal relevance (Carbonell and Goldstein 1998, doi:10.1145/290941.291025): each next
    one has the highest `relevance` x score - (1 - `relevance`) x its likeness to the likest one
    that is chosen already.
    """
    pool = find_best(scores, allowed, _POOL * k, products)
    nearest = np.zeros(len(pool), dtype=np.float32)
    left = np.ones(len(pool), dtype=bool)
    chosen: list[int] = []
    while left.any() and len(chosen) < k:
        gain = relevance * scores[pool] - (1 - relevance) * nearest
        place = int(np.argmax(np.where(left, gain, -np.inf)))
        left[place] = False
        chosen.append(int(pool[place]))
        own = {name: v[0] for name, v in space.look_up(pool[[place]]).items()}
        nearest = np.maximum(nearest, space.score(own, weights, pool))
    return np.array(chosen, dtype=int)
