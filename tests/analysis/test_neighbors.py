import numpy as np
import pytest

from zapcls.analysis.neighbors import NEAREST, find_nearest, outlier_scores

EAST, NORTH, WEST = (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)
NORTHEAST = (5.0, 5.0)  # its length does not matter
HALF = np.sqrt(0.5)


@pytest.fixture
def embeddings():
    return np.array([EAST, NORTH, WEST, NORTHEAST, EAST, (0, 0)], dtype=np.float32)


def test_the_nearest_come_first_and_never_the_photo_itself(embeddings):
    rows, similarity = find_nearest(embeddings, 0, np.arange(6), 3)

    assert rows.tolist() == [4, 3, 1]
    assert similarity == pytest.approx([1, HALF, 0], abs=1e-6)


def test_only_candidates_are_found_given_as_rows_or_as_a_mask(embeddings):
    rows, similarity = find_nearest(embeddings, 3, np.array([2, 1]), 5)
    is_candidate = np.array([False, True, True, False, False, False])

    assert rows.tolist() == [1, 2]
    assert similarity == pytest.approx([HALF, -HALF], abs=1e-6)
    assert find_nearest(embeddings, 3, is_candidate, 5)[0].tolist() == [1, 2]


def test_no_candidate_but_itself_gives_none(embeddings):
    rows, similarity = find_nearest(embeddings, 2, np.array([2]), 3)

    assert len(rows) == len(similarity) == 0


def test_an_embedding_without_length_is_like_nothing(embeddings):
    assert find_nearest(embeddings, 5, np.array([0, 1]), 2)[1].tolist() == [0, 0]


def test_an_outlier_score_is_the_mean_distance_to_the_nearest_training_photos():
    """Eleven training photos to the east, and one to the west, which is none of the ten nearest."""
    embeddings = np.array([EAST] * 11 + [WEST, NORTH, EAST, WEST], dtype=np.float32)
    embeddings *= np.arange(1, 16, dtype=np.float32)[:, None]  # their lengths do not matter
    is_train = np.arange(15) < 12
    scores = outlier_scores(embeddings, is_train, np.array([13, 12, 14]))

    # the last has one of its kind at distance 0, and nine at distance 2
    assert scores == pytest.approx([0, 1, 1 - (1 - 9) / NEAREST], abs=1e-6)


def test_a_training_photo_is_not_its_own_neighbor():
    embeddings = np.array([EAST, NORTH, WEST], dtype=np.float32)
    scores = outlier_scores(embeddings, np.full(3, True), np.arange(3))

    assert scores == pytest.approx([1 - (0 - 1) / 2, 1, 1 - (0 - 1) / 2], abs=1e-6)


def test_a_score_is_the_same_alone_and_among_many():
    embeddings = np.random.default_rng(0).normal(size=(1100, 5)).astype(np.float32)
    is_train = np.arange(1100) % 2 == 0
    together = outlier_scores(embeddings, is_train, np.arange(1100))
    alone = [outlier_scores(embeddings, is_train, np.array([row]))[0] for row in range(1100)]

    assert together == pytest.approx(alone, abs=1e-6)
    assert np.isfinite(together).all()


@pytest.mark.parametrize("train", [[], [0]])
def test_too_few_training_photos_give_no_score(embeddings, train):
    is_train = np.isin(np.arange(6), train)

    assert np.isnan(outlier_scores(embeddings, is_train, np.array([0, 1]))).all()
