"""Draws one shoe as a catalogue photo would show it: from the side, facing left, on white.

A shoe is a list of `Part`s. Their outlines are written once, on a flat standard foot (percent
of its length, x from the toe to the heel, y up), and `Last.bend` gives them the product's shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 136, 102  # px, as in UT Zappos50K
MARGIN = 4  # px of white around the shoe
OVERSAMPLING = 4  # outlines are drawn this much larger, then averaged: smooth edges
Color = tuple[float, float, float]  # RGB, 0..255
GRAINED = ("upper", "accent", "far", "fleece")
RELIEF = {"lining": 0.3, "sole": 0.5, "insole": 0.4, "far": 0.6}  # how round a part looks, else 1


@dataclass(frozen=True)
class Last:
    """The shape of a product; lengths in percent of the foot's length."""

    kind: str  # a key of DRAWINGS or SHAFTS
    variant: float  # 0..1, picks among the kind's details
    point: float  # 0 a round toe .. 1 a pointed one
    bulk: float  # height of the upper, 1 is standard
    sole: float  # thickness
    heel: float  # how much higher the heel stands than the ball
    heel_width: float  # of the heel's top piece; under 8 is a stiletto
    shaft: float  # height of a boot's shaft, 1 is standard
    girth: float  # width of a boot's shaft, 1 is standard
    gloss: float  # 0 matt .. 1 patent
    grain: float  # roughness of the surface, in RGB levels

    def bend(self, points: np.ndarray) -> np.ndarray:
        """Bend points (k, 2) of the standard foot to this last; y is 0 on the ground."""
        x, y = points.T
        toe = np.clip((38 - x) / 38, 0, 1.1) ** 2
        x = x - 11 * self.point * toe
        y = y * (1 - 0.4 * self.point * toe)
        y = self.bulk * np.minimum(y, 40) + self.shaft * np.maximum(y - 40, 0)
        x = 79 + (x - 79) * (1 + (self.girth - 1) * np.clip((y - 35) / 25, 0, 1))
        # A shaft stands upright: above the ankle all points rise as the ankle does.
        along = np.clip((x + (82 - x) * np.clip((y - 15) / 30, 0, 1) - 24) / 64, 0, 1)
        rise = self.heel * along**2 * (3 - 2 * along)
        spring = 3.5 * np.clip((24 - x) / 24, 0, 2) ** 2
        x = np.where(x > 24, 24 + (x - 24) * (1 - 0.005 * self.heel), x)
        return np.stack([x, y + rise + spring + self.sole], axis=1)

    def part(self, tint: str, path: str, width: float = 0, dash: float = 0) -> "Part":
        return Part(self.bend(trace(path)), tint, width, int(dash))


@dataclass(frozen=True)
class Part:
    """An area, or a stroke where `width` is set; `details` are painted inside the area only."""

    points: np.ndarray  # (k, 2)
    tint: str  # a name in the palette
    width: float = 0.0  # of the stroke, in the unit of the points
    dash: int = 0  # a stroke: so many samples on, as many off
    details: tuple["Part", ...] = ()


@cache
def trace(path: str) -> np.ndarray:
    """Trace a smooth curve (k, 2) through the points of `path`; each `|` is a corner."""
    curves: list[np.ndarray] = []
    for text in path.split("|"):
        knots = np.array([point.split(",") for point in text.split()], dtype=float)
        if curves:  # a section goes on from where the last one ended
            knots = np.vstack([curves[-1][-1:], knots])
        moved = np.any(np.diff(knots, axis=0) != 0, axis=1)
        knots = knots[np.concatenate([[True], moved])]
        curves.append(_interpolate(knots) if len(knots) > 1 else knots)
    return np.vstack(curves)


def _interpolate(knots: np.ndarray, steps: int = 8) -> np.ndarray:
    """Cubic Hermite curve through the knots, spaced by the root of their distance."""
    time = np.concatenate([[0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(knots, axis=0), axis=1)))])
    slope = np.gradient(knots, time, axis=0)
    span = np.diff(time)[:, None, None]
    u = np.linspace(0, 1, steps + 1)[None, :, None]
    a, b = knots[:-1, None], knots[1:, None]
    da, db = slope[:-1, None] * span, slope[1:, None] * span
    curve = a + u * (da + u * (3 * (b - a) - 2 * da - db + u * (2 * (a - b) + da + db)))
    return curve.reshape(-1, 2)


