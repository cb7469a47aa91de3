"""What is far from the training photos, or of other classes, is strange."""

import numpy as np
import pytest

from zapcls.analysis.familiarity import fit_reference

WIDTH, CLASSES = 8, 50


def look(rng, n, direction=0, of=0):
    """Return features around a direction and logits for a class."""
    features = rng.normal(scale=0.1, size=(n, WIDTH))
    features[:, direction] += 1
    logits = rng.normal(size=(n, CLASSES))
    logits[:, of] += 6
    return features.astype(np.float32), logits.astype(np.float32)


@pytest.fixture
def reference():
    rng = np.random.default_rng(0)
    return fit_reference(look(rng, 300), look(rng, 200))


def test_five_percent_of_tune_are_refused(reference):
    rng = np.random.default_rng(0)
    look(rng, 300)
    strangeness = reference.measure(*look(rng, 200))

    assert (strangeness > reference.limit).mean() == pytest.approx(0.05, abs=0.006)
    fresh = reference.measure(*look(np.random.default_rng(1), 400))
    assert (fresh > reference.limit).mean() < 0.1


@pytest.mark.parametrize(("direction", "of"), [(1, 0), (0, 1)])
def test_other_features_are_strange_and_so_are_other_classes(reference, direction, of):
    strange = reference.measure(*look(np.random.default_rng(2), 50, direction, of))

    assert (strange > reference.limit).all()


def test_what_is_kept_is_small(reference):
    assert reference.known.dtype == np.float16
    assert np.linalg.norm(reference.known.astype(float), axis=1) == pytest.approx(1, abs=1e-2)
    assert reference.typical.tolist() == [place == 0 for place in range(CLASSES)]
