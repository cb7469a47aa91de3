"""Colors and labels apart: what each photo weighs, and a last layer fitted on even draws."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from zapcls.progress import Progress, silent

MOST_WEIGHT = 10.0  # of a photo of a rare group, before the weights are scaled to a mean of 1
DRAWS = 10
LEAST_PHOTOS = 20  # a group with fewer gives all it has to a draw, and does not make it smaller
STRENGTHS = tuple(10.0**power for power in range(-5, 1))  # sklearn's C; small holds back more
TITLE = "Balancing the last layer"


def assign_groups(codes: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Number the groups of color and label, (n): 0, 1, … of those that occur.

    `codes` (n) are class indices, `colors` (n) basic terms; photos without a color ("") of a label
    are a group too.
    """
    pairs = pd.MultiIndex.from_arrays([codes, colors])
    return pairs.factorize(sort=True)[0]


def weigh_groups(groups: np.ndarray) -> np.ndarray:
    """Return each photo (n) a weight, so that each group weighs the same: float32, mean 1.

    A weight is n / (number of groups x photos of the group), at most `MOST_WEIGHT`, so that a
    handful of photos does not lead the training; all are then scaled to a mean of 1.
    """
    counts = np.bincount(groups)
    weights = np.minimum(len(groups) / (len(counts) * counts[groups]), MOST_WEIGHT)
    return (weights / weights.mean()).astype(np.float32)


def weigh_apart(codes: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Return weights (n) under which a color does not tell its label: float32, mean 1.

    Reweighing (Kamiran and Calders 2012, Knowl. Inf. Syst. 33:1): the group's photos as expected
    if color and label were independent over those there are. Colors and labels keep their shares,
    which they would not if all groups weighed the same. A weight is at most `MOST_WEIGHT`.

    `codes` (n) are class indices, `colors` (n) basic terms, "" for none.
    """
    counts = pd.crosstab(codes, colors)
    by_label, by_color = counts.sum(axis=1), counts.sum(axis=0)
    expected = by_label.loc[codes].to_numpy() * by_color.loc[colors].to_numpy() / len(codes)
    groups = assign_groups(codes, colors)
    weights = np.minimum(expected / np.bincount(groups)[groups], MOST_WEIGHT)
    return (weights / weights.mean()).astype(np.float32)


def draw_evenly(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw as many photos from each group as the smallest has: their places, sorted.

    Groups of fewer than `LEAST_PHOTOS` are taken whole and set no number, where there are others.
    """
    size, count = _choose_size(groups), int(groups.max()) + 1
    drawn = [rng.permutation(np.flatnonzero(groups == group))[:size] for group in range(count)]
    return np.sort(np.concatenate(drawn))


def weigh_drawn(groups: np.ndarray) -> np.ndarray:
    """Return how likely each photo (n) is in a draw of `draw_evenly`, 0..1."""
    counts = np.bincount(groups)
    return (np.minimum(counts, _choose_size(groups)) / counts)[groups]


def _choose_size(groups: np.ndarray) -> int:
    counts = np.bincount(groups)
    large = counts[counts >= LEAST_PHOTOS]
    return int(large.min() if len(large) else counts.min())


@dataclass(frozen=True)
class Embedded:
    """Photos as the last layer sees them."""

    embeddings: np.ndarray  # (n, width)
    codes: np.ndarray  # (n) class indices
    groups: np.ndarray  # (n), see `assign_groups`


@dataclass(frozen=True)
class BalancedLayer:
    """The weights of a last layer, (classes, width), and how they came about."""

    weight: np.ndarray
    facts: dict[str, float]  # strength: sklearn's C; draws; photos: of a draw; groups


def fit_balanced_layer(
    train: Embedded, tune: Embedded, classes: int, seed: int, progress: Progress = silent
) -> BalancedLayer:
    """Fit a last layer on embeddings, by draws with as many photos from each group.

    That is deep feature reweighting (Kirichenko, Izmailov and Wilson 2022), with an L2 penalty in
    place of L1: the mean of `DRAWS` logistic regressions without an intercept, as the layer has
    none. The penalty is that of the least loss on tune, its groups weighing the same. The draws
    follow `seed`.

    Raises:
        Stopped: a person asked to stop.
    """
    scale = train.embeddings.std(axis=0)
    scale[scale == 0] = 1
    scaled = train.embeddings / scale
    draws = [draw_evenly(train.groups, np.random.default_rng((seed, k))) for k in range(DRAWS)]
    best, least, chosen = np.zeros((classes, len(scale))), np.inf, STRENGTHS[0]
    for step, strength in enumerate(STRENGTHS):
        weights = []
        for number, draw in enumerate(draws):
            progress(TITLE, step * DRAWS + number, len(STRENGTHS) * DRAWS)
            weights.append(_fit(scaled[draw], train.codes[draw], classes, strength))
        weight = np.mean(weights, axis=0) / scale
        loss = _balanced_loss(tune.embeddings @ weight.T, tune.codes, tune.groups)
        if loss < least:
            best, least, chosen = weight, loss, strength
    counts = {"draws": DRAWS, "photos": len(draws[0]), "groups": int(train.groups.max()) + 1}
    return BalancedLayer(best, {"strength": chosen, **counts})


def _fit(embeddings: np.ndarray, codes: np.ndarray, classes: int, strength: float) -> np.ndarray:
    """Fit the weights (classes, width) of one draw; a class without photos has zeros."""
    head = LogisticRegression(C=strength, fit_intercept=False, max_iter=500)
    with warnings.catch_warnings():  # a layer that could still improve a little is as good
        warnings.simplefilter("ignore", ConvergenceWarning)
        head.fit(embeddings, codes)
    weight = np.zeros((classes, embeddings.shape[1]))
    # Of two classes sklearn gives one row, the difference of theirs.
    weight[head.classes_] = head.coef_ if len(head.coef_) > 1 else [[-0.5], [0.5]] * head.coef_
    return weight


def _balanced_loss(logits: np.ndarray, codes: np.ndarray, groups: np.ndarray) -> float:
    """The mean cross-entropy, in nats, of photos that weigh as `weigh_groups` says."""
    logits = logits - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(codes)), codes]
    return float(np.mean(losses * weigh_groups(groups)))