# --- painting ---------------------------------------------------------------------------------


def paint_shoe(
    parts: Sequence[Part], palette: dict[str, Color], last: Last, rng: np.random.Generator
) -> Image.Image:
    """Paint the parts in order, fitted into the picture; `rng` moves the surface's grain only."""
    corners = np.vstack([part.points for part in parts])
    low, high = corners.min(axis=0), corners.max(axis=0)
    size = np.array([WIDTH, HEIGHT])
    scale = float(((size - 2 * MARGIN) / (high - low)).min())
    start = (size - scale * (high - low)) / 2

    def place(part: Part) -> Part:
        """Move a part from percent, y up, to px, y down."""
        x, y = part.points.T
        points = np.stack([x - low[0], high[1] - y], axis=1) * scale + start
        details = tuple(place(detail) for detail in part.details)
        return replace(part, points=points, width=part.width * scale, details=details)

    picture = np.full((HEIGHT, WIDTH, 3), 255, dtype=np.float32)
    noise = rng.normal(0, last.grain, (HEIGHT, WIDTH, 1)).astype(np.float32)
    for part in parts:
        _paint(picture, place(part), palette, last.gloss, noise)
    return Image.fromarray(np.clip(picture + 0.5, 0, 255).astype(np.uint8))


def _paint(
    picture: np.ndarray, part: Part, palette: dict[str, Color], gloss: float, noise: np.ndarray
) -> None:
    pad = 3 + part.width / 2
    left, top = np.maximum(part.points.min(axis=0) - pad, 0).astype(int)
    right, bottom = np.ceil(part.points.max(axis=0) + pad).astype(int)
    window = (slice(top, min(bottom, HEIGHT)), slice(left, min(right, WIDTH)))
    view = picture[window]
    mask = _mask(part, window)
    tint = palette[part.tint]
    if part.width:
        _blend(view, mask, tint)
        return
    layer = np.empty_like(view)
    layer[:] = tint
    for detail in part.details:
        _blend(layer, _mask(detail, window), palette[detail.tint])
    if part.tint in GRAINED:
        layer += noise[window]
    layer = _shade(layer, mask, RELIEF.get(part.tint, 1.0), gloss)
    rim = replace(part, points=np.vstack([part.points, part.points[:1]]), width=0.9)
    _blend(layer, _mask(rim, window) * 0.75, darken(tint, 0.5))
    _blend(view, mask, layer)


def _mask(part: Part, window: tuple[slice, slice]) -> np.ndarray:
    """Coverage of each px of the window by a part, 0..1."""
    rows, columns = window
    size = ((columns.stop - columns.start) * OVERSAMPLING, (rows.stop - rows.start) * OVERSAMPLING)
    sheet = Image.new("L", size)
    draw = ImageDraw.Draw(sheet)
    points = (part.points - (columns.start, rows.start)) * OVERSAMPLING
    width = max(1, round(part.width * OVERSAMPLING))
    if not part.width:
        draw.polygon(points.ravel().tolist(), fill=255)
    elif part.dash:
        for start in range(0, len(points) - part.dash, 2 * part.dash):
            draw.line(points[start : start + part.dash + 1].ravel().tolist(), 255, width)
    else:
        draw.line(points.ravel().tolist(), fill=255, width=width, joint="curve")
        for x, y in points[[0, -1]]:  # round ends
            draw.circle((x, y), width / 2, fill=255)
    return np.asarray(sheet.reduce(OVERSAMPLING), dtype=np.float32) / 255


def _blend(picture: np.ndarray, mask: np.ndarray, layer: np.ndarray | Color) -> None:
    """Lay a layer over the picture, in place, as far as the mask covers it."""
    picture += mask[..., None] * (np.asarray(layer, dtype=np.float32) - picture)


