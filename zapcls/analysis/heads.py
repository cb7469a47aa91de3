"""Heads on frozen features, cross-validated: each image is answered by one that never saw it.

The features come from a network that never saw these labels; a head could only have learned an
image's label from another photo of its product, and products are kept together.
"""

import warnings

import numpy as np
from scipy.linalg import eigh
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from zapcls.progress import Progress, silent

FOLDS = 5
COMPONENTS = 256  # of the features, by variance; more of them only cost time
# Of few photos the late components are noise, which whitening makes as large as the rest.
PHOTOS_A_COMPONENT = 5
STRENGTH = 0.03  # sklearn's C on whitened features: how little the weights are held back
_TITLE = "Cross-validating heads"


def reduce(features: np.ndarray, components: int | None = None) -> np.ndarray:
    """Reduce features (n, width) to whitened principal components: float32 (n, components).

    Without a number there are COMPONENTS, or one for PHOTOS_A_COMPONENT where there are few photos.
    The first has the largest variance; directions without any are left out. No label is looked
    at, so this may be done once, over all folds.
    """
    centered = features.astype(np.float32)
    centered -= centered.mean(axis=0)
    deviation = centered.std(axis=0)
    centered /= np.where(deviation > 0, deviation, 1)
    covariance = centered.T @ centered / len(centered)
    width = len(covariance)
    if components is None:
        components = min(COMPONENTS, max(len(centered) // PHOTOS_A_COMPONENT, 2))
    count = min(components, len(centered) - 1, width)
    values, vectors = eigh(covariance, subset_by_index=[width - count, width - 1])
    is_used = values > 1e-5 * values[-1]
    scale = vectors[:, is_used] / np.sqrt(values[is_used])
    return (centered @ scale)[:, ::-1].astype(np.float32)


def assign_folds(
    codes: np.ndarray, groups: np.ndarray, folds: int = FOLDS, seed: int = 0
) -> np.ndarray:
    """Assign each image a fold 0..folds-1: groups (products) together, classes in proportion."""
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    fold = np.empty(len(codes), dtype=np.int64)
    for number, (_, held_out) in enumerate(splitter.split(codes, codes, groups)):
        fold[held_out] = number
    return fold


def cross_validate(
    features: np.ndarray,
    codes: np.ndarray,
    fold: np.ndarray,
    classes: int,
    progress: Progress = silent,
) -> np.ndarray:
    """Return each image the probabilities of a head that was trained on the other folds.

    `features` (n, k) as `reduce` gives them, `codes` (n) class indices, `fold` (n).

    Returns:
        float64 (n, classes), rows sum to 1.
    """
    prob = np.zeros((len(codes), classes))
    count = int(fold.max()) + 1
    for number in range(count):
        progress(_TITLE, number, count)
        is_out = fold == number
        head = LogisticRegression(C=STRENGTH, max_iter=500)
        with warnings.catch_warnings():  # a head that could still improve a little is as good
            warnings.simplefilter("ignore", ConvergenceWarning)
            head.fit(features[~is_out], codes[~is_out])
        prob[np.ix_(is_out, head.classes_)] = head.predict_proba(features[is_out])
    progress(_TITLE, count, count)
    return prob
