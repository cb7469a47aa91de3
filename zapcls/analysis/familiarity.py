"""Does a photo look like the training photos? By features and classes of a network for anything."""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

NEAREST = 10  # training photos whose features a photo's are compared with
REFUSED = 0.05  # of tune, which looks like what was learned
_TYPICAL = 2.0  # times the share that each class has by chance
_LEAST = 1e-6  # of a probability whose logarithm is taken


@dataclass(frozen=True)
class Reference:
    """What training photos look like; `measure` compares a photo with it."""

    known: np.ndarray  # features of training photos, of length 1: float16, (n, width)
    typical: np.ndarray  # whether training photos are of a class: bool (classes)
    mean: np.ndarray  # of both parts on tune: float (2)
    deviation: np.ndarray
    limit: np.ndarray  # the strangeness that REFUSED of tune are above: float ()

    def measure(self, features: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """Measure how strange photos are, high is strange: float (n).

        It is the sum of two parts, each in deviations from its mean on tune: how far the features
        are from the nearest training photos (1 minus the mean cosine), and how little of the
        probability is on the classes that training photos are of (minus its logarithm).
        """
        parts = measure_parts(self.known, self.typical, features, logits)
        return ((parts - self.mean) / self.deviation).sum(axis=1)


def fit_reference(
    train: tuple[np.ndarray, np.ndarray], tune: tuple[np.ndarray, np.ndarray]
) -> Reference:
    """Fit what is familiar: REFUSED of tune are not.

    Both are features (n, width) and logits (n, classes) of photos.
    """
    share = softmax(train[1], axis=1).mean(axis=0)
    typical = share > _TYPICAL / len(share)
    known = _normalize(train[0]).astype(np.float16)
    parts = measure_parts(known, typical, *tune)
    mean, deviation = parts.mean(axis=0), np.maximum(parts.std(axis=0), 1e-6)
    strangeness = ((parts - mean) / deviation).sum(axis=1)
    limit = np.quantile(strangeness, 1 - REFUSED, method="higher")
    return Reference(known, typical, mean, deviation, limit)


def measure_parts(
    known: np.ndarray, typical: np.ndarray, features: np.ndarray, logits: np.ndarray
) -> np.ndarray:
    """Measure both parts of the strangeness of photos: float (n, 2)."""
    similarity = _normalize(features) @ known.T.astype(np.float32)
    k = min(NEAREST, len(known))
    nearest = np.partition(similarity, -k, axis=1)[:, -k:].mean(axis=1)
    share = softmax(logits, axis=1) @ typical
    return np.stack([1 - nearest, -np.log(np.maximum(share, _LEAST))], axis=1)


def _normalize(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)