def _shade(layer: np.ndarray, mask: np.ndarray, relief: float, gloss: float) -> np.ndarray:
    """Light an area from the upper left as if it bulged towards the viewer."""
    sheet = Image.fromarray((mask * 255).astype(np.uint8))
    height = np.asarray(sheet.filter(ImageFilter.GaussianBlur(5)), dtype=np.float32) / 255
    down, right = np.gradient(height)
    light = np.expand_dims(relief * (5.5 * down + 2.5 * right), -1)
    shaded = layer * (1 + np.clip(light, -0.55, 0))
    # Dark leather shows its form by what it reflects, bright leather by its shadows.
    shaded += (255 - shaded) * np.clip(light, 0, 1) * (0.25 + 0.25 * gloss)
    ridge = np.exp(-(((height - 0.8) / 0.07) ** 2))[..., None] * np.clip(light - 0.08, 0, 0.5)
    return shaded + (255 - shaded) * np.clip(2.6 * gloss * ridge, 0, 0.85)


def darken(color: Color, factor: float) -> Color:
    red, green, blue = (level * factor for level in color)
    return red, green, blue


# --- shoes ------------------------------------------------------------------------------------

# A drawing has a line for each part, the farthest first: `tint: path` for an area, or
# `tint width [dash]: path` for a stroke. Indented lines are details inside the area above.
# `[low high]` limits the lines that follow to those variants. `strap width tint: path`,
# `laces count: facing`, `stand` (a heel or a sole) and `unit` (a sole) are built by functions.
FLOOR = "99,0 80,0 60,0 40,0 20,0 0,0"
TOE = "0,0 -2,2.5 -2.2,7.5 1.5,12.8 10,16"
OXFORD = f"""
far: 40,22 47,31 54,39 60,40 62,36 58,28
lining: 57,33 62,36 73,31 86,31 97,34 | 86,20 60,24
stand
upper: {TOE} 24,18 35,23 44,29.5 51,36 | 56,37 59,35 | 62,30 73,26.5 86,28 97,34 | \
    99.5,33 100,24 102,12 99,0 | {FLOOR}
[0 .35]
  accent: -14,-3 17,-3 | 21,4 20,12 17,20 | -14,20
  seam .9: 17,-3 21,4 20,12 17,20
  stitch .6 2: 19,-3 23,4 22,12 19,20
[.35 .65]
  accent: 38,-3 33,4 27,11 21,10 15,12 13,20 | -14,20 -14,-3
  seam .9: 38,-3 33,4 27,11 21,10 15,12 13,20
  stitch 1 1: 36,-2 31.5,3 26,9 20,8 13.5,10.5
[.65 1]
  seam .9: 2,8 9,11.5 20,13.5 30,17 36,23
[0 1]
  seam .9: 33,22 36,13 44,7 54,3 58,-2
  stitch .6 2: 35,22 38,13.5 45,8.5 55,4.5
  stitch .6 2: 40,22 47,25 55,30.5 60,33
  seam .8: 84,-2 81,12 86,21 99,25
  stitch .6 2: 60,29 73,24.5 86,26 99,31
laces 4: 37,24 43,28 51,35
"""
LOAFER = f"""
lining: 36,26 44,28.5 58,25.5 74,25 87,27.5 97,30.5 | 87,18 60,13 42,18
stand
upper: {TOE} 20,18.5 29,22 36,26.5 | 40,26.5 44,23 55,18.5 68,18 82,21.5 97,30.5 | \
    99,29.5 100,22 102,11 99,0 | {FLOOR}
  seam 1.2: -1,9 5,12 14,14 24,16 31,20 33,26
  stitch 1 1: -1,7.4 5,10.4 14,12.3 25,14.3 33,18.6
  seam .8: 83,-2 81,10 86,18 99,21
  stitch .6 2: 43,21 55,16.5 68,16 82,19.5 99,28
[0 .6]
  accent: 24,26 28,15 33,7 36,-2 | 51,-2 47,8 44,15 42,26
  seam 1: 24,26 28,15 33,7 36,-2
  seam 1: 51,-2 47,8 44,15 42,26
  far: 31,18 35,20.5 40,18.5 37,15.5
  seam .6: 31,18 35,20.5 40,18.5 37,15.5 31,18
[.6 .8]
  seam .8: 24,26 28,15 33,7 36,-2
seam 4: 29,18.5 34,18 40,20
metal 2.8: 29,18.5 34,18 40,20
seam 1: 33,18.5 35,18.7
[.8 1]
seam 4.6: 32,21.5 30,15 29,11
seam 4.6: 34,21.5 35.5,15 35,10
accent 3.4: 32,21.5 30,15 29.2,12
accent 3.4: 34,21.5 35.5,15 35,11
seam 3: 31,21 35,21.5
[0 1]
"""
TRAINER = f"""
far: 40,27 48,38 55,46.5 61,48 66,45 64,36
lining: 58,41 66,43 76,38 87,38 97,44 | 86,26 62,30
upper: 0,0 -2,4 -1.8,9 2.5,14 11,17 22,20 34,25.5 46,35 54,43 | 60,43 63,40 | \
    66,34 75,30.5 87,33.5 95,43 | 98.5,44.5 100,38 98.5,30 102,14 99,0 | {FLOOR}
[0 .35]
  seam .9: 31,25 34,14 41,8 50,5 56,-2
  stitch .6 2: 33,25 36,15 42.5,9.5 51,6.5
  rubber: -14,-3 11,-3 | 17,3 18,10 14,22 | -14,22
  seam .8: 11,-3 17,3 18,10 14,22
  seam .8: 85,-2 83,12 86,24 99,30
  stitch .6 2: 60,35 70,29 84,28 98,38
[.35 1]
  accent: -14,-3 40,-3 | 33,5 22,7 13,9 4,15 | -14,20
  seam .7: 40,-3 33,5 22,7 13,9 4,15
  accent: 30,24 42,30 56,44 64,44 | 62,36 55,26 47,19 40,16 33,18
  seam .8: 64,36 55,26 47,19 40,16 33,18 30,24
  accent: 70,-3 75,9 83,17 90,22 104,25 | 104,-3
  seam .7: 70,-3 75,9 83,17 90,22 104,25
  far: 62,44 67,37 76,33 87,36 97,45 | 97,40 87,30 75,27.5 66,31 60,38
[.35 .55]
  second: 45,2 57,15 | 62,9 | 75,20 | 75,14 | 61,3 | 56,9 | 50,0
  seam .6: 45,2 57,15 | 62,9 | 75,20
[.55 .75]
  second: 52,18 62,10 58,-1 | 66,-1 70,11 59,23
  seam .6: 52,18 62,10 58,-1
  seam .6: 66,-1 70,11 59,23
[.75 1]
  second: 53,11 54,15 57.5,17.5 62,17.5 65.5,15 66.5,11 65.5,7.5 62,5 57.5,5 54,7.5 53,11
[0 1]
unit 4
laces 5: 35,26.2 46,35 54.5,43.5
"""
BOOT = """
lining: {inside}
stand
upper: {TOE} 24,19 36,26 45,33 {front} | {rim} | {back} | {FLOOR}
  seam .8: 86,-2 84,12 88,24 103,28
  stitch .6 2: {hem}
[{laced}]
  accent: -14,-3 17,-3 | 21,5 20,13 17,22 | -14,22
  seam .9: 17,-3 21,5 20,13 17,22
  seam .9: 30,24 36,14 46,8 58,5 62,-2
  stitch .6 2: 32,24 38,15 47,9.5 58,6.5
  seam .8: {facing}
laces {count}: 34,25 45,33.5 {front}
[{gusset}]
  elastic: 62,70 64,50 70,30 79,30 86,50 88,70
  seam .9: 62,70 64,50 70,30 79,30 86,50 88,70
  seam .9: -2,6 20,11 44,14 66,10 72,-2
seam 2: 95,60 95.6,65 98.4,65 99,60
[{belted}]
  seam .9: 82,{below} 80,40 77,14 76,-2
  stitch .6 1: 84,{below} 82,40 79,14 78,-2
  accent: 38,26 58,25 80,27 104,22 | 104,29 80,34 60,32 44,34
  seam .8: 38,26 58,25 80,27 104,22
  seam .8: 44,34 60,32 80,34 104,29
  metal 1.4: 68,26 75,26.5 75,33 68,32.5 68,26
"""
PUMP = f"""
[0 .25]
strap 2.4 far: 66,36 73,39.5 86,38.5 97,33
[.25 .5]
strap 4 far: 47,19.8 43,19.6 39.5,17 37,12
[0 1]
lining: 25,16.6 36,15.5 50,11.5 66,11.5 83,18 97,24 | 82,8 66,3 50,3 36,6
stand
upper: 0,0 -1.5,2.5 -0.8,6 4,9.8 12,12.2 19,14.4 25,16.6 | 28,15.5 35,10.5 48,6.5 65,6.5 82,13.5 \
    97,24 | 99,24 100.5,15 100.5,6 98,0 | {FLOOR}
  seam .6: 24,15 34,8.6 48,4.6 65,4.6 82,11.5 97,22
[0 .25]
upper: 88,14 93,23 95.5,34 98.5,34 | 100,24 100,17
strap 2.6 upper: 66,36 74,32.5 86,31.5 97,33
metal 2.6: 79,32.2 81.5,32
[.25 .5]
strap 4.6 upper: 57,3 54,11 50,17 46,19.7 42.5,19.6
metal 2: 54,9.5 54.4,8.5
[.5 .75]
accent: 26,16.5 22,19.5 17.5,20 16,17 18.5,14.2 22,14.6
accent: 26,16.5 30,19.5 34,19.6 35,16 32.5,13 29.5,13.8
seam 3: 25.5,16.8 26.5,16.4
[0 1]
"""
SANDAL = f"""
insole: -1.5,0 0,4 12,6 30,6.5 55,6 80,7 96,5.5 100.5,1 | {FLOOR}
"""
ANKLE_SANDAL = f"""{SANDAL}
far: 26,13.5 33,14 39,11 42,6 | 35,6 32,9.5
strap 2.8 far: 65,37 74,40.5 87,39.5 97,34.5
stand
upper: 85,0 90,13 93,24 95,35.5 98.5,35.5 | 101,23 102,10 99,0
[0 .45]
strap 3 upper: 37,0 44,11 54,24 65,37
[.45 .75]
strap 3 upper: 31,13 42,21 54,30 65,37
[0 1]
upper: 11,0 13,6.5 18,11 25,14 | 34,14 | 29,11 26,6.5 25,0
strap 3.2 upper: 65,37 73,33.5 85,32.5 97,34.5
seam 4: 76,33.2 79,32.8
metal 2.8: 76,33.2 79,32.8
"""
FLAT_SANDAL = f"""{SANDAL}
[0 .4]
far: 12,5 18,12.5 30,18.5 44,18 56,13 65,6 | 58,6 48,12 36,14 24,12 13,5
stand
upper: 11,4.5 16,11.5 26,16 40,14.5 53,8 63,0 | 52,0 45,6 36,10 26,11.5 18,9 13,4.5
seam 1.6: 12.3,8.5 12.4,4.5
[.4 .7]
far: 24,16 39,17.5 44,13.5 47,6 | 36,6 33,11
far: 55,22 68,22 73,16 76,6.5 | 66,6.5 63,13
stand
upper: 11,0 13,8 18,13.5 25,17 | 39,17.5 | 34,13.5 31,8 30,0
  stitch .6 2: 13,-1 15,8 19.5,12.5 26,15.6
  stitch .6 2: 36.5,17.5 32,13.5 29.3,8 28,0
upper: 43,0 44,9 48,17 55,22.5 | 68,22.5 | 63,17 60,9 59,0
  stitch .6 2: 45,-1 46,9 49.5,15.5 56.5,21
  stitch .6 2: 65.5,22.5 61,16.5 58.2,9 57,0
seam 4.6: 19.5,9 22.5,11
metal 3.4: 19.5,9 22.5,11
seam 4.6: 50.5,12.5 53,15.5
metal 3.4: 50.5,12.5 53,15.5
[.7 1]
far: 26,14.5 34,15 41,11 44,6 | 36,6 33,10
strap 3.6 far: 66,38 75,41.5 88,40.5 97,36
stand
upper: 85,0 89,14 92,26 94.5,37.5 98.5,38 | 101,24 102,10 99,0
upper: 12,0 14,7 19,12 26,15 | 34,15 | 30,12 27,7 27,0
strap 4.4 upper: 40,0 46,12 55,26 66,38
strap 4 upper: 66,38 74,34.5 86,33.5 97,36
seam 5: 77,34.3 80,33.9
metal 3.6: 77,34.3 80,33.9
[0 1]
"""
SLIPPER = f"""
[0 .5]
insole: 30,9 60,7 85,7 98,5 101,0 | {FLOOR}
lining: 56,30 62,22 66,12 66,6 | 50,6 48,26
unit 1
upper: 0,0 -2,4 -1,10 4,15 14,19.5 26,23 38,27.5 48,31 | 58,28 60,18 61,8 60,0 | 40,0 20,0 0,0
[.5 1]
lining: 56,30 66,30 76,27 86,27 97,28 | 86,16 60,18
unit 1
upper: 0,0 -2,4 -1,10 4,15 14,19.5 26,23 38,27.5 48,31 | 62,26 74,21 86,22 97,27 | \
    100,24 102,12 99,0 | {FLOOR}
[0 1]
  seam .9: 2,9 8,13 20,16 34,20 46,25
  stitch .8 2: 1.5,7 8,11 20,14 34,18 47,22
[0 .5]
fleece: 48,33 53,36 58,34 62,30 64,22 65,12 65,1 59,1 59,12 57,20 54,25 48,27
[.5 1]
fleece: 50,33 56,33 63,30 70,26 78,25 86,26 94,30 99,32 102,28 99,24 90,20 78,18 68,19 60,23 \
    52,26 47,29
"""
NEVER = "2 2"  # no variant
# Of each boot's shaft: its front and back edge, and the variants with laces, a gusset, a belt.
SHAFTS = {
    "ankle boot": (
        "52,40 56,50 57,62",
        "97,62 96,51 96,42 98,30 102,13 99,0",
        (".35 .75", "0 .35", ".75 1"),
    ),
    "mid-calf boot": (
        "52,41 55,55 55,75 54,96",
        "101,96 99,75 96,56 96,44 98,30 102,13 99,0",
        (".5 1", NEVER, "0 .5"),
    ),
    "knee-high boot": (
        "52,41 56,56 56,76 51,108 53,142",
        "103,142 107,116 102,84 96,58 96,44 98,30 102,13 99,0",
        (NEVER, NEVER, "0 1"),
    ),
}
DRAWINGS = {
    "oxford": OXFORD,
    "loafer": LOAFER,
    "trainer": TRAINER,
    "pump": PUMP,
    "flat": PUMP,
    "flat sandal": FLAT_SANDAL,
    "heeled sandal": ANKLE_SANDAL,
    "slipper": SLIPPER,
}


