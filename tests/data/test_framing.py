"""The frame of a photo's object, and photos cut to a frame."""

import numpy as np
import pytest
from PIL import Image

from zapcls.data.framing import WHOLE, Closeness, cut, find_frame, measure_closeness


def draw(size, box, ground="white"):
    image = Image.new("RGB", size, ground)
    if box:
        image.paste((160, 40, 40), box)
    return image


KNOWN = Closeness(small=0.6, usual=0.8)


@pytest.mark.parametrize("ground", ["white", (225, 225, 222)])
@pytest.mark.parametrize("scale", [1, 5])
def test_a_small_object_is_looked_at_as_closely_as_usual(ground, scale):
    size, box = (200 * scale, 100 * scale), tuple(scale * px for px in (80, 30, 160, 70))

    frame = find_frame(draw(size, box, ground), KNOWN)

    # 80 of 200 px are 0.8 of 100: a tenth of that stands to each side.
    assert frame == pytest.approx((0.35, 0.2, 0.85, 0.8), abs=0.03)


def test_an_object_that_is_not_small_is_looked_at_in_the_whole_photo():
    photo = draw((200, 100), (40, 20, 170, 90))

    assert find_frame(photo, KNOWN) == WHOLE
    assert find_frame(photo, Closeness(0.7, 0.8)) != WHOLE
    assert find_frame(photo, None) == WHOLE


def test_a_photo_without_an_object_on_plain_ground_is_whole():
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)

    assert find_frame(draw((120, 90), None), KNOWN) == WHOLE
    assert find_frame(Image.fromarray(noise), KNOWN) == WHOLE


def test_closeness_is_that_of_most_photos_whatever_has_no_object():
    large, small = (draw((100, 100), (5, 20, 5 + px, 60)) for px in (90, 50))
    photos = [np.asarray(image) for image in (*[large] * 60, small, draw((100, 100), None))]

    closeness = measure_closeness(photos)

    assert closeness.usual == pytest.approx(0.9, abs=0.02)
    assert 0.5 < closeness.small < 0.8
    assert measure_closeness(photos[-1:]) is None


def test_a_photo_is_cut_to_its_frame():
    image = draw((200, 100), (100, 50, 200, 100))

    part = cut(image, (0.5, 0.5, 1.0, 1.0))

    assert part.size == (100, 50)
    assert part.getextrema() == ((160, 160), (40, 40), (40, 40))
    assert cut(image, WHOLE).size == image.size


@pytest.mark.parametrize(
    "frame", [(0, 0, 1.2, 1), (-0.1, 0, 1, 1), (0.5, 0, 0.55, 1), (1, 0, 0, 1)]
)
def test_a_frame_outside_of_the_photo_or_without_a_width_is_refused(frame, refuses):
    with refuses("within the photo", "10% or more"):
        cut(draw((100, 100), None), frame)
