"""What of the catalogue is like a photo of a request."""

import math
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from zapcls.api import OpenRun, Wish
from zapcls.errors import BadInput
from zapcls.findings.shelf import COLOR, SHAPE
from zapcls.findings.similar import TOP, choose_columns, read_where
from zapcls.service.answers import list_rows
from zapcls.service.photos import Photo

MOST_FOUND = 100  # photos of an answer
WEIGHTS = (SHAPE, COLOR)  # the kind of a photo that comes from elsewhere is not known
ASKED = {  # name in the URL -> what it means
    SHAPE: "how much the shape counts, from 0",
    COLOR: "how much the color counts, from 0",
    "where": "only matching photos: ATTRIBUTE=VALUE, such as brand=Acme; repeatable",
    "colors": "1: include several photos of a product",
    "by_run": "1: as the run sees them, not the frozen network",
    "top": f"how many photos (default: {TOP}), {MOST_FOUND} at most",
}
_TRUTHS = {"1": True, "true": True, "0": False, "false": False, "": False}


@dataclass(frozen=True)
class Question:
    """What is to be found, and by whose eyes."""

    wish: Wish
    by_run: bool


def read_question(given: QueryParams) -> Question:
    """Read a question from a URL.

    Raises:
        BadInput: a value is out of its range, or nothing counts.
    """
    weights = {name: _read_number(name, given[name]) for name in WEIGHTS if name in given}
    top = int(_read_number("top", given.get("top", str(TOP))))
    if not 1 <= top <= MOST_FOUND:
        raise BadInput(f"top must be 1..{MOST_FOUND}, got {top}. Ask for fewer photos.")
    where = read_where(given.getlist("where"))
    return Question(
        Wish(weights, where, top, _read_truth("colors", given)), _read_truth("by_run", given)
    )


def find_similar(opened: OpenRun, asked: Question, photos: list[Photo]) -> dict[str, Any]:
    """Return the photos of the catalogue that are most like the first photo, most similar first.

    Raises:
        BadInput: it is no picture, or the wish cannot be granted.
        ZapError: the run has no embeddings.
    """
    name, content = photos[0]
    found = opened.similar(content, asked.wish, asked.by_run)
    return {"file": name, "photos": list_rows(choose_columns(found))}


def _read_number(name: str, word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadInput(f"{name} must be a number, got {word[:80]!r}.")
    return number


def _read_truth(name: str, given: QueryParams) -> bool:
    word = given.get(name, "").lower()
    if word not in _TRUTHS:
        raise BadInput(f"{name} must be 1 or 0, got {word[:80]!r}.")
    return _TRUTHS[word]
