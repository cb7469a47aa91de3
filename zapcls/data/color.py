"""Finds the shoe on its plain ground and names its color as a shop would.

Each pixel of the object takes the name of the nearest prototype in CIELAB (`color_names`), through
a table of 32 levels a channel. Names are then counted, with little weight where the sole, the
lining and the outline lie, and what shading does to a name is undone on the counts. The weights
were set by eye: of 300 random photos of UT Zappos50K, named by eye first, 88 % agree (Cohen's kappa
0.84), and 68 % with the words of another shop (docs/decisions.md).
"""

from functools import cache

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.spatial import KDTree
from skimage.color import rgb2lab

from zapcls.data.color_names import BASIC_COLORS, PROTOTYPES, SWATCHES
from zapcls.progress import Progress, silent

__all__ = [
    "BASIC_COLORS", "SWATCHES", "describe_colors", "describe_object", "find_object", "object_mask",
]  # fmt: skip

SECOND_SHARE = 0.1  # a second basic color under this share is not named
MULTICOLOR_SHARE = 0.6  # a first color under this share does not sum the shoe up

_WHITE_ENOUGH = 235  # of 255, every channel: a pixel of a white ground
_WHITE_LIMIT = 8  # of 255: farther from white than JPEG noise takes a white ground
_MIN_SHARE, _MAX_SHARE = 0.005, 0.95  # of the photo: less is no object, more is no ground
_LIGHTNESS_SCALE = 0.8  # of L* in the distance between colors: shading moves L* most
_FINE_NAMES = tuple(name for name, _, _ in PROTOTYPES)
_BASIC_NAMES = tuple(basic for _, basic, _ in PROTOTYPES)  # of each finer name
# Insoles, linings and cork are of these colors, whatever the shoe is sold as; footbeds of these.
_LINING_NAMES = ("nude", "beige", "tan", "cognac", "cream")
_FOOTBED_NAMES = ("dark brown", "chocolate", "brown", "taupe", "khaki")
_NEUTRAL = ("white", "grey", "brown", "black")


def object_mask(pixels: np.ndarray) -> np.ndarray:
    """Mask the object on a roughly plain light ground: bool, (S, S).

    The ground's color is the median of the border, within the padding where the photo's own
    ground is not white. Ground is what reaches the border through pixels of about that color;
    gaps of up to 4 px in the object's outline are closed first and its holes are filled, so that
    a white shoe is whole. Parts under a tenth of the largest are dropped. Where nothing stands out
    (under 0.5 % of the photo) the mask is empty; where nearly everything does (over 95 %), there
    is no plain ground, and the mask is the whole photo without its padding.

    Args:
        pixels: uint8, (S, S, 3), padded with white to a square or not.
    """
    return _find_object(pixels)[0]