def build_parts(last: Last) -> list[Part]:
    """Build the parts of a shoe, the farthest first."""
    parts: list[Part] = []
    area = 0
    for line in _choose_lines(last):
        head, _, path = line.partition(":")
        tint, *numbers = head.split()
        if line.startswith("  "):
            detail = last.part(tint, path, *map(float, numbers))
            parts[area] = replace(parts[area], details=(*parts[area].details, detail))
        elif tint == "laces":
            parts += _laces(last, int(numbers[0]), path)
        elif tint == "strap":
            parts.append(_strap(last, path, float(numbers[0]), numbers[1]))
        elif tint == "stand" and last.heel >= 1.5 and last.heel_width < 34:
            parts += _heeled_sole(last)
        elif tint in ("stand", "unit"):
            parts.append(_unit_sole(last, *map(float, numbers)))
        else:
            area = len(parts)
            parts.append(last.part(tint, path, *map(float, numbers)))
    return parts


def _choose_lines(last: Last) -> list[str]:
    """Choose the lines of the drawing that this variant has."""
    text = DRAWINGS.get(last.kind) or _fill_boot(last.kind)
    lines, low, high = [], 0.0, 1.0
    for line in text.splitlines():
        if line.startswith("["):
            low, high = map(float, line.strip("[]").split())
        elif line and low <= last.variant < high:
            lines.append(line)
    return lines


