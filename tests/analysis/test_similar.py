import numpy as np
import pytest

from zapcls.analysis import similar
from zapcls.analysis.similar import Space, normalize

WEIGHTS = {"shape": 1.0, "kind": 1.0}


def look_up(space, row):
    return {name: vectors[0] for name, vectors in space.look_up(np.array([row])).items()}


@pytest.fixture
def space():
    """Six photos on a quarter circle, 0 and 1 of one product; the last one's kind is not known."""
    angle = np.radians([0, 2, 20, 40, 60, 90])
    shape = np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32)
    return Space(
        {"shape": shape, "kind": np.array([1, 1, 2, 1, 2, 0])}, np.array([0, 0, 1, 2, 3, 4])
    )


def test_a_score_is_the_mean_over_the_aspects_by_their_weights(space):
    scores = space.score(look_up(space, 0), {"shape": 3.0, "kind": 1.0})
    cosine = np.cos(np.radians([0, 2, 20, 40, 60, 90]))
    assert scores == pytest.approx(0.75 * cosine + 0.25 * np.array([1, 1, 0, 1, 0, 0]), abs=1e-6)


def test_what_is_not_known_of_the_query_counts_nothing(space):
    assert space.score(look_up(space, 5), WEIGHTS)[5] == pytest.approx(1, abs=1e-6)


def test_the_best_are_in_order_and_one_a_product():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=5000).round(1).astype(np.float32)  # many ties
    products = np.repeat(np.arange(50), 100)
    allowed = rng.random(5000) < 0.5
    order = sorted(np.flatnonzero(allowed), key=lambda row: (-scores[row], row))
    assert similar.find_best(scores, allowed, 30).tolist() == order[:30]
    firsts = {}
    for row in order:
        firsts.setdefault(products[row], row)
    assert similar.find_best(scores, allowed, 60, products).tolist() == list(firsts.values())


def test_a_mix_goes_to_the_picked_and_away_from_the_rejected(space):
    liked = similar.combine(space, np.array([0, 4]), np.array([], dtype=int))
    assert np.argmax(space.score(liked, {"shape": 1})) == 3  # 40 degrees; their middle is 30
    away = similar.combine(space, np.array([0, 4]), np.array([0]))
    assert space.score(away, {"shape": 1})[5] > space.score(liked, {"shape": 1})[5]


def test_variety_passes_over_what_is_chosen_already(space):
    scores = space.score(look_up(space, 2), {"shape": 1.0})
    allowed = np.arange(6) != 2
    plain = similar.diversify(space, scores, allowed, 3, {"shape": 1.0}, relevance=1.0)
    varied = similar.diversify(space, scores, allowed, 3, {"shape": 1.0}, relevance=0.5)
    assert plain.tolist() == similar.find_best(scores, allowed, 3).tolist()
    assert plain[0] == varied[0]
    assert set(varied) - set(plain)


def test_what_is_explained_linearly_is_gone():
    rng = np.random.default_rng(0)
    known, own = rng.normal(size=(400, 3)), rng.normal(size=(400, 8))
    vectors = own + known @ rng.normal(size=(3, 8)) * 5 + 7
    left = similar.subtract_linear(similar.fit_linear(known, vectors), known, vectors)
    assert np.abs(known.T @ left).max() < 1e-2
    assert np.corrcoef(left.ravel(), own.ravel())[0, 1] > 0.99


def test_a_vector_of_length_zero_stays():
    assert normalize(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == pytest.approx(
        np.array([[0.6, 0.8], [0, 0]])
    )
