"""The shoe in another color: its lightness and shading stay, the ground and other colors too."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from zapcls.data import recolor
from zapcls.data.color import BASIC_COLORS, describe_colors, object_mask
from zapcls.errors import BadInput

SIDE = 96
BROWN, WHITE_SOLE = (122, 80, 56), (238, 238, 236)


def draw_shoe(color=BROWN, ground=(255, 255, 255), noise=0, sole=WHITE_SOLE):
    """An ellipse shaded from its top to its lower part, a sole under it, noise on the ground."""
    rng = np.random.default_rng(0)
    image = np.full((SIDE, SIDE, 3), ground, dtype=float)
    image += rng.normal(0, noise, image.shape)
    y, x = np.mgrid[:SIDE, :SIDE]
    body = ((x - 48) / 40) ** 2 + ((y - 48) / 22) ** 2 <= 1
    shade = np.clip(1.1 - 0.5 * (y - 26) / 44, 0, None)[..., None]
    image[body] = (np.array(color) * shade)[body]
    image[body & (y > 62)] = sole
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def brown():
    return draw_shoe(noise=1)


@pytest.fixture(scope="module")
def paint(brown):
    return recolor.find_paint(brown)


def lightness(image):
    return rgb2lab(image)[..., 0]


@pytest.mark.parametrize("to", ["red", "green", "blue", "purple"])
def test_a_hue_edit_is_named_as_its_target_and_keeps_the_lightness(brown, paint, to):
    edited = recolor.recolor(paint, to, "hue")

    assert describe_colors(edited[None])["color"].iloc[0] == to
    assert np.abs(lightness(edited) - lightness(brown)).max() < 2


@pytest.mark.parametrize("to", [color for color in BASIC_COLORS if color != "brown"])
def test_a_color_edit_reaches_every_color_and_keeps_what_is_lighter_lighter(brown, paint, to):
    edited = recolor.recolor(paint, to, "color")

    assert describe_colors(edited[None])["color"].iloc[0] == to
    column = slice(30, 60), 48  # down the shoe, from light to dark
    steps = np.diff(lightness(edited)[column])
    assert (np.diff(lightness(brown)[column]) <= 0.5).all()
    assert (steps <= 0.5).all()


def test_what_cannot_be_reached_at_this_lightness_is_none():
    black = recolor.find_paint(draw_shoe(color=(22, 22, 24)))

    assert [recolor.recolor(black, to, "hue") for to in ("white", "yellow", "pink")] == [None] * 3
    assert recolor.recolor(black, "pink", "color") is not None


def test_the_ground_does_not_change(brown, paint):
    ground = ~object_mask(brown)
    assert ground.any()
    for to in ("pink", "blue"):
        for edited in (
            recolor.move_hue(paint, to), recolor.move_color(paint, to),
            recolor.move_lightness(paint, to), recolor.move_hue(paint, to, turn=2.0),
        ):  # fmt: skip
            assert (edited[ground] == brown[ground]).all()
            assert (edited != brown).any()
    assert (recolor.move_nothing(paint) == brown).all()


def test_a_sole_of_another_color_stays(brown, paint):
    sole = np.s_[65:68, 40:56]
    for edited in (recolor.move_hue(paint, "green"), recolor.move_color(paint, "black")):
        assert np.abs(edited[sole].astype(int) - brown[sole]).max() <= 3


def test_contrast_gives_way_before_white_or_black_swallow_the_shading(paint):
    shaded = paint.mask & (lightness(paint.image) < 70)
    for to in ("white", "black"):
        edited = lightness(recolor.move_color(paint, to))[shaded]
        assert (np.abs(edited - np.round(np.median(edited))) > 0.5).mean() > 0.3
        assert ((edited < 1) | (edited > 99)).mean() < 0.02


def test_the_lightness_control_moves_the_lightness_as_the_color_edit_does(paint):
    color, control = recolor.move_color(paint, "pink"), recolor.move_lightness(paint, "pink")
    assert np.abs(lightness(color) - lightness(control)).max() < 2
    hue = np.arctan2(*rgb2lab(control)[paint.mask][paint.amount == 1][:, 2:0:-1].T)
    assert np.degrees(hue).std() < 8  # brown still


def test_a_turned_move_goes_as_far_elsewhere(paint):
    edited, control = recolor.move_hue(paint, "blue"), recolor.move_hue(paint, "blue", turn=np.pi)
    assert recolor.name_results(paint, [edited, control])[0] == "blue"
    moves = [rgb2lab(image)[paint.mask][:, 1:].mean(axis=0) for image in (edited, control)]
    before = paint.lab[:, 1:].mean(axis=0)
    assert np.dot(moves[0] - before, moves[1] - before) < 0


def test_the_ground_alone_is_tinted_by_the_difference(brown, paint):
    edited = recolor.move_ground(paint, "red", 20)
    assert (edited[paint.mask] == brown[paint.mask]).all()
    change, change_l = recolor.measure_change(paint, edited)
    assert change == pytest.approx(20, abs=2)
    assert change_l == pytest.approx(-12, abs=1.5)


def test_the_change_is_measured_over_the_shoe(paint):
    change, change_l = recolor.measure_change(paint, recolor.move_hue(paint, "blue"))
    assert 20 < change < 80
    assert abs(change_l) < 0.5


def test_what_shows_no_shoe_has_no_paint():
    assert recolor.find_paint(np.full((SIDE, SIDE, 3), 255, np.uint8)) is None
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
    assert recolor.find_paint(noise) is None


@pytest.mark.parametrize(("to", "edit"), [("mauve", "hue"), ("pink", "tint")])
def test_an_unknown_color_or_edit_is_refused(paint, to, edit):
    with pytest.raises(BadInput, match=to if to == "mauve" else edit):
        recolor.recolor(paint, to, edit)


@pytest.mark.parametrize("to", ["blue", "green", "yellow"])
def test_out_of_the_gamut_chroma_gives_way_and_lightness_and_hue_stay(paint, to):
    edited = recolor.move_ground(paint, to, 90)

    lightness, a, b = rgb2lab(edited)[~paint.mask].mean(axis=0)
    assert lightness == pytest.approx(100 - 0.6 * 90, abs=1)
    assert np.degrees(np.arctan2(b, a)) == pytest.approx(
        (recolor.TARGETS[to][2] + 180) % 360 - 180, abs=1
    )
    assert 50 < np.hypot(a, b) < 62  # 0.8 x 90 = 72 was asked for
