"""Heads on frozen features: whitened components, folds by product, answers from the other folds."""

import numpy as np
import pandas as pd

from zapcls.analysis import heads


def build_blobs(products=60, photos=3, gap=4.0):
    """Products of two classes, `gap` standard deviations apart on one of six axes."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(products), photos)
    codes = groups % 2
    features = rng.normal(size=(len(groups), 6))
    features[:, 2] += gap * codes
    return features.astype(np.float32), codes, groups


def test_reduced_features_are_uncorrelated_with_variance_one():
    rng = np.random.default_rng(1)
    mixed = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 8)) * 100 + 7

    reduced = heads.reduce(mixed, components=8)

    assert reduced.shape == (500, 3)  # there are no more than three directions
    np.testing.assert_allclose(np.cov(reduced.T, ddof=0), np.eye(3), atol=1e-3)


def test_the_directions_of_the_largest_variance_are_kept():
    rng = np.random.default_rng(2)
    main = rng.normal(size=400)
    features = np.column_stack([main + 0.01 * rng.normal(size=400) for _ in range(9)])
    features = np.column_stack([features, rng.normal(size=400)])

    [first] = heads.reduce(features, components=1).T

    assert abs(np.corrcoef(first, main)[0, 1]) > 0.99


def test_a_constant_feature_is_no_division_by_zero():
    features, _, _ = build_blobs()
    features[:, 0] = 5

    assert np.isfinite(heads.reduce(features)).all()


def test_of_few_photos_few_components_are_taken():
    """Whitened noise would drown what the first directions tell."""
    rng, codes = np.random.default_rng(0), np.arange(240) % 2
    features = rng.normal(size=(240, 600))
    features[:, :60] += codes[:, None]

    reduced = heads.reduce(features)
    prob = heads.cross_validate(reduced, codes, np.arange(240) // 2 % 5, 2)

    assert reduced.shape == (240, 48)
    assert (prob.argmax(axis=1) == codes).mean() > 0.9


def test_folds_keep_products_together_and_classes_in_proportion():
    _, codes, groups = build_blobs()

    fold = heads.assign_folds(codes, groups, folds=5, seed=3)

    assert (pd.Series(fold).groupby(groups).nunique() == 1).all()
    counts = pd.crosstab(fold, codes)
    assert counts.shape == (5, 2)
    assert (counts == 18).all(axis=None)  # 60 products of 3 photos: 6 products a class and fold


def test_another_seed_gives_other_folds():
    _, codes, groups = build_blobs()

    same, other = (heads.assign_folds(codes, groups, seed=seed) for seed in (0, 1))

    assert (same == heads.assign_folds(codes, groups, seed=0)).all()
    assert (same != other).any()


def test_separate_classes_are_told_apart_and_rows_sum_to_one():
    features, codes, groups = build_blobs()
    fold = heads.assign_folds(codes, groups)

    prob = heads.cross_validate(heads.reduce(features), codes, fold, 2)

    assert prob.shape == (180, 2)
    np.testing.assert_allclose(prob.sum(axis=1), 1)
    assert (prob.argmax(axis=1) == codes).mean() > 0.95


def test_no_head_sees_the_labels_of_its_own_fold():
    """Labels that features do not tell are not answered better than by chance: none leak."""
    rng = np.random.default_rng(5)
    groups = np.arange(400)
    codes = rng.integers(0, 2, 400)
    features = heads.reduce(rng.normal(size=(400, 60)))
    fold = heads.assign_folds(codes, groups)

    right = (heads.cross_validate(features, codes, fold, 2).argmax(axis=1) == codes).mean()

    assert 0.4 < right < 0.6


def test_a_class_that_a_fold_never_saw_gets_no_probability():
    features, codes, groups = build_blobs()
    codes = codes.copy()
    fold = heads.assign_folds(codes, groups)
    codes[fold == 0] = 2  # only there

    prob = heads.cross_validate(heads.reduce(features), codes, fold, 3)

    assert (prob[fold == 0, 2] == 0).all()


def test_each_fold_is_reported():
    features, codes, groups = build_blobs()
    seen = []

    heads.cross_validate(
        heads.reduce(features), codes, heads.assign_folds(codes, groups), 2,
        lambda phase, done, total, **detail: seen.append((done, total)),
    )  # fmt: skip

    assert seen == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
