"""The named color against what a person called it, on real photos."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zapcls.data import pixels
from zapcls.data.color import describe_colors

PHOTOS = Path(__file__).parents[3] / "shared" / "zap50k" / "ut-zap50k-images"
# One person's names for 300 random photos, written down without seeing the program's.
LABELS = pd.read_csv(Path(__file__).parent / "color_labels.csv", keep_default_na=False)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not on this machine"),
]


@pytest.fixture(scope="module")
def named() -> pd.Series:
    """The program's name for each labelled photo."""
    files = {file.stem.replace(".", "-"): file for file in PHOTOS.rglob("*.jpg")}
    images = [pixels.square(pixels.decode_image(files[name]), 136) for name in LABELS["image_id"]]
    return describe_colors(np.stack(images))["color"]


def test_most_photos_are_named_as_a_person_names_them_or_finds_fair(named: pd.Series) -> None:
    fair = [
        name == row.color or name in row.also_fair.split()
        for name, row in zip(named, LABELS.itertuples(), strict=True)
    ]
    assert (named == LABELS["color"]).mean() > 0.8
    assert np.mean(fair) > 0.9
