"""Which photos are watched while a network trains."""

import numpy as np

WATCHED = 8


def choose_watched(codes: np.ndarray, prob: np.ndarray, n: int = WATCHED) -> np.ndarray:
    """Choose photos to watch: half of them wrong, as far as there are so many of either kind.

    Of the wrong ones and of the right ones those are taken that stand evenly spaced by the
    probability of their label, so that some are close to tipping over and some are far from it.

    Args:
        codes: (n,) class indices, -1 for a photo without a label, which is never chosen.
        prob: (n, classes), 0..1.

    Returns:
        Places in `codes`, the wrong ones first, each kind from the least probable label on.
    """
    labelled = np.flatnonzero(codes >= 0)
    of_label = prob[labelled, codes[labelled]]
    labelled = labelled[np.argsort(of_label, kind="stable")]
    is_wrong = prob[labelled].argmax(axis=1) != codes[labelled]
    wrong, right = labelled[is_wrong], labelled[~is_wrong]
    n_wrong = min(len(wrong), max(n // 2, n - len(right)))
    return np.concatenate([_spread(wrong, n_wrong), _spread(right, n - n_wrong)])


def _spread(places: np.ndarray, n: int) -> np.ndarray:
    """Take `n` places, evenly spaced from the first to the last; all where there are no more."""
    if len(places) <= n:
        return places
    return places[np.linspace(0, len(places) - 1, n).round().astype(int)]
