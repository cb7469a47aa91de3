"""What a model says of photos with the shoe in other colors.

Each edit has its control. A hue edit that changes an answer says something of the color only where
a move as far in a random direction does not do so as often; a color edit, which changes lightness
too, only where the same change of lightness alone does not.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zapcls import schema
from zapcls.analysis.metrics import labelled
from zapcls.answer.classify import Classifier
from zapcls.data import recolor as edits
from zapcls.data.color import BASIC_COLORS
from zapcls.data.task import Task
from zapcls.progress import Progress

MOST_PHOTOS = 2000  # of valid; whole products, drawn by the run's seed
MOVES = {"hue": edits.move_hue, "color": edits.move_color}
_BATCH = 64
_MOST_TURNS = 12  # random directions that are tried: 90 % of controls are then as far
_AS_FAR = 0.1  # of the difference in CIELAB: so near is as far
_LEAST_TURN = np.pi / 3  # a random direction is at least so far from the one that was asked

Edit = tuple[dict[str, Any], np.ndarray | None]  # what is known of it, and the photo to be asked


def choose_photos(table: pd.DataFrame, seed: int, most: int = MOST_PHOTOS) -> pd.DataFrame:
    """Choose valid photos of a known color: all, or whole products until there are `most`."""
    known = labelled(table, "valid").query("color != ''")
    if len(known) <= most:
        return known
    sizes = known["product_id"].value_counts(sort=False)
    drawn = sizes.sample(frac=1, random_state=seed)
    return known[known["product_id"].isin(drawn.index[drawn.cumsum() <= most])]


def ask(
    classifier: Classifier,
    pixels: np.ndarray,
    photos: pd.DataFrame,
    task: Task,
    progress: Progress,
) -> pd.DataFrame:
    """Ask a model about every edit of some photos: `schema.RECOLORING`, in their order.

    Args:
        pixels: uint8, (n, side, side, 3), as the model takes them.
        photos: image_id, row (in `pixels`) and label.
    """
    parts: list[pd.DataFrame] = []
    waiting: list[Edit] = []
    for place, photo in enumerate(photos.itertuples()):
        progress("Recoloring photos", place, len(photos))
        facts = {"image_id": photo.image_id, "label": photo.label}
        image = np.asarray(pixels[photo.row])
        waiting += [(facts | edit, edited) for edit, edited in edit_photo(image, photo.image_id)]
        if len(waiting) >= _BATCH:
            parts.append(_answer(classifier, waiting, task))
            waiting = []
    progress("Recoloring photos", len(photos), len(photos))
    parts.append(_answer(classifier, waiting, task))
    return schema.conform(pd.concat(parts, ignore_index=True), schema.RECOLORING, "recoloring")


@dataclass(frozen=True)
class Version:
    """A photo with its shoe in some color, and what a model says of it."""

    color: str
    edit: str  # "" for the photo as it is
    image: np.ndarray  # uint8, (side, side, 3)
    prediction: str
    prob: float  # of the prediction


def show_in_colors(classifier: Classifier, image: np.ndarray, task: Task) -> list[Version]:
    """Ask a model about one shoe in every color that it can be given, the photo as it is first.

    A color is reached by its hue alone where that is enough, else by its lightness too. Where no
    shoe is found on a plain ground the photo stands alone.
    """
    versions = [*_list_versions(image)]
    prob, _ = classifier.predict(np.stack([edited for _, _, edited in versions]))
    return [
        Version(*version, task.classes[called], float(row[called]))
        for version, row, called in zip(versions, prob, task.decide(prob), strict=True)
    ]


def _list_versions(image: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    paint = edits.find_paint(image)
    yield "" if paint is None else paint.color, "", image
    if paint is None:
        return
    for to in BASIC_COLORS:
        for edit in edits.EDITS:
            edited = edits.recolor(paint, to, edit) if to != paint.color else None
            if edited is not None:
                yield to, edit, edited
                break


def edit_photo(
    image: np.ndarray, image_id: str, kinds: Sequence[str] = edits.EDITS
) -> Iterator[Edit]:
    """Make every edit of a photo with its controls; one whose color is not reached has no photo.

    The random controls follow the id, so that all runs are asked about the same photos. A photo
    without an object on a plain ground has nothing but the identity.
    """
    rng = _build_rng(image_id)
    paint = edits.find_paint(image)
    if paint is None:
        yield _describe("identity"), image
        return
    yield _describe("identity", named=paint.color), edits.move_nothing(paint)
    aims = [(edit, to) for to in BASIC_COLORS if to != paint.color for edit in kinds]
    images = [MOVES[edit](paint, to) for edit, to in aims]
    names = edits.name_results(paint, images)
    for (edit, to), image, named in zip(aims, images, names, strict=True):
        if named != to:
            yield _describe(edit, to, named, False, math.nan, math.nan), None
            continue
        change = edits.measure_change(paint, image)
        yield _describe(edit, to, named, True, *change), image
        for control, other in _make_controls(paint, edit, to, change[0], rng):
            yield _describe(control, to, "", True, *edits.measure_change(paint, other)), other


def _build_rng(image_id: str) -> np.random.Generator:
    digest = hashlib.blake2b(image_id.encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest))


def _make_controls(
    paint: edits.Paint, edit: str, to: str, difference: float, rng: np.random.Generator
) -> Iterator[tuple[str, np.ndarray]]:
    if edit == "color":
        yield "lightness", edits.move_lightness(paint, to)
        return
    yield "random", _move_at_random(paint, to, difference, rng)
    yield "ground", edits.move_ground(paint, to, difference)


def _move_at_random(
    paint: edits.Paint, to: str, difference: float, rng: np.random.Generator
) -> np.ndarray:
    """Move the hue as far in a random direction: of a few, the first that comes out as far.

    Where the gamut allows none of them that much, it is the one that comes nearest.
    """
    nearest, least = paint.image, math.inf
    for turn in rng.uniform(_LEAST_TURN, 2 * np.pi - _LEAST_TURN, size=_MOST_TURNS):
        edited = edits.move_hue(paint, to, float(turn))
        gap = abs(edits.measure_change(paint, edited)[0] / difference - 1)
        if gap < least:
            nearest, least = edited, gap
        if gap <= _AS_FAR:
            break
    return nearest


def _describe(
    edit: str,
    to: str = "",
    named: str = "",
    is_reached: bool = True,
    delta_e: float = 0.0,
    delta_l: float = 0.0,
) -> dict[str, Any]:
    return {
        "edit": edit, "to": to, "named": named, "is_reached": is_reached, "delta_e": delta_e,
        "delta_l": delta_l,
    }  # fmt: skip


def _answer(classifier: Classifier, waiting: list[Edit], task: Task) -> pd.DataFrame:
    """Ask about the photos that there are; the others have no answer."""
    table = pd.DataFrame([known for known, _ in waiting])
    table = table.assign(prob_label=np.nan, prob_first=np.nan, prediction="")
    images = {place: image for place, (_, image) in enumerate(waiting) if image is not None}
    asked = list(images)
    if asked:
        prob, _ = classifier.predict(np.stack(list(images.values())))
        of_label = pd.Index(task.classes).get_indexer(pd.Index(table["label"].iloc[asked]))
        table.loc[asked, "prob_label"] = prob[np.arange(len(asked)), of_label]
        table.loc[asked, "prob_first"] = prob[:, 0]
        table.loc[asked, "prediction"] = np.array(task.classes)[task.decide(prob)]
    return table
