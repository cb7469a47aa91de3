"""Colors and labels in balance: weights by hand, even draws, and a last layer that is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from zapcls.analysis.balance import (
    STRENGTHS,
    Embedded,
    assign_groups,
    draw_evenly,
    fit_balanced_layer,
    weigh_apart,
    weigh_drawn,
    weigh_groups,
)
from zapcls.errors import Stopped


def test_a_group_is_a_color_of_a_label_and_no_color_is_one_too() -> None:
    codes = np.array([0, 1, 0, 1, 1, 0])
    colors = np.array(["red", "red", "", "black", "red", "red"])

    groups = assign_groups(codes, colors)

    assert groups.tolist() == [1, 3, 0, 2, 3, 1]


def test_each_group_weighs_the_same() -> None:
    groups = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2])

    weights = weigh_groups(groups)

    assert weights.dtype == np.float32
    assert weights.tolist() == pytest.approx([10 / 18] * 6 + [10 / 6] * 4)
    assert weights.mean() == pytest.approx(1)


def test_a_rare_group_weighs_no_more_than_the_most() -> None:
    groups = np.array([0] * 99 + [1])  # in balance: 100 / (2 x 99) and 100 / 2

    weights = weigh_groups(groups)

    mean = (99 * 50 / 99 + 10) / 100
    assert weights[0] == pytest.approx(50 / 99 / mean)
    assert weights[-1] == pytest.approx(10 / mean)
    assert weights.mean() == pytest.approx(1)


def test_weights_take_the_label_out_of_the_color_and_keep_both_shares() -> None:
    codes = np.array([0] * 6 + [1] * 4)
    colors = np.array(["red"] * 3 + ["black"] * 3 + ["red"] + ["black"] * 3)

    weights = weigh_apart(codes, colors)

    # Of 10 photos 6 are of label 0 and 4 are red: 2.4 red ones expected, where 3 are; and so on.
    assert weights.dtype == np.float32
    by_hand = [0.8] * 3 + [1.2] * 3 + [1.6] + [0.8] * 3
    assert weights.tolist() == pytest.approx(by_hand)
    assert weights[:6].sum() == pytest.approx(6)
    assert weights[colors == "red"].sum() == pytest.approx(4)
    for color in ("red", "black"):
        is_color = colors == color
        assert weights[is_color & (codes == 0)].sum() / weights[is_color].sum() == (
            pytest.approx(0.6)
        )


def test_a_rare_pair_weighs_no_more_than_the_most_apart() -> None:
    codes = np.array([0] * 50 + [1] * 50)
    colors = np.array(["red"] * 49 + ["black"] + ["black"] * 50)
    weights = weigh_apart(codes, colors)
    assert weights[49] / weights[0] == pytest.approx(10 / (49 * 50 / 100 / 49))


def test_a_draw_has_as_many_photos_of_each_group() -> None:
    groups = np.repeat([0, 1, 2, 3], [100, 23, 40, 31])
    draw = draw_evenly(groups, np.random.default_rng(0))

    assert np.bincount(groups[draw]).tolist() == [23] * 4
    assert len(set(draw)) == len(draw)
    assert weigh_drawn(groups).sum() == pytest.approx(len(draw))
    other = draw_evenly(groups, np.random.default_rng(1))
    assert set(other) != set(draw)


@pytest.mark.parametrize(
    ("counts", "drawn"),
    [([50, 20, 3], [20, 20, 3]), ([50, 19], [50, 19]), ([7, 5], [5, 5])],
    ids=["a handful", "one large group", "handfuls only"],
)
def test_a_handful_is_taken_whole_and_makes_no_draw_small(
    counts: list[int], drawn: list[int]
) -> None:
    groups = np.repeat(np.arange(len(counts)), counts)
    draw = draw_evenly(groups, np.random.default_rng(0))
    assert np.bincount(groups[draw]).tolist() == drawn


def build_photos(counts: dict[tuple[int, str], int], seed: int) -> Embedded:
    """Photos of two features: 3 says the label, though noisily; 0 says red, without noise."""
    rng = np.random.default_rng(seed)
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    codes = np.array([code for code, _ in pairs])
    colors = np.array([color for _, color in pairs])
    embeddings = rng.normal(0, 0.01, (len(pairs), 4))
    embeddings[:, 0] += np.where(colors == "red", 1, -1)
    embeddings[:, 3] += 2 * codes - 1 + rng.normal(0, 0.7, len(pairs))
    return Embedded(embeddings.astype(np.float32), codes, assign_groups(codes, colors))


SKEWED = {(0, "red"): 30, (0, "blue"): 400, (1, "red"): 400, (1, "blue"): 30}


def test_the_last_layer_forgets_what_only_goes_with_the_label() -> None:
    train, tune = build_photos(SKEWED, 0), build_photos(SKEWED, 1)

    layer = fit_balanced_layer(train, tune, 2, seed=0)

    assert layer.weight.shape == (2, 4)
    color, label = (layer.weight[1] - layer.weight[0])[[0, 3]]
    assert label > 1
    assert abs(color) < 0.15 * label
    plain = LogisticRegression(fit_intercept=False).fit(train.embeddings, train.codes)
    color, label = plain.coef_[0, [0, 3]]
    assert color > 0.5 * label  # what a layer learns that is not drawn for
    assert layer.facts["photos"] == 120
    assert (layer.facts["draws"], layer.facts["groups"]) == (10, 4)
    assert layer.facts["strength"] in STRENGTHS


@pytest.mark.parametrize("classes", [2, 3])
def test_where_groups_are_even_the_layer_answers_as_sklearn_does(classes: int) -> None:
    photos = build_photos(dict.fromkeys(SKEWED, 40), 0)
    if classes == 3:
        codes = np.where(photos.embeddings[:, 1] > 0, photos.codes, 2)
        photos = replace(photos, codes=codes)

    layer = fit_balanced_layer(photos, photos, classes, 0)

    scaled = photos.embeddings / photos.embeddings.std(axis=0)
    head = LogisticRegression(C=layer.facts["strength"], fit_intercept=False, max_iter=500)
    expected = head.fit(scaled, photos.codes).predict_proba(scaled)
    prob = softmax(photos.embeddings @ layer.weight.T, axis=1)
    assert np.abs(prob - expected).max() < 1e-3


def test_the_strength_is_that_of_the_least_balanced_loss_on_tune() -> None:
    train, told = build_photos(SKEWED, 0), build_photos(SKEWED, 1)
    is_rare = np.isin(told.groups, np.flatnonzero(np.bincount(told.groups) < 100))
    flipped = replace(told, codes=np.where(is_rare, 1 - told.codes, told.codes))

    assert fit_balanced_layer(train, told, 2, 0).facts["strength"] >= 1e-2
    # Half of the groups are answered wrong, few photos though they are: unsure is better.
    assert fit_balanced_layer(train, flipped, 2, 0).facts["strength"] <= 1e-3


def test_features_on_other_scales_are_held_back_alike() -> None:
    train, tune = build_photos(SKEWED, 0), build_photos(SKEWED, 1)
    scale = np.array([1, 1, 1, 50], dtype=np.float32)

    layer, scaled = (
        fit_balanced_layer(*(Embedded(p.embeddings * by, p.codes, p.groups) for p in parts), 2, 0)
        for parts, by in (((train, tune), np.float32(1)), ((train, tune), scale))
    )

    assert scaled.weight * scale == pytest.approx(layer.weight, abs=1e-3)


def test_a_fit_follows_its_seed_and_can_be_stopped() -> None:
    photos = build_photos(SKEWED, 0)
    first, same, other = (fit_balanced_layer(photos, photos, 2, seed) for seed in (0, 0, 1))
    assert np.array_equal(first.weight, same.weight)
    assert not np.array_equal(first.weight, other.weight)

    def stop(phase: str, done: int, total: int, **detail: object) -> None:
        assert total == 60
        if done == 7:
            raise Stopped("Stopped as asked.")

    with pytest.raises(Stopped):
        fit_balanced_layer(photos, photos, 2, 0, stop)
