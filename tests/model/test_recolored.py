"""The kept copy of the training photos in other colors."""

import numpy as np
import pytest

from zapcls import model
from zapcls.data import color
from zapcls.errors import Stopped
from zapcls.progress import silent

pytestmark = pytest.mark.slow


@pytest.fixture
def photos():
    """Twelve photos of 48 px: a shaded red block on white; in the last there is nothing."""
    pixels = np.full((12, 48, 48, 3), 255, np.uint8)
    shade = np.linspace(0.75, 1, 24)[:, None, None]
    pixels[:-1, 14:34, 10:34] = (np.array([200, 40, 45]) * shade[None, :20]).astype(np.uint8)
    return pixels


ROWS = np.array([0, 2, 3, 7, 11])


def test_shoes_take_another_color_and_the_ground_stays(photos, tmp_path):
    copy = model.recolored.read_recolored(photos, ROWS, tmp_path, silent)

    assert copy.shape == photos.shape
    assert copy.dtype == np.uint8
    named = color.describe_colors(np.array(copy[ROWS]))["color"].tolist()
    assert named[-1] == ""
    assert "red" not in named
    assert len(set(named)) > 2  # each photo draws its own
    ground = (photos == 255).all(axis=3)
    assert all((copy[row][ground[row]] == 255).all() for row in ROWS)
    assert np.array_equal(copy[11], photos[11])
    assert not copy[1].any()  # was not asked for


def test_no_shoe_takes_the_color_it_has(photos):
    copies = np.stack([model.recolored.recolor_photo(photos[0], seed) for seed in range(40)])
    assert "red" not in set(color.describe_colors(copies)["color"])


def test_a_copy_is_the_same_when_drawn_again_in_other_company(photos, tmp_path):
    copy = np.array(model.recolored.read_recolored(photos, ROWS, tmp_path / "a", silent))
    other = model.recolored.read_recolored(photos, np.arange(12)[::-1], tmp_path / "b", silent)

    assert np.array_equal(copy[ROWS], other[ROWS])


def test_only_what_is_missing_is_made_and_a_stop_keeps_what_was(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(model.recolored, "_BATCH", 2)
    seen = []

    def stop(phase, done, total, **detail):
        seen.append((phase, done, total))
        if done == 4:
            raise Stopped("Stopped as asked.")

    with pytest.raises(Stopped):
        model.recolored.read_recolored(photos, ROWS, tmp_path, stop)
    assert seen == [(model.recolored.TITLE, done, 5) for done in (2, 4)]

    made = []
    recolor_photo = model.recolored.recolor_photo
    monkeypatch.setattr(
        model.recolored,
        "recolor_photo",
        lambda image, row: made.append(row) or recolor_photo(image, row),
    )
    model.recolored.read_recolored(photos, ROWS, tmp_path, silent)
    model.recolored.read_recolored(photos, ROWS, tmp_path, silent)
    assert made == [11]
