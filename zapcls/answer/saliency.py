"""Where a run looks: how its answer changes when a part of the photo is covered.

Occlusion sensitivity (Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901) asks the exported
model itself and needs no gradient, so the map cannot be that of another model. It is checked as
Adebayo et al. (2018, https://arxiv.org/abs/1810.03292) ask: it changes with the weights.
"""

import numpy as np
from scipy.special import expit, logit, logsumexp

from zapcls.answer.classify import Classifier
from zapcls.errors import BadInput

FOR, AGAINST = (230, 97, 1), (94, 60, 153)  # orange and purple, safe for the color-blind
MIN_REACH = 0.5  # log-odds: a weaker map is drawn pale, not stretched to full color
ACROSS = 13  # windows in a row
QUICK = 7  # of a map that somebody waits for
WINDOW_SHARE = 0.22  # of the side: a window's width at half its height
_BATCH = 8  # more at once takes more memory, and is no faster
_OPACITY = 0.85


def occlusion(
    classifier: Classifier, image: np.ndarray, class_index: int, across: int = ACROSS
) -> np.ndarray:
    """Measure how much the log-odds of a class fall when each part of the photo is covered.

    Args and Raises are those of `cover`.

    Returns:
        float64, (side, side), in natural log-odds: above 0 what speaks for the class.
    """
    return spread(cover(classifier, image, class_index, across), classifier.side, across)


def spread(drops: np.ndarray, side: int, across: int = ACROSS) -> np.ndarray:
    """Spread what `cover` measured with `across` windows in a row over all pixels: (side, side).

    The value of a pixel is the mean of the windows that cover it, each by how much it does.
    """
    profile = _build_profile(side, across)
    weight = profile.sum(axis=0)
    return profile.T @ drops @ profile / np.outer(weight, weight)


def cover(
    classifier: Classifier, image: np.ndarray, class_index: int, across: int = ACROSS
) -> np.ndarray:
    """Measure how much the log-odds of a class fall under each of the windows.

    A window with soft edges takes the color of the ground, the median of the border. Where it
    changes nothing, the model is not asked.

    Args:
        classifier: its `side` is the image's.
        image: uint8, (side, side, 3).
        class_index: the class whose evidence is asked for.
        across: how many windows are in a row; the model is asked about `across` squared at most.

    Returns:
        float64, (windows, windows), in natural log-odds: some thousandth of the bytes of a map.

    Raises:
        BadInput: the image has another shape.
    """
    side = classifier.side
    if image.shape != (side, side, 3):
        raise BadInput(
            f"The photo must be of {side} x {side} px as the model takes it, got {image.shape}. "
            "Use the store that the run was trained on."
        )
    profile = _build_profile(side, across)
    count = len(profile)
    before = _log_odds(classifier, image[None], class_index)[0]
    drops = np.zeros(count * count)
    ground = _find_ground(image)
    for start in range(0, len(drops), _BATCH):
        places = np.arange(start, min(start + _BATCH, len(drops)))
        cover = (
            profile[places // count][:, :, None, None] * profile[places % count][:, None, :, None]
        )
        covered = np.rint(image + cover * (ground - image)).astype(np.uint8)
        changed = (covered != image).any(axis=(1, 2, 3))
        if changed.any():
            after = _log_odds(classifier, covered[changed], class_index)
            drops[places[changed]] = before - after
    return drops.reshape(count, count)


def _build_profile(side: int, across: int) -> np.ndarray:
    """Build how much the windows of a row cover each pixel: float64 (windows, side), 0..1.

    Between full and none lies a straight edge, half a window wide. The windows stand evenly about
    the middle.
    """
    window_px, stride_px = max(2, round(WINDOW_SHARE * side)), max(1, round(side / across))
    count = -(-side // stride_px)
    centers = side / 2 + (np.arange(count) - (count - 1) / 2) * stride_px
    distance = np.abs(np.arange(side) + 0.5 - centers[:, None])
    return np.clip((window_px / 2 - distance) / (window_px / 2) + 0.5, 0, 1)


def _find_ground(image: np.ndarray) -> np.ndarray:
    """Find the color of the ground, float64 (3): the median of the border."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return np.median(border, axis=0)


def _log_odds(classifier: Classifier, images: np.ndarray, class_index: int) -> np.ndarray:
    logits = classifier.answer(images)[0].astype(np.float64)
    others = np.delete(logits, class_index, axis=1)
    return logits[:, class_index] - logsumexp(others, axis=1)


def draw(image: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Lay a map over its photo in gray: orange what speaks for the class, purple against it.

    Opacity goes by strength; the strongest place, or MIN_REACH where all is weaker, has the
    fullest color.

    Args:
        image: uint8, (side, side, 3).
        evidence: (side, side), of `occlusion`.

    Returns:
        uint8, (side, side, 3).
    """
    gray = image.astype(np.float64) @ (0.299, 0.587, 0.114)
    strength = evidence / max(float(np.abs(evidence).max()), MIN_REACH)
    color = np.where(strength[..., None] > 0, FOR, AGAINST)
    opacity = _OPACITY * np.abs(strength)[..., None]
    return np.rint(gray[..., None] * (1 - opacity) + color * opacity).astype(np.uint8)


def prob_covered(prob: float, evidence: np.ndarray) -> float:
    """Estimate a class's probability, 0..1, with the place covered that speaks for it most."""
    return float(expit(logit(np.clip(prob, 1e-6, 1 - 1e-6)) - max(float(evidence.max()), 0.0)))
