"""The object's mask and its color, on drawn shapes."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from zapcls.data.color import BASIC_COLORS, describe_colors, object_mask
from zapcls.data.color_names import PROTOTYPES

SIDE = 136
WHITE = (255, 255, 255)
PATCHES = {
    "black": (20, 20, 22),
    "white": (240, 240, 240),
    "grey": (128, 128, 128),
    "red": (200, 20, 30),
    "orange": (250, 120, 10),
    "yellow": (250, 215, 30),
    "green": (30, 140, 60),
    "blue": (40, 90, 200),
    "purple": (110, 40, 150),
    "pink": (245, 140, 180),
    "brown": (110, 65, 35),
}
FINER = {
    "navy": ((24, 32, 72), "blue"),
    "tan": ((200, 150, 100), "brown"),
    "beige": ((218, 200, 168), "brown"),
    "nude": ((224, 188, 160), "brown"),
    "silver": ((192, 192, 194), "grey"),
    "gold": ((205, 172, 84), "yellow"),
    "burgundy": ((96, 10, 34), "red"),
    "olive": ((92, 96, 48), "green"),
    "cream": ((248, 242, 226), "white"),
}


def draw_shoe(color: tuple[int, int, int], ground: tuple[int, int, int] = WHITE) -> np.ndarray:
    """A flat ellipse of 110 x 60 px in the middle of a square of SIDE px."""
    pixels = np.full((SIDE, SIDE, 3), ground, np.uint8)
    pixels[shoe_area()] = color
    return pixels


def shoe_area() -> np.ndarray:
    y, x = np.ogrid[:SIDE, :SIDE]
    return ((x - 68) / 55) ** 2 + ((y - 68) / 30) ** 2 <= 1


def overlap(mask: np.ndarray, area: np.ndarray) -> float:
    return (mask & area).sum() / (mask | area).sum()


def describe(*images: np.ndarray) -> pd.DataFrame:
    return describe_colors(np.stack(images))


def test_each_basic_color_is_named() -> None:
    table = describe(*(draw_shoe(color) for color in PATCHES.values()))
    assert list(table.color) == list(PATCHES) == list(BASIC_COLORS)
    assert (table.share > 0.95).all()
    assert not table.multicolor.any()
    assert (table.color_2 == "").all()


def test_finer_names_go_where_the_convention_puts_them() -> None:
    table = describe(*(draw_shoe(color) for color, _ in FINER.values()))
    assert list(table.color_fine) == list(FINER)
    assert list(table.color) == [basic for _, basic in FINER.values()]


@pytest.mark.parametrize(
    ("shade", "name"),
    [((232, 96, 90), "red"), ((106, 90, 156), "purple")],
    ids=["coral red", "violet"],
)
def test_shades_between_two_terms_go_to_the_one_that_shops_use(shade, name) -> None:
    assert describe(draw_shoe(shade)).color[0] == name


@pytest.mark.parametrize(("strap", "name"), [((200, 20, 30), "red"), ((122, 122, 122), "brown")])
def test_a_vivid_strap_names_a_sandal_rather_than_its_footbed(strap, name) -> None:
    sandal = draw_shoe((107, 66, 38))
    sandal[60:71][shoe_area()[60:71]] = strap  # a third of it
    assert describe(sandal).color[0] == name


def test_prototypes_name_themselves() -> None:
    basic, colors = zip(
        *((basic, color) for _, basic, colors in PROTOTYPES for color in colors.split()),
        strict=True,
    )
    patches = np.full((len(colors), 40, 40, 3), (255, 0, 255), np.uint8)  # like none of them
    for patch, color in zip(patches, colors, strict=True):
        patch[10:30, 8:32] = tuple(bytes.fromhex(color))
    table = describe_colors(patches)
    assert list(table.color) == list(basic)


def test_the_mean_color_is_cielab() -> None:
    row = describe(draw_shoe((128, 128, 128))).iloc[0]
    assert row.lightness == pytest.approx(53.6, abs=2)  # L* of that grey
    assert row.chroma == pytest.approx(0, abs=0.5)
    assert row.lab_l == row.lightness
    red = describe(draw_shoe((255, 0, 0))).iloc[0]
    assert (red.lab_l, red.lab_a, red.lab_b) == pytest.approx((53.2, 80.1, 67.2), abs=1)
    assert red.object_share == pytest.approx(shoe_area().mean(), abs=0.01)


def test_the_mask_of_a_white_shoe_with_a_grey_outline_is_filled() -> None:
    pixels = draw_shoe(WHITE)
    area = shoe_area()
    outline = area & ~ndimage.binary_erosion(area, iterations=2)
    outline[68:71] = False  # a break in it
    pixels[outline] = (170, 170, 170)
    assert overlap(object_mask(pixels), area) > 0.97
    assert describe(pixels).color[0] == "white"


def test_ground_seen_through_a_gap_is_in_the_mask_but_not_in_the_color() -> None:
    pixels = draw_shoe((30, 30, 30))
    y, x = np.ogrid[:SIDE, :SIDE]
    pixels[((x - 68) / 38) ** 2 + ((y - 68) / 19) ** 2 <= 1] = 255
    row = describe(pixels).iloc[0]
    assert overlap(object_mask(pixels), shoe_area()) > 0.97
    assert (row.color, row.color_2) == ("black", "")


def paint_part(color, part, other):
    """Return the description of a shoe of which a part (a slice of the photo) has another color."""
    pixels, area = draw_shoe(color), np.zeros((SIDE, SIDE), bool)
    area[part] = True
    pixels[area & shoe_area()] = other
    return describe(pixels).iloc[0]


def test_two_tones_give_a_second_color() -> None:
    row = paint_part((200, 20, 30), np.s_[:, 70:], (40, 90, 200))
    assert {row.color, row.color_2} == {"red", "blue"}
    assert row.multicolor
    assert 0.4 < row.share < 0.6


def test_neither_the_sole_nor_glare_names_the_shoe() -> None:
    row = paint_part((40, 90, 200), np.s_[84:], (150, 90, 50))
    assert row.color == "blue"
    assert row.share > 0.8
    row = paint_part((22, 22, 22), np.s_[:, :50], (100, 100, 100))
    assert row.color == "black"
    assert row.lightness < 15


def test_nothing_on_white_has_no_color() -> None:
    blank = np.full((SIDE, SIDE, 3), 255, np.uint8)
    table = describe(blank, draw_shoe((200, 20, 30)))
    assert not object_mask(blank).any()
    assert list(table.color) == ["", "red"]
    assert (table.loc[0, ["color", "color_fine", "color_2"]] == "").all()
    assert not table.multicolor[0]
    figures = ["share", "lightness", "chroma", "lab_l", "lab_a", "lab_b", "object_share"]
    assert table.loc[0, figures].isna().all()
    assert table.loc[1, figures].notna().all()


def test_a_ground_that_is_not_white() -> None:
    rng = np.random.default_rng(0)
    pixels = draw_shoe((200, 20, 30), ground=(196, 186, 168)).astype(int)
    pixels += np.linspace(-15, 15, SIDE).astype(int)[None, :, None]  # light from the right
    pixels = (pixels + rng.integers(-3, 4, pixels.shape)).clip(0, 255).astype(np.uint8)
    assert overlap(object_mask(pixels), shoe_area()) > 0.95
    assert describe(pixels).color[0] == "red"


@pytest.mark.parametrize("upright", [False, True])
def test_padding_bars_are_not_the_ground(upright: bool) -> None:
    pixels = draw_shoe((30, 140, 60), ground=(170, 180, 200))
    pixels[:17] = pixels[-17:] = 255
    area = shoe_area()
    if upright:
        pixels, area = pixels.transpose(1, 0, 2).copy(), area.T
    assert overlap(object_mask(pixels), area) > 0.95
    assert describe(pixels).color[0] == "green"


def test_no_plain_ground_falls_back_to_the_whole_photo() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
    pixels[:17] = pixels[-17:] = 255
    mask = object_mask(pixels)
    assert mask[17:-17].all()
    assert not mask[:17].any()
    assert not mask[-17:].any()


def test_only_the_rows_that_are_asked_for_are_described_in_their_order() -> None:
    shades = [(200, 0, 0), (0, 0, 0), (0, 0, 200)]
    images = np.stack([draw_shoe(shade) for shade in shades])
    images[2] = images[2].transpose(1, 0, 2)  # a tall shoe: its mask is another
    every, told = describe_colors(images), []
    for rows, colors in (([2, 0], ["blue", "red"]), ([], [])):
        table = describe_colors(images, lambda *step: told.append(step), np.array(rows, int))
        assert table.color.tolist() == colors
        pd.testing.assert_frame_equal(table, every.iloc[rows].reset_index(drop=True))
        assert told[-1] == ("Naming colors", len(rows), len(rows))


def test_progress_is_told_now_and_then() -> None:
    told = []
    blank = np.full((250, 32, 32, 3), 255, np.uint8)
    describe_colors(blank, lambda *step: told.append(step))
    assert told == [("Naming colors", done, 250) for done in (0, 100, 200, 250)]
