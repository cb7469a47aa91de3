"""Which photos of the catalogue are like a photo, or like several that were picked?

This is no finding of `FINDINGS`: it is asked of a photo, not of a run.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zapcls.analysis import similar
from zapcls.analysis.mistakes import SEARCHED
from zapcls.analysis.similar import Vectors, normalize
from zapcls.answer.similar import Embed
from zapcls.data.color import describe_colors
from zapcls.data.color_likeness import build_color_vectors
from zapcls.errors import BadInput
from zapcls.findings.shelf import ASPECTS, COLOR, KIND, SHAPE, Shelf
from zapcls.schema import SEVERAL

WEIGHTS: Mapping[str, float] = {SHAPE: 1.0, COLOR: 0.2, KIND: 0.0}
TOP = 24
SHOWN = ["image_id", "product_id", "image_path", "label", "score"]  # then like_<aspect>


@dataclass(frozen=True)
class Wish:
    """What is wanted of photos that are like others.

    Raises:
        BadInput: a weight is below 0 or not of ASPECTS, no weight is above 0, or top is below 1.
    """

    weights: Mapping[str, float] = field(default_factory=dict)  # those of WEIGHTS, where absent
    where: Mapping[str, Collection[str]] = field(default_factory=dict)  # attribute -> its values
    top: int = TOP
    colors: bool = False  # several photos of one product, each in another color

    def __post_init__(self) -> None:
        known, given = set(ASPECTS), self.all_weights
        if set(given) - known or min(given.values()) < 0 or not any(given.values()):
            raise BadInput(
                f"The aspects {', '.join(ASPECTS)} have weights from 0 on, one of them above 0; "
                f"got {dict(self.weights)}."
            )
        if self.top < 1:
            raise BadInput(f"At least 1 photo must be asked for, got {self.top}.")

    @property
    def all_weights(self) -> dict[str, float]:
        """The weight of each aspect."""
        return {**WEIGHTS, **self.weights}


@dataclass(frozen=True)
class Query:
    """What is looked for: aspects, and the rows of the catalogue that it was made of."""

    vectors: Vectors
    rows: np.ndarray


def like_photos(shelf: Shelf, liked: Sequence[str], unliked: Sequence[str] = ()) -> Query:
    """Return the query for photos of the catalogue: like the first, unlike the second.

    Raises:
        BadInput: one of them is not in the catalogue.
    """
    for_rows, against = shelf.find_rows(liked), shelf.find_rows(unliked)
    vectors = similar.combine(shelf.space, for_rows, against)
    return Query(vectors, np.concatenate([for_rows, against]).astype(int))


def like_upload(shelf: Shelf, embed: Embed, pixels: np.ndarray) -> Query:
    """Return the query for another photo: uint8 (side, side, 3) as the run's model takes it.

    `embed` is of `open_embed`. Its kind is not known.
    """
    color = normalize(build_color_vectors(describe_colors(pixels[None])))
    shape = shelf.shape.see(embed(pixels)[None], color)
    return Query({SHAPE: shape[0], COLOR: color[0]}, np.empty(0, dtype=int))


def search(shelf: Shelf, query: Query, wish: Wish) -> pd.DataFrame:
    """Find the photos that are most like a query, most similar first.

    Returns:
        Rows of `shelf.table` with `score` and `like_<aspect>` beside, -1..1; never a photo that the
        query was made of, and none of their products unless `wish.colors`.

    Raises:
        BadInput: an attribute is asked for that the catalogue does not have.
    """
    scores = shelf.space.score(query.vectors, wish.all_weights)
    allowed = _allow(shelf, query.rows, wish)
    products = None if wish.colors else shelf.space.products
    return _describe(shelf, query, scores, similar.find_best(scores, allowed, wish.top, products))


def recommend(shelf: Shelf, query: Query, wish: Wish, seen: Sequence[str] = ()) -> pd.DataFrame:
    """Find photos that are like a query and unlike one another: none of the query, none `seen`.

    Returns and raises as `search`.
    """
    scores = shelf.space.score(query.vectors, wish.all_weights)
    allowed = _allow(shelf, np.concatenate([query.rows, shelf.find_rows(seen)]).astype(int), wish)
    products = None if wish.colors else shelf.space.products
    rows = similar.diversify(
        shelf.space, scores, allowed, wish.top, wish.all_weights, products=products
    )
    return _describe(shelf, query, scores, rows)


def sample(shelf: Shelf, wish: Wish, seen: Sequence[str] = (), seed: int = 0) -> pd.DataFrame:
    """Draw photos to begin with, of as many kinds as there are: rows of `shelf.table`.

    Raises:
        BadInput: an attribute is asked for that the catalogue does not have.
    """
    allowed = np.flatnonzero(_allow(shelf, shelf.find_rows(seen), wish))
    table = shelf.table.iloc[np.random.default_rng(seed).permutation(allowed)]
    table = table.drop_duplicates("product_id")
    return table.iloc[np.argsort(table.groupby(shelf.kind).cumcount(), kind="stable")[: wish.top]]


def find_text(shelf: Shelf, text: str, top: int) -> pd.DataFrame:
    """Find photos by a part of their path, brand, product or id, whatever its letter case."""
    named = [name for name in SEARCHED if name in shelf.table]
    holds = [shelf.table[name].str.contains(text, case=False, regex=False) for name in named]
    return shelf.table[np.logical_or.reduce(holds)].head(top)


def choose_columns(found: pd.DataFrame) -> pd.DataFrame:
    """Choose what of the found photos is told where no photo is shown."""
    return found[[*SHOWN, *(name for name in found if name.startswith("like_"))]]


def read_where(given: Sequence[str]) -> Mapping[str, list[str]]:
    """Read filters such as brand=Acme; those of one attribute are alternatives.

    Raises:
        BadInput: one of them has no "=".
    """
    where: dict[str, list[str]] = {}
    for part in given:
        name, sign, value = part.partition("=")
        if not sign:
            raise BadInput(
                f"A filter (where) must be ATTRIBUTE=VALUE, such as brand=Acme; got {part[:80]!r}."
            )
        where.setdefault(name, []).append(value)
    return where


def _allow(shelf: Shelf, rows: np.ndarray, wish: Wish) -> np.ndarray:
    """Mark the photos that may be found: bool (n)."""
    allowed = np.ones(len(shelf.table), dtype=bool)
    allowed[rows] = False
    if not wish.colors:
        allowed &= ~np.isin(shelf.space.products, shelf.space.products[rows])
    for name, values in wish.where.items():
        if name not in shelf.attributes:
            known = ", ".join(shelf.attributes)
            raise BadInput(f"Photos can be chosen by one of {known}; got {name!r}. Name one.")
        if values:
            allowed &= _has_one_of(shelf.table[name], values)
    return allowed


def _has_one_of(column: pd.Series, values: Collection[str]) -> np.ndarray:
    """Mark the cells that hold one of some values; a cell may hold several."""
    codes, cells = pd.factorize(column)
    held = np.array([bool(set(str(cell).split(SEVERAL)) & set(values)) for cell in cells] + [False])
    return held[codes]


def _describe(shelf: Shelf, query: Query, scores: np.ndarray, rows: np.ndarray) -> pd.DataFrame:
    likeness = {
        f"like_{name}": shelf.space.compare(name, vector, rows)
        for name, vector in query.vectors.items()
    }
    return shelf.table.iloc[rows].assign(score=scores[rows], **likeness)
