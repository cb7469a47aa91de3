"""Chooses the colors of a shoe's parts."""

from collections.abc import Sequence

import numpy as np

from zapcls.data.drawing.painting import Color, Last, darken

SHADES: dict[str, tuple[Color, ...]] = {
    "black": ((28, 27, 29), (36, 34, 34)),
    "white": ((246, 246, 244), (240, 238, 233)),
    "grey": ((128, 130, 133), (158, 158, 160), (104, 106, 110)),
    "red": ((188, 24, 36), (165, 20, 32), (208, 42, 40)),
    "orange": ((232, 115, 30), (240, 136, 42)),
    "yellow": ((238, 204, 52), (228, 192, 40), (245, 216, 92)),
    "green": ((58, 118, 62), (92, 132, 52), (32, 98, 78)),
    "blue": ((38, 66, 142), (52, 112, 192), (30, 48, 110), (96, 150, 210)),
    "purple": ((102, 52, 134), (130, 82, 166), (86, 38, 108)),
    "pink": ((236, 132, 166), (244, 172, 194), (222, 72, 132)),
    "brown": ((112, 66, 36), (88, 52, 30), (148, 92, 52), (126, 76, 46)),
}
PALE: Color = (238, 238, 234)
DARK: Color = (48, 40, 36)
TAN: Color = (152, 104, 64)
SILVER: Color = (190, 192, 196)
BRASS: Color = (206, 196, 166)


def build_palette(
    color: str, last: Last, trim: Sequence[float], rng: np.random.Generator
) -> dict[str, Color]:
    """Choose the RGB of each part of a shoe.

    `trim` is three numbers 0..1, the product's taste in soles, linings and metal; `rng` gives
    the shade of the color.
    """
    shade = np.array(SHADES[color][rng.integers(len(SHADES[color]))]) * rng.normal(1, 0.05)
    cast = 0.8 if color in ("black", "white", "grey") else 3.0
    red, green, blue = np.clip(shade + rng.normal(0, cast, 3), 22, 248).tolist()
    upper: Color = (red, green, blue)
    level = sum(upper) / 3
    sole, tread = _choose_sole(last.kind, upper, trim[0])
    lace = PALE if last.kind == "trainer" and trim[1] < 0.6 else darken(upper, 0.6)
    second = PALE if trim[1] < 0.4 else darken(upper, 0.55)
    return {
        "upper": upper,
        "accent": darken(upper, 0.86 if trim[2] < 0.7 else 0.7),
        "second": (205, 205, 203) if level < 75 else second,
        "far": darken(upper, 0.72),
        "seam": darken(upper, 0.5),
        "stitch": _lighten(upper, 0.35) if level < 150 else darken(upper, 0.74),
        "lace": (66, 64, 64) if level < 75 else lace,
        "lining": (196, 164, 122) if trim[1] < 0.6 else (108, 102, 98),
        "insole": (204, 172, 130) if trim[1] < 0.6 else (124, 92, 66),
        "sole": sole,
        "tread": tread,
        "heel": darken(upper, 0.8) if last.heel > 11 and trim[1] < 0.6 else sole,
        "metal": BRASS if trim[2] < 0.5 else SILVER,
        "rubber": PALE,
        "fleece": (240, 232, 218),
        "elastic": (46, 46, 50),
    }


def _choose_sole(kind: str, upper: Color, taste: float) -> tuple[Color, Color]:
    """Choose the color of the sole and of its tread; `taste` is 0..1."""
    if kind == "trainer":
        treads: tuple[Color, ...] = ((150, 150, 150), (176, 128, 82), darken(upper, 0.6))
        return (PALE, treads[int(taste * 3.5)]) if taste < 0.85 else (DARK, darken(DARK, 0.5))
    if "sandal" in kind or kind == "slipper":
        cork: tuple[Color, ...] = (TAN, DARK, (196, 158, 112))
        return cork[int(taste * 3)], darken(cork[int(taste * 3)], 0.6)
    sole = TAN if taste < 0.25 else DARK
    return sole, darken(sole, 0.6)


def _lighten(color: Color, share: float) -> Color:
    red, green, blue = (level + share * (255 - level) for level in color)
    return red, green, blue
