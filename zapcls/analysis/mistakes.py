"""The images a run got wrong: finding, filtering and ordering them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from zapcls.analysis.metrics import labelled

SORTS: dict[str, tuple[str, bool]] = {
    "loss": ("loss", False),
    "prob": ("prob", False),
    "uncertain": ("prob", True),
    "product": ("product_id", True),
}


@dataclass(frozen=True)
class Filter:
    """Which images to show; an empty tuple or "" asks for nothing."""

    split: str = "valid"  # "" for all rows with a label
    label: Sequence[str] = ()
    prediction: Sequence[str] = ()
    color: Sequence[str] = ()
    category: Sequence[str] = ()
    sub_category: Sequence[str] = ()
    answer: str = "wrong"  # wrong, right or all
    text: str = ""  # part of a path, brand, product or image id; letter case is ignored
    sort: str = "loss"
    _columns: tuple[str, ...] = field(
        default=("label", "prediction", "color", "category", "sub_category"), repr=False
    )


def find_images(table: pd.DataFrame, wanted: Filter) -> pd.DataFrame:
    """Find the labelled images that a filter asks for, in its order (ties by image_id)."""
    chosen = labelled(table, wanted.split or None)
    for column in wanted._columns:
        values = getattr(wanted, column)
        if values:
            chosen = chosen[chosen[column].isin(list(values))]
    if wanted.answer != "all":
        chosen = chosen[chosen["wrong"] == (wanted.answer == "wrong")]
    if wanted.text:
        chosen = chosen[_mentions(chosen, wanted.text)]
    column, ascending = SORTS[wanted.sort]
    return chosen.sort_values([column, "image_id"], ascending=[ascending, True])


def top_losses(table: pd.DataFrame, k: int = 9, split: str = "valid") -> pd.DataFrame:
    """The k images of a split whose answer cost most, as fastai's `plot_top_losses` shows."""
    return find_images(table, Filter(split=split, answer="all")).head(k)


def _mentions(table: pd.DataFrame, text: str) -> pd.Series:
    found = pd.Series(False, index=table.index)
    for column in ("image_path", "brand", "product_id", "image_id"):
        found |= table[column].str.contains(text, case=False, regex=False, na=False)
    return found
