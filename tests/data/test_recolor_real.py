"""Recoloring real photos: what stays, stays to the pixel."""

from pathlib import Path

import numpy as np
import pytest
from skimage.color import rgb2lab

from zapcls.data import photo, pixels, recolor
from zapcls.data.color import BASIC_COLORS

PHOTOS = Path(__file__).parents[3] / "shared" / "zap50k" / "ut-zap50k-images"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not on this machine"),
]


@pytest.fixture(scope="module")
def paints() -> list[recolor.Paint]:
    """Every 200th photo in which a shoe is found."""
    files = sorted(PHOTOS.rglob("*.jpg"))[::200]
    found = [recolor.find_paint(pixels.square(photo.decode_image(file), 136)) for file in files]
    known = [paint for paint in found if paint is not None]
    assert len(known) > 0.9 * len(files)
    return known


def test_the_identity_changes_no_pixel(paints: list[recolor.Paint]) -> None:
    assert all((recolor.move_nothing(paint) == paint.image).all() for paint in paints)


def test_a_hue_edit_holds_each_pixel_s_lightness_and_the_ground(
    paints: list[recolor.Paint],
) -> None:
    for paint in paints:
        before = rgb2lab(paint.image)[..., 0]
        for to in BASIC_COLORS:
            edited = recolor.move_hue(paint, to)
            assert (edited[~paint.mask] == paint.image[~paint.mask]).all()
            assert np.abs(rgb2lab(edited)[..., 0] - before).max() < 2


def test_nearly_every_color_is_reached_when_lightness_may_move(
    paints: list[recolor.Paint],
) -> None:
    reached = [
        recolor.recolor(paint, to, "color") is not None
        for paint in paints
        for to in BASIC_COLORS
        if to != paint.color
    ]
    assert np.mean(reached) > 0.95
