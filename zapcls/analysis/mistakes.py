"""The images a run got wrong: finding, filtering and ordering them."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

SORTS: dict[str, tuple[str, bool]] = {  # name -> column, ascending
    "loss": ("loss", False),
    "prob": ("prob", False),
    "uncertain": ("prob", True),
    "product": ("product_id", True),
    "quality": ("label_quality", True),  # of a table that has this column
}
NAMED = ("label", "prediction", "color", "category", "sub_category", "brand")
SEARCHED = ("image_path", "brand", "product_id", "image_id")


@dataclass(frozen=True)
class Filter:
    """Which images to show; an empty tuple or "" asks for nothing."""

    split: str = "valid"  # "" for all rows with a label
    label: Sequence[str] = ()
    prediction: Sequence[str] = ()
    color: Sequence[str] = ()
    category: Sequence[str] = ()
    sub_category: Sequence[str] = ()
    brand: Sequence[str] = ()
    answer: str = "wrong"  # wrong, right or all
    prob: tuple[float, float] = (0.0, 1.0)  # of the prediction, both ends belong to it
    loss: tuple[float, float] = (0.0, math.inf)
    text: str = ""  # part of a path, brand, product or image id; letter case is ignored
    images: Collection[str] | None = None  # only these ids
    not_images: Collection[str] = ()
    sort: str = "loss"


@dataclass(frozen=True)
class Index:
    """A table of predictions made ready for many searches; it shares the table, not a copy.

    All but `orders` is in the order of the table's rows.
    """

    table: pd.DataFrame
    ids: pd.Index
    has_label: np.ndarray
    codes: dict[str, np.ndarray]  # of each of NAMED and of `split`, into its `options`
    options: dict[str, list[str]]  # sorted
    text: list[str]  # what a text is looked for in, letter case folded
    orders: dict[str, np.ndarray]  # sort -> all rows in its order, ties by image_id


def build_index(table: pd.DataFrame, sorts: Iterable[str] = SORTS) -> Index:
    """Build the index of a table; a sort whose column the table lacks is left out."""
    codes, options = {}, {}
    for column in (*NAMED, "split"):
        codes[column], values = pd.factorize(table[column], sort=True)
        options[column] = [str(value) for value in values]
    parts = zip(*(table[column].fillna("") for column in SEARCHED), strict=True)
    rank = pd.factorize(table["image_id"], sort=True)[0]
    return Index(
        table=table,
        ids=pd.Index(table["image_id"]),
        has_label=(table["label"] != "").to_numpy(),
        codes=codes,
        options=options,
        text=["\n".join(values).casefold() for values in parts],
        orders={
            sort: _order(table[SORTS[sort][0]], SORTS[sort][1], rank)
            for sort in sorts
            if SORTS[sort][0] in table
        },
    )


def find_rows(index: Index, wanted: Filter) -> np.ndarray:
    """Find the labelled rows that a filter asks for: their places in the table, in its order.

    Raises:
        KeyError: the table lacks the column that the filter sorts by.
    """
    keep = index.has_label.copy()
    if wanted.split:
        keep &= _is_one_of(index, "split", [wanted.split])
    for column in NAMED:
        if values := getattr(wanted, column):
            keep &= _is_one_of(index, column, values)
    if wanted.answer != "all":
        keep &= index.table["correct"].to_numpy() == (wanted.answer == "right")
    for column in ("prob", "loss"):
        low, high = getattr(wanted, column)
        if (low, high) != getattr(Filter, column):
            values = index.table[column].to_numpy()
            keep &= (values >= low) & (values <= high)
    if wanted.images is not None:
        keep &= _is_named(index, wanted.images)
    if wanted.not_images:
        keep &= ~_is_named(index, wanted.not_images)
    if wanted.text:
        text = wanted.text.casefold()
        keep &= np.fromiter((text in known for known in index.text), dtype=bool, count=len(keep))
    order = index.orders[wanted.sort]
    return order[keep[order]]


def find_images(table: pd.DataFrame, wanted: Filter) -> pd.DataFrame:
    """Find the labelled images that a filter asks for, in its order; adds the bool `wrong`."""
    found = table.iloc[find_rows(build_index(table, [wanted.sort]), wanted)]
    return found.assign(wrong=~found["correct"])


def _order(values: pd.Series, ascending: bool, rank: np.ndarray) -> np.ndarray:
    """Order rows by values, then by rank; rows without a value come last either way."""
    if values.dtype.kind != "f":
        values = pd.Series(pd.factorize(values, sort=True)[0])
    keys = values.to_numpy(dtype=np.float64)
    return np.lexsort((rank, keys if ascending else -keys))


def _is_one_of(index: Index, column: str, values: Sequence[str]) -> np.ndarray:
    known = index.options[column]
    wanted = [known.index(value) for value in values if value in known]
    return np.isin(index.codes[column], wanted)


def _is_named(index: Index, images: Collection[str]) -> np.ndarray:
    named = np.zeros(len(index.ids), dtype=bool)
    places = index.ids.get_indexer(pd.Index(list(images), dtype=index.ids.dtype))
    named[places[places >= 0]] = True
    return named
