"""Gives a shoe another color: the object alone, its texture and shading kept, the ground untouched.

Work is done in CIELAB (D65). Which pixels are of the shoe's own paint is told by the dichromatic
view of shading (Shafer 1985): in shadow, lightness and chroma fall together. Those pixels are
moved; soles, linings and buckles of other colors stay. What leaves the sRGB gamut loses chroma,
neither hue nor lightness.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.color.colorconv import rgb_from_xyz

from zapcls.data.color import describe_object, find_object
from zapcls.errors import BadInput

EDITS = ("hue", "color")
# Of each basic term: L*, C*, hue in degrees, about where the shoes of UT Zappos50K so named lie
# (medians of half the kept photos, those of one color); green, blue, purple a little more vivid.
TARGETS: dict[str, tuple[float, float, float]] = {
    "black": (15, 0, 0),
    "white": (92, 1, 100),
    "grey": (52, 0, 0),
    "red": (38, 64, 33),
    "orange": (66, 66, 52),
    "yellow": (86, 70, 92),
    "green": (46, 36, 144),
    "blue": (39, 36, 283),
    "purple": (34, 32, 325),
    "pink": (66, 50, 5),
    "brown": (39, 24, 56),
}
_NEAR, _FAR = 14, 32  # distance in CIELAB: all paint, none
_L_FREE, _L_WEIGHT = 25, 0.5  # lightness may differ so much by shading; what is beyond counts half
_MAX_SHADE = 1.3  # glare is no more chromatic than this times the paint
_NEUTRAL = 8  # C*: about where a paint's own hue begins to tell how much of it a pixel has
_GROUND_DARKER = 0.6  # of the difference: a white ground takes no color at its lightness


@dataclass(frozen=True)
class Paint:
    """A photo with what is known of its shoe's own color."""

    image: np.ndarray  # uint8, (S, S, 3)
    weight: np.ndarray  # (S, S), 0..1: how much a pixel says about the color (`color.find_object`)
    mask: np.ndarray  # bool, (S, S): the object
    lab: np.ndarray  # (n, 3) of the object's pixels, in the mask's order
    amount: np.ndarray  # (n): how much of a pixel is the shoe's own paint, 0..1
    middle: np.ndarray  # (3): the mean L*, a*, b* of the paint
    color: str  # its basic term


def find_paint(image: np.ndarray) -> Paint | None:
    """Find a shoe's own paint; None where no object stands out of a plain ground.

    `image` is uint8, (S, S, 3), as the store holds it.
    """
    mask, weight = find_object(image)
    if not mask.any() or mask.all():
        return None
    named = describe_object(image[None], weight).iloc[0]
    if not named["color"]:
        return None
    lab = rgb2lab(image[mask][None])[0]
    middle = named[["lab_l", "lab_a", "lab_b"]].to_numpy(dtype=float)
    shade = np.clip(lab[:, :1] / max(middle[0], 1), 0, _MAX_SHADE)
    distance = np.linalg.norm(lab[:, 1:] - shade * middle[1:], axis=1)
    distance += _L_WEIGHT * np.maximum(np.abs(lab[:, 0] - middle[0]) - _L_FREE, 0)
    near = np.zeros(mask.shape)
    near[mask] = np.clip((_FAR - distance) / (_FAR - _NEAR), 0, 1)
    within = ndimage.gaussian_filter(mask.astype(float), 0.7)
    amount = (ndimage.gaussian_filter(near, 0.7) / np.maximum(within, 1e-6))[mask]
    return Paint(image, weight, mask, lab, np.minimum(amount, 1), middle, str(named["color"]))


def recolor(paint: Paint, to: str, edit: str = "hue") -> np.ndarray | None:
    """Return the shoe the color `to`: uint8, (S, S, 3); None where it is then not named so.

    "hue" keeps the lightness of each pixel; "color" moves the mean lightness too.

    Raises:
        BadInput: no such color or edit.
    """
    if to not in TARGETS or edit not in EDITS:
        raise BadInput(
            f"A shoe can be given one of {', '.join(TARGETS)} by one of {', '.join(EDITS)}, got "
            f"{to!r} by {edit!r}."
        )
    image = move_hue(paint, to) if edit == "hue" else move_color(paint, to)
    return image if name_results(paint, [image]) == [to] else None


def name_results(paint: Paint, images: Sequence[np.ndarray]) -> list[str]:
    """Name the color that each edit of the photo has, by the object of the photo before."""
    return list(describe_object(np.stack(images), paint.weight)["color"])


def move_nothing(paint: Paint) -> np.ndarray:
    """Take the photo through all that an edit does, but move nothing: it comes out the same."""
    return _paint_over(paint, np.zeros(2), paint.lab[:, 0])


def move_hue(paint: Paint, to: str, turn: float = 0.0) -> np.ndarray:
    """Move hue and chroma to those of `to`, L* fixed.

    With `turn` (radians) the move goes in another direction of a* and b*, as far: a control.
    """
    move = _aim(to) - paint.middle[1:]
    cosine, sine = np.cos(turn), np.sin(turn)
    return _paint_over(paint, np.array([[cosine, -sine], [sine, cosine]]) @ move, paint.lab[:, 0])