def find_object(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the object, without ground seen through gaps, and what says how much of its color.

    Returns bool (S, S), as `object_mask` less the gaps between straps, and float (S, S), 0..1.
    """
    mask, gaps = _find_object(pixels)
    if not mask.any():
        return mask, np.zeros(mask.shape)
    weight = _weigh_places(mask, gaps)
    return mask & ~(gaps & (weight == 0)), weight


def describe_object(pixels: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    """Name the color of one object in several versions of its photo, as `describe_colors`.

    `pixels` is (n, S, S, 3); `weight` (S, S), of `find_object`, says where the object is.
    """
    return _decide(np.stack([_count_names(image, weight) for image in pixels]))


def describe_colors(
    pixels: np.ndarray, progress: Progress = silent, rows: np.ndarray | None = None
) -> pd.DataFrame:
    """Name the color of each object: one row per image, in order.

    Args:
        pixels: uint8, (n, S, S, 3), each as for `object_mask`.
        rows: only these of them, in this order; None: all.

    Returns:
        `color` (of BASIC_COLORS), `color_fine` (the most frequent finer name within it), `share`
        (0..1, of the object's weighted pixels named `color`), `color_2` (the next basic color, ""
        under SECOND_SHARE), `multicolor` (`share` under MULTICOLOR_SHARE), `lightness` (CIELAB L*,
        0..100) and `chroma` (C*ab, 0..about 130) of the mean `lab_l`, `lab_a`, `lab_b` (D65) over
        the pixels of `color`, glare left out, and `object_share` (0..1, the mask's share of the
        picture). Where there is no object the names are "" and the figures NaN.
    """
    rows = np.arange(len(pixels)) if rows is None else rows
    counts = np.zeros((len(rows), 4, len(PROTOTYPES)))
    object_share = np.full(len(rows), np.nan)
    for place, row in enumerate(rows):
        if place % 100 == 0:
            progress("Naming colors", place, len(rows))
        mask, gaps = _find_object(pixels[row])
        if mask.any():
            object_share[place] = mask.mean()
            counts[place] = _count_names(pixels[row], _weigh_places(mask, gaps))
    progress("Naming colors", len(rows), len(rows))
    return _decide(counts).assign(object_share=object_share)


def _find_object(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mask, and those pixels of it that are ground seen through a gap between straps."""
    distance, limit, inner = _measure_ground(pixels)
    found = _grow_ground(distance, limit)
    if found[0].mean() < 2 * _MIN_SHARE:  # white on white, hardly an outline
        found = _grow_ground(distance, limit / 3)
    object_share = found[0].mean()
    if not _MIN_SHARE <= object_share <= _MAX_SHARE:
        found = np.full_like(found[0], object_share > _MAX_SHARE), np.zeros_like(found[0])
    mask, gaps = np.zeros((2, *pixels.shape[:2]), bool)
    mask[inner], gaps[inner] = found
    return mask, gaps


def _measure_ground(pixels: np.ndarray) -> tuple[np.ndarray, float, tuple[slice, slice]]:
    """How far each pixel of the photo is from its ground, the limit, and the photo's place.

    The distance is that of the farthest channel, 0..255.
    """
    inner = _find_photo(pixels)
    photo = pixels[inner]
    edges = (photo[:2], photo[-2:], photo[:, :2], photo[:, -2:])
    border = np.concatenate([edge.reshape(-1, 3) for edge in edges]).astype(np.int16)
    if (border >= _WHITE_ENOUGH).all(axis=1).mean() > 0.3:
        # Rows and columns of exact white are then as likely the photo's own: keep them all.
        return 255 - _each_channel(np.minimum, pixels), _WHITE_LIMIT, np.s_[:, :]
    ground = np.median(border, axis=0).astype(np.int16)
    noise = np.median(np.abs(border - ground).max(axis=1))
    distance = _each_channel(np.maximum, np.abs(photo - ground))
    return distance, float(np.clip(4 * noise, 16, 48)), inner


def _each_channel(choose: np.ufunc, pixels: np.ndarray) -> np.ndarray:
    """Reduce the channels; several times faster than `min` and `max` along a short last axis."""
    return choose(choose(pixels[..., 0], pixels[..., 1]), pixels[..., 2])


def _find_photo(pixels: np.ndarray) -> tuple[slice, slice]:
    """What lies between two bars of exact white, such as padding to a square leaves."""
    white = _each_channel(np.minimum, pixels) == 255
    for axis in (1, 0):
        line = white.all(axis=axis)
        if line[0] and line[-1] and not line.all():
            bar = min(int(np.argmin(line)), int(np.argmin(line[::-1])))
            photo = slice(bar, len(line) - bar)
            return (photo, slice(None)) if axis == 1 else (slice(None), photo)
    return slice(None), slice(None)


def _grow_ground(distance: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Everything but the ground that reaches the border, and the gaps that show flat ground."""
    solid = ndimage.maximum_filter((distance > limit).view(np.uint8), size=5, mode="constant")
    solid = ndimage.minimum_filter(solid, size=5, mode="constant", cval=1)
    regions, n = ndimage.label(solid == 0)
    outside = np.zeros(n + 1, bool)
    outside[np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])] = True
    outside[0] = False  # 0 is the object itself
    mask = ~outside[regions]
    parts, n_parts = ndimage.label(mask)
    if n_parts > 1:
        size = np.bincount(parts.ravel())
        size[0] = 0
        mask = (size >= size.max() / 10)[parts]
    if n <= outside.sum():
        return mask, np.zeros_like(mask)
    area = np.bincount(regions.ravel(), minlength=n + 1)
    flat = np.bincount(regions.ravel(), distance.ravel(), minlength=n + 1) <= limit / 5 * area
    flat[0] = False
    return mask, mask & (flat & ~outside)[regions]


def _weigh_places(mask: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """How much each pixel says about the color a shop would name: 0..1, (S, S).

    Full weight on the upper. Little on the outline, where shadow and ground mix in, on the lowest
    part of each column, the sole, and on the top, where a lining shows; on a low shoe that faces
    left also on the opening and the heel. None on ground seen through gaps, unless that is most of
    the object: then it was a white shoe all along.
    """
    inside = ndimage.minimum_filter(mask.view(np.uint8), size=5, mode="constant")
    weight = np.where(inside, 1.0, 0.15) * mask
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    y, x = np.ogrid[: len(mask), : mask.shape[1]]
    top, bottom = np.argmax(mask, axis=0), len(mask) - 1 - np.argmax(mask[::-1], axis=0)
    weight[y > bottom - 0.17 * min(height, width)] *= 0.2
    weight[y - top < 0.15 * (bottom - top)] *= 0.4
    if width > height:
        down, along = (y - rows[0]) / height, (x - columns[0]) / width
        weight[(down < 0.45) & (along > 0.2) & (along < 0.65)] *= 0.8
        weight[(down > 0.6) & (along > 0.7)] *= 0.4
    if gaps.sum() < 0.6 * mask.sum():
        weight[gaps] = 0
    return weight


@cache
def _name_table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each color of 32 levels a channel: the nearest finer name, CIELAB, and weight.

    Shapes (32768,), (32768, 3) and (32768,); the index is `red * 1024 + green * 32 + blue`. The
    weight grows with chroma, because shadow and glare are grey and paint is not.
    """
    level = np.linspace(0, 1, 32)
    rgb = np.stack(np.meshgrid(level, level, level, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    lab = rgb2lab(rgb)[:, 0]
    owner = [row for row, (_, _, colors) in enumerate(PROTOTYPES) for _ in colors.split()]
    colors = " ".join(colors for _, _, colors in PROTOTYPES)
    prototypes = np.frombuffer(bytes.fromhex(colors), np.uint8).reshape(-1, 1, 3)
    scale = (_LIGHTNESS_SCALE, 1, 1)
    _, nearest = KDTree(rgb2lab(prototypes)[:, 0] * scale).query(lab * scale)
    weight = 1 + np.minimum(np.hypot(lab[:, 1], lab[:, 2]), 60) / 80
    return np.array(owner)[nearest], lab, weight


def _count_names(image: np.ndarray, place_weight: np.ndarray) -> np.ndarray:
    """Return its pixels' weight and their weighted L*, a*, b*, by finer name: (4, names)."""
    names, lab, color_weight = _name_table()
    used = place_weight > 0
    red, green, blue = (image[used] >> 3).astype(np.intp).T
    code = red << 10 | green << 5 | blue
    weight = place_weight[used] * color_weight[code]
    name = names[code]
    sums = [weight, *(weight * lab[code, axis] for axis in range(3))]
    return np.stack([np.bincount(name, values, minlength=len(PROTOTYPES)) for values in sums])


def _undo_shading(weight: np.ndarray) -> np.ndarray:
    """Return the pixels that shading, glare and lining renamed back: (n, names).

    Glare on a black shoe is grey, and the shade of a white one too. The colors of linings count
    half beside a quarter of another color, those of footbeds beside a fifth of a vivid one.
    """
    weight = weight.copy()
    column = {name: i for i, name in enumerate(_FINE_NAMES)}
    neutral = weight[:, [column[name] for name in ("black", "charcoal", "grey", "silver", "white")]]
    black, charcoal, _, _, white = neutral.T
    half = 0.5 * neutral.sum(axis=1)
    for rows, winner, losers in (
        ((black + charcoal > half) & (black > 0.6 * half), "black", ("charcoal", "grey")),
        (white > 0.6 * half, "white", ("silver", "grey")),
    ):
        for loser in losers:
            weight[rows, column[winner]] += weight[rows, column[loser]]
            weight[rows, column[loser]] = 0
    basic = _sum_basic(weight)
    for others, share, names in (
        (_NEUTRAL[:3], 0.25, _LINING_NAMES),
        (_NEUTRAL, 0.2, _FOOTBED_NAMES),
    ):
        own = [i for i, name in enumerate(BASIC_COLORS) if name not in others]
        rows = basic[:, own].max(axis=1) > share * basic.sum(axis=1)
        weight[np.ix_(rows, [column[name] for name in names])] *= 0.5
    return weight


def _sum_basic(weight: np.ndarray) -> np.ndarray:
    """Sum finer names (n, names) to basic ones: (n, 11) in the order of BASIC_COLORS."""
    return weight @ np.array([[name == basic for basic in BASIC_COLORS] for name in _BASIC_NAMES])


def _decide(counts: np.ndarray) -> pd.DataFrame:
    """The table of `describe_colors`, but `object_share`, from (n, 4, names) counts."""
    weight = _undo_shading(counts[:, 0])
    basic = _sum_basic(weight)
    total = basic.sum(axis=1, keepdims=True)
    shares = np.divide(basic, total, out=np.full_like(basic, np.nan), where=total > 0)
    order = np.argsort(-shares, axis=1, kind="stable")
    first, second = order[:, 0], order[:, 1]
    rows = np.arange(len(counts))
    found = total[:, 0] > 0
    own = np.array(_BASIC_NAMES) == np.array(BASIC_COLORS)[first][:, None]  # (n, names)
    fine = np.argmax(np.where(own, weight, -1), axis=1)
    # Of the pixels named so at first: glare given back would bleach the mean.
    size, *lab_sums = (np.where(own & (weight > 0), counts[:, k], 0).sum(1) for k in range(4))
    lab_l, lab_a, lab_b = (
        np.divide(value, size, out=np.full(len(size), np.nan), where=size > 0) for value in lab_sums
    )
    share = shares[rows, first]
    named_2 = found & (shares[rows, second] >= SECOND_SHARE)
    return pd.DataFrame(
        {
            "color": np.where(found, np.array(BASIC_COLORS)[first], ""),
            "color_fine": np.where(found, np.array(_FINE_NAMES)[fine], ""),
            "share": share,
            "color_2": np.where(named_2, np.array(BASIC_COLORS)[second], ""),
            "multicolor": share < MULTICOLOR_SHARE,
            "lightness": lab_l,
            "chroma": np.hypot(lab_a, lab_b),
            "lab_l": lab_l,
            "lab_a": lab_a,
            "lab_b": lab_b,
        }
    )
