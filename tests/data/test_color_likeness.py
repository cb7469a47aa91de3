import numpy as np
import pandas as pd

from zapcls.analysis.similar import normalize
from zapcls.data.color_likeness import build_color_vectors


def compare(*photos):
    """How alike the first photo's colors are to those of each other: (fine, share, second)."""
    colors = pd.DataFrame(photos, columns=["color_fine", "share", "color_2"])
    vectors = normalize(build_color_vectors(colors))
    return vectors[1:] @ vectors[0]


def test_near_colors_are_nearly_alike():
    same, denim, white = compare(
        ("navy", 1, ""), ("navy", 1, ""), ("denim", 1, ""), ("white", 1, "")
    )
    assert same == np.float32(1)
    assert 0.9 > denim > 0.3
    assert white < 0.1


def test_shares_count():
    more, less = compare(("black", 0.8, "red"), ("black", 0.7, "red"), ("red", 0.7, "black"))
    assert more > 0.98 > less > 0.3


def test_a_photo_without_a_color_is_like_nothing():
    [alike] = compare(("", np.nan, ""), ("", np.nan, ""))
    assert alike == 0