def move_color(paint: Paint, to: str) -> np.ndarray:
    """Move hue, chroma and the mean L* to those of `to`."""
    return _paint_over(paint, _aim(to) - paint.middle[1:], _lighten(paint, to))


def move_lightness(paint: Paint, to: str) -> np.ndarray:
    """Move the mean L* to that of `to` and nothing else: the control of `move_color`."""
    return _paint_over(paint, np.zeros(2), _lighten(paint, to))


def move_ground(paint: Paint, to: str, difference: float) -> np.ndarray:
    """Return the photo with its ground moved to the hue of `to`, by `difference` in CIELAB."""
    ground = ~paint.mask
    lab = rgb2lab(paint.image[ground][None])[0]
    angle = np.radians(TARGETS[to][2])
    chroma = difference * np.sqrt(1 - _GROUND_DARKER**2)
    lab += (-_GROUND_DARKER * difference, chroma * np.cos(angle), chroma * np.sin(angle))
    image = paint.image.copy()
    image[ground] = _to_rgb(lab)
    return image


def measure_change(paint: Paint, image: np.ndarray) -> tuple[float, float]:
    """Measure the mean difference in CIELAB (CIE 1976) and of L*, over the object.

    Where the object is unchanged it is that of the ground.
    """
    after, before = image[paint.mask], paint.lab
    if (after == paint.image[paint.mask]).all():
        after, before = image[~paint.mask], rgb2lab(paint.image[~paint.mask][None])[0]
    change = rgb2lab(after[None])[0] - before
    return float(np.sqrt((change**2).sum(axis=1)).mean()), float(change[:, 0].mean())


def _aim(to: str) -> np.ndarray:
    _, chroma, hue = TARGETS[to]
    return chroma * np.array([np.cos(np.radians(hue)), np.sin(np.radians(hue))])


def _lighten(paint: Paint, to: str) -> np.ndarray:
    """The L* of each pixel about that of `to`, contrast less where it would not fit in 0..100."""
    aim, middle = TARGETS[to][0], paint.middle[0]
    lightness = paint.lab[:, 0]
    low, high = np.quantile(lightness[paint.amount > 0.5], [0.02, 0.98])
    contrast = min(1.0, (97 - aim) / max(high - middle, 1e-6), (aim - 3) / max(middle - low, 1e-6))
    moved = np.clip(aim + contrast * (lightness - middle), 0, 100)
    return lightness + paint.amount * (moved - lightness)


def _paint_over(paint: Paint, move: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """Move the paint by `move` in a* and b*, less in shade and glare, at these L*.

    How much of the paint's chroma a pixel has is read along the paint's hue, and from the
    lightness where the paint is nearly neutral; what lies beside that hue stays.
    """
    mean = np.average(lightness, weights=paint.amount)
    shade = np.clip(lightness / max(mean, 1), 0, _MAX_SHADE)
    chroma, hue = paint.lab[:, 1:], paint.middle[1:]
    share = (chroma @ hue + _NEUTRAL**2 * shade) / (hue @ hue + _NEUTRAL**2)
    share = paint.amount * np.clip(share, 0, _MAX_SHADE)
    chroma = chroma + share[:, None] * move
    image = paint.image.copy()
    image[paint.mask] = _to_rgb(np.column_stack([lightness, chroma]))
    return image


def _to_rgb(lab: np.ndarray) -> np.ndarray:
    """Convert (n, 3) CIELAB to sRGB uint8; out of gamut, chroma gives way."""
    linear = _to_linear(lab)
    is_out = ((linear < -1e-4) | (linear > 1 + 1e-4)).any(axis=1)
    if is_out.any():
        out = lab[is_out]
        chroma = np.hypot(out[:, 1], out[:, 2])
        hue = np.degrees(np.arctan2(out[:, 2], out[:, 1])) % 360
        row = np.clip(np.rint(out[:, 0] * 2), 0, 200).astype(int)
        most = _largest_chroma()[row, np.rint(hue).astype(int) % 360]
        out[:, 1:] *= np.minimum(1, most / np.maximum(chroma, 1e-6))[:, None]
        linear[is_out] = _to_linear(out)
    linear = np.clip(linear, 0, 1)
    low = linear <= 0.0031308
    rgb = np.where(low, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * rgb).astype(np.uint8)


def _to_linear(lab: np.ndarray) -> np.ndarray:
    """Convert (..., 3) CIELAB (D65) to linear RGB, which is 0..1 within the gamut."""
    y = (lab[..., 0] + 16) / 116
    cubes = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = np.where(cubes > 6 / 29, cubes**3, (cubes - 16 / 116) / 7.787)
    return (xyz * (0.95047, 1.0, 1.08883)) @ rgb_from_xyz.T


@cache
def _largest_chroma() -> np.ndarray:
    """The largest C* in the sRGB gamut, (201, 360): at L* in halves and hue in degrees."""
    lightness, hue = np.meshgrid(np.arange(201) / 2, np.radians(np.arange(360)), indexing="ij")
    low, high = np.zeros(hue.shape), np.full(hue.shape, 140.0)
    for _ in range(14):
        chroma = (low + high) / 2
        linear = _to_linear(
            np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
        )
        is_in = ((linear >= -1e-4) & (linear <= 1 + 1e-4)).all(axis=-1)
        low, high = np.where(is_in, chroma, low), np.where(is_in, high, chroma)
    return low
