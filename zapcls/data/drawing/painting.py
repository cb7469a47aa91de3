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