def _fill_boot(kind: str) -> str:
    """Fill the drawing of a boot with this kind's shaft."""
    front, back, (laced, gusset, belted) = SHAFTS[kind]
    left, top = trace(front)[-1]
    right = trace(back)[0][0]
    low = top - 6
    a, b = left + 10, right - 10  # between them the opening is widest
    facing = " ".join(f"{x + 9},{y - 2}" for x, y in trace(f"35,25 45,33.5 {front}")[::8])
    return BOOT.format(
        TOE=TOE,
        FLOOR=FLOOR,
        front=front,
        back=back,
        facing=facing,
        rim=f"{left},{top} {a},{top - 3} {b},{top - 3} {right},{top}",
        inside=f"{left},{top} {a},{top + 3} {b},{top + 3} {right},{top} | {b},{low} {a},{low}",
        hem=f"{left},{top - 5} {a},{low} {b},{low} {right},{top - 5}",
        below=top - 5,
        count=int(6 + top // 25),
        laced=laced,
        gusset=gusset,
        belted=belted,
    )


def _laces(last: Last, count: int, facing: str) -> list[Part]:
    """Lay laces over the facing's edge, each square to it and darker underneath."""
    edge = trace(facing)
    along = np.gradient(edge, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    strokes = []
    for at in np.linspace(1, len(edge) - 2, count).round().astype(int):
        ends = edge[at] + np.array([[-0.8], [3.0], [6.2]]) * across[at] - ((0, 0), (0, 0.2), (0, 1))
        path = " ".join(f"{x},{y}" for x, y in ends)
        strokes += [last.part("seam", path, 2.7), last.part("lace", path, 1.8)]
    return strokes


def _strap(last: Last, path: str, width: float, tint: str) -> Part:
    """Build a strap of even width along a path."""
    middle = last.bend(trace(path))
    along = np.gradient(middle, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across *= width / 2 / np.linalg.norm(across, axis=1, keepdims=True)
    return Part(np.vstack([middle + across, (middle - across)[::-1]]), tint)


def _unit_sole(last: Last, overlap: float = 1.0) -> Part:
    top = last.bend(trace(FLOOR)[::-1])
    top[:, 1] += overlap
    left, right = top[0, 0] - 1.8, top[-1, 0] + 2.0
    front, back = top[0, 1], top[-1, 1]
    ground = (
        f"{left},{front} {left - 0.5},{front * 0.75} {left + 5},1.6 {left + 20},0 {right - 16},0 "
        f"{right - 3},0.8 {right + 0.5},{back * 0.6} {right - 0.5},{back}"
    )
    tread = Part(np.vstack([top * (1, 0.27), (right + 9, 2), (right, -9), (left, -9)]), "tread")
    line = Part(top * (1, 0.62), "tread", width=0.7)
    details = (tread, line) if overlap > 1 else (tread,)
    return Part(np.vstack([top, trace(ground)[::-1]]), "sole", details=details)


def _heeled_sole(last: Last) -> list[Part]:
    seat = last.bend(trace(FLOOR)[::-1])
    under = seat - (0, last.sole)
    welt = np.linspace(-1.5, 1.0, len(seat))[:, None] * (1, 0)
    band = Part(np.vstack([seat + welt + (0, 0.8), (under + welt)[::-1]]), "sole")
    x, y = under.T
    right = x[-1] + 0.6
    breast = right - max(last.heel_width, 20 if last.heel > 12 else 0)
    height = float(np.interp(breast, x, y))
    foot = right - 0.10 * last.heel
    inner = foot - last.heel_width * (0.92 if last.heel < 12 else 1)
    front = f"{breast},{height} {inner},0"
    if last.heel > 12:
        front = (
            f"{breast},{height} {(breast + inner) / 2 + 2},{height * 0.7} "
            f"{inner + 0.6},{height * 0.3} {inner},0"
        )
    back = f"{foot},0 | {foot + 0.3},{height * 0.35} {right - 1},{y[-1] * 0.75} {right},{y[-1]}"
    block = f"{front} | {back}"
    return [Part(np.vstack([trace(block), under[x > breast][::-1]]), "heel"), band]


# --- colors -----------------------------------------------------------------------------------

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
