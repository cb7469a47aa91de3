"""Thumbnails are the store's photos as small JPEGs, encoded once."""

import io

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from zapcls.ui import photos
from zapcls.workspace.store import Store


@pytest.fixture
def store(tmp_path):
    """A store of two photos of 16 px: red, and blue."""
    st.cache_resource.clear()
    pixels = np.zeros((2, 16, 16, 3), dtype=np.uint8)
    pixels[0, ..., 0] = pixels[1, ..., 2] = 200
    np.save(tmp_path / "pixels.npy", pixels)
    return Store(tmp_path)


def test_each_row_gives_its_photo(store):
    for row, color in enumerate([(200, 0, 0), (0, 0, 200)]):
        content = photos.thumbnail(store, np.int64(row))
        picture = Image.open(io.BytesIO(content))
        assert (picture.format, picture.size) == ("JPEG", (16, 16))
        assert np.abs(np.asarray(picture, dtype=int) - color).max() < 6


def test_a_photo_is_encoded_once_until_the_pixels_change(store, tmp_path):
    first = photos.thumbnail(store, 0)
    assert photos.thumbnail(Store(tmp_path), 0) is first
    np.save(tmp_path / "pixels.npy", np.full((1, 16, 16, 3), 255, dtype=np.uint8))
    assert photos.thumbnail(Store(tmp_path), 0) != first
