"""The named color against what a person called it, on real photos."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zapcls.data import photo, pixels
from zapcls.data.color import BASIC_COLORS, describe_colors

SHOP = Path(__file__).parents[3] / "shared" / "other-shops"
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
    images = [pixels.square(photo.decode_image(files[name]), 136) for name in LABELS["image_id"]]
    return describe_colors(np.stack(images))["color"]


def test_most_photos_are_named_as_a_person_names_them_or_finds_fair(named: pd.Series) -> None:
    fair = [
        name == row.color or name in row.also_fair.split()
        for name, row in zip(named, LABELS.itertuples(), strict=True)
    ]
    assert (named == LABELS["color"]).mean() > 0.8
    assert np.mean(fair) > 0.9


@pytest.mark.skipif(not SHOP.is_dir(), reason="the other shop's photos are not on this machine")
def test_another_shop_has_the_same_words_for_most_of_its_shoes() -> None:
    table = pd.read_csv(SHOP / "labels.csv", keep_default_na=False)
    table = table[table["path"].str.match("small|large")]
    word = table["baseColour"].str.lower()
    table, word = table[word.isin(BASIC_COLORS)], word[word.isin(BASIC_COLORS)]
    images = [pixels.square(photo.decode_image(SHOP / path), 136) for path in table["path"]]
    named = describe_colors(np.stack(images)).set_index(word.index)
    is_same = named["color"] == word
    is_either = is_same | (named["color_2"] == word)

    assert is_same.groupby(word).mean().mean() > 0.66  # of a word, the mean over the words
    assert is_either.groupby(word).mean().mean() > 0.8
    assert is_same[word == "red"].mean() > 0.8  # coral was called pink, straps by their footbed
