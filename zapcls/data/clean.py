"""Decides which rows of a catalogue are trained on, and says why the others are not."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from zapcls.config import DEFAULT_CLASSES, DEFAULT_TARGET
from zapcls.errors import BadInput

IMAGE_MISSING = "image missing"
IMAGE_UNREADABLE = "image unreadable"
# A class needs this many products so that train, tune and valid each hold a few of them.
MIN_PRODUCTS = 10


def label_rows(
    table: pd.DataFrame,
    target: str = DEFAULT_TARGET,
    classes: Sequence[str] = DEFAULT_CLASSES,
) -> pd.DataFrame:
    """Return a copy of `table` with `label`, `kept` and `drop_reason` set for this target.

    A row is kept when its photo is there and its `target` is exactly one of the classes.
    Reasons, the first that fits: image missing, image unreadable, blank <target>,
    several <target>s (`Men;Women`), another <target>.
    """
    value = table[target].str.strip()
    word = target.replace("_", " ")
    reason = np.select(
        [
            table["image_problem"] != "",
            value == "",
            value.str.contains(";", regex=False),
            ~value.isin(list(classes)),
        ],
        [table["image_problem"], f"blank {word}", f"several {word}s", f"another {word}"],
        default="",
    )
    kept = reason == ""
    return table.assign(label=np.where(kept, value, ""), kept=kept, drop_reason=reason)


def check_trainable(table: pd.DataFrame, classes: Sequence[str]) -> None:
    """Check that what cleaning kept can be trained on.

    Raises:
        BadInput: no row left, a class without rows, or a class with too few products.
    """
    kept = table[table["kept"]]
    if kept.empty:
        counts = table["drop_reason"].value_counts()
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.items())
        raise BadInput(
            f"Cleaning must leave some rows, but dropped all {len(table):,} ({reasons}). "
            "Choose other classes or another target."
        )
    products = kept.groupby("label")["product_id"].nunique().reindex(list(classes), fill_value=0)
    absent = products.index[products == 0]
    if len(absent):
        raise BadInput(
            f"Each of the classes {', '.join(classes)} needs photos, but {absent[0]} has none. "
            "Choose classes that occur in the catalogue."
        )
    scarce = products[products < MIN_PRODUCTS]
    if len(scarce):
        raise BadInput(
            f"Each class needs {MIN_PRODUCTS} products or more, but {scarce.index[0]} has "
            f"{scarce.iloc[0]}. Add photos or choose other classes."
        )


def count_drops(table: pd.DataFrame) -> dict[str, int]:
    """Count the dropped rows by reason, the most frequent first."""
    reasons = table.loc[~table["kept"], "drop_reason"]
    return {str(reason): int(count) for reason, count in reasons.value_counts().items()}


def summarize(table: pd.DataFrame) -> dict[str, Any]:
    """Count a cleaned table: rows, kept, classes {name: n}, products kept, dropped {reason: n}."""
    kept = table[table["kept"]]
    return {
        "rows": len(table),
        "kept": len(kept),
        "classes": {str(k): int(v) for k, v in kept["label"].value_counts().items()},
        "products": int(kept["product_id"].nunique()),
        "dropped": count_drops(table),
    }
