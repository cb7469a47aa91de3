"""Which photos are alike to a network: by the cosine of their embeddings, exactly."""

import numpy as np

NEAREST = 10  # training photos that an outlier score looks at
_CHUNK = 512


def find_nearest(
    embeddings: np.ndarray, query: int, candidates: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the k rows among `candidates` that are nearest to the row `query`, never itself.

    `embeddings` is (n, width); `candidates` are rows or a mask of them.

    Returns:
        Their rows, the nearest first (ties by row), and their cosine similarities, -1..1; fewer
        than k where there are not as many candidates.
    """
    rows = np.arange(len(embeddings))[candidates]
    rows = np.sort(rows[rows != query])
    length = np.sqrt(np.einsum("ij,ij->i", embeddings, embeddings))
    similarity = (embeddings @ embeddings[query])[rows]
    similarity = similarity / np.maximum(length[rows] * length[query], 1e-12)
    nearest = np.argsort(-similarity, kind="stable")[:k]
    return rows[nearest], similarity[nearest]


def outlier_scores(embeddings: np.ndarray, is_train: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Describe how far each of some rows lies from the training photos.

    It is 1 minus the mean cosine similarity to the `NEAREST` nearest training photos, itself left
    out; to all but one where there are no more than `NEAREST` of them.

    Args:
        embeddings: (n, width).
        is_train: bool (n).
        rows: the rows to be scored.

    Returns:
        float32 (len(rows)), 0..2, high is far; NaN with less than two training photos.
    """
    train = np.flatnonzero(is_train)
    scores = np.full(len(rows), np.nan, dtype=np.float32)
    k = min(NEAREST, len(train) - 1)
    if k < 1:
        return scores
    known = _normalize(embeddings[train])
    place = np.full(len(embeddings), -1)
    place[train] = np.arange(len(train))
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        similarity = _normalize(embeddings[chunk]) @ known.T
        own = np.flatnonzero(place[chunk] >= 0)
        similarity[own, place[chunk[own]]] = -np.inf
        nearest = np.partition(similarity, -k, axis=1)[:, -k:]
        scores[start : start + _CHUNK] = 1 - nearest.mean(axis=1)
    return scores


def _normalize(vectors: np.ndarray) -> np.ndarray:
    """Return the vectors length 1, float32; those of length 0 stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)
