"""Labels the rows of a catalogue for a task, and says why the others are left out."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from zapcls import schema
from zapcls.config import name_column
from zapcls.data.task import Task, build_label
from zapcls.errors import BadInput
from zapcls.schema import SEVERAL

# A class needs this many products so that train, tune and valid each hold a few of them.
MIN_PRODUCTS = 10


def label_rows(table: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return a copy of `table` with `target`, `label`, `kept` and `drop_reason` set for a task.

    A row is kept when its photo is there and its target is exactly one of the classes.
    Reasons, the first that fits: image missing, image unreadable, blank <target>,
    several <target>s (`Men;Women`), another <target>; rare <target> where a task without classes
    asks for all that have enough products. A task with `other` among its classes gives that label
    to the rare ones instead. For a label, a cell is known where it names any value.

    Raises:
        BadInput: the catalogue has no such column.
    """
    _check_target(table, task)
    if task.labels_of:
        return _label_cells(table, task)
    value = table[task.target].str.strip()
    several = value.str.contains(SEVERAL, regex=False)
    classes = task.classes or _list_frequent(table, value, task.other)
    if task.other in classes:
        value = value.mask(~value.isin(list(classes)) & (value != ""), task.other)
    reason = np.select(
        [table["image_problem"] != "", value == "", several, ~value.isin(list(classes))],
        [
            table["image_problem"],
            f"blank {task.word}",
            f"several {task.words}",
            f"{'another' if task.classes else 'rare'} {task.word}",
        ],
        default="",
    )
    kept = reason == ""
    label = np.where(kept, value, "")
    return table.assign(target=task.target, label=label, kept=kept, drop_reason=reason)


def _label_cells(table: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Label each row by whether its cell names the value that a label is about."""
    problem, values = table["image_problem"], _split_cells(table[task.labels_of])
    is_blank = values.map(len) == 0
    blank = np.where(is_blank, f"blank {name_column(task.labels_of)}", "")
    reason = np.where(problem != "", problem, blank)
    has_it, kept = values.map(lambda named: task.classes[0] in named), reason == ""
    label = np.where(kept, np.where(has_it, *task.classes), "")
    return table.assign(target=task.target, label=label, kept=kept, drop_reason=reason)


def _split_cells(cells: pd.Series) -> pd.Series:
    """Split the text of each cell into the values that it names, each once."""
    known = {
        text: tuple(dict.fromkeys(filter(None, map(str.strip, text.split(SEVERAL)))))
        for text in cells.unique()
    }
    return cells.map(known)


def list_labels(table: pd.DataFrame, task: Task) -> tuple[Task, ...]:
    """List the labels of a column whose cells name several values, the most frequent first.

    They are the classes of the task, in its order, else all values that MIN_PRODUCTS products or
    more have and as many, of those whose cell is known, have not.

    Raises:
        BadInput: the catalogue has no such column, none of its cells names several values, or no
            value is frequent enough.
    """
    _check_target(table, task)
    readable = table[table["image_problem"] == ""]
    values = _split_cells(readable[task.target])
    if not (values.map(len) > 1).any():
        raise BadInput(
            f"Each value of a column can be learned as a label where cells name several ({SEVERAL} "
            f"between them), but no {task.word} of this catalogue does. Learn its classes: --cells "
            "drop."
        )
    every = readable["product_id"][values.map(len) > 0]
    named = values.explode().dropna()
    having = readable["product_id"].loc[named.index].groupby(named.to_numpy()).nunique()
    frequent = having[having >= MIN_PRODUCTS].sort_index()
    frequent = frequent.sort_values(ascending=False, kind="stable").index
    lacking = {
        value: every.drop(named.index[named == value]).nunique() for value in map(str, frequent)
    }
    chosen = task.classes or [value for value, n in lacking.items() if n >= MIN_PRODUCTS]
    if not chosen:
        raise BadInput(
            f"A label needs {MIN_PRODUCTS} {task.units} or more that have it, and as many that "
            f"have not, but no {task.word} has so many ({', '.join(having.index[:5])}). Choose "
            "another target."
        )
    return tuple(build_label(task.target, value, task.thing, task.things) for value in chosen)


def resolve(table: pd.DataFrame, task: Task) -> Task:
    """Return the task with its classes named: where it has none, all that are frequent enough.

    These have MIN_PRODUCTS products or more and stand in the order of their frequency; the class
    that the rarer ones are joined as, if they together have as many, comes last.

    Raises:
        BadInput: the catalogue has no such column, or fewer than two such classes.
    """
    _check_target(table, task)
    if task.classes:
        return task
    classes = _list_frequent(table, table[task.target].str.strip(), task.other)
    if len(classes) < 2:
        raise BadInput(
            f"A training needs two classes of {MIN_PRODUCTS} {task.units} or more, but of the "
            f"{task.words} of this catalogue {', '.join(classes) or 'none'} has so many. "
            "Choose another target."
        )
    return dataclasses.replace(task, classes=classes)


def _check_target(table: pd.DataFrame, task: Task) -> None:
    if task.column not in table.columns:
        raise BadInput(
            f"The target must be an attribute of the catalogue, got {task.column!r}, which it does "
            f"not have ({', '.join(_list_attributes(table))}). Choose another target."
        )


def _list_attributes(table: pd.DataFrame) -> list[str]:
    facts = schema.CATALOG | schema.FILES | {schema.GIVEN_SPLIT: "str"}
    return [name for name in table.columns if name not in facts]


def _list_frequent(table: pd.DataFrame, value: pd.Series, other: str = "") -> tuple[str, ...]:
    """List the values of MIN_PRODUCTS products or more, the most frequent first.

    Only rows whose photo is there with one value count. `other` comes last where the rarer values
    have as many products together.
    """
    is_one = (value != "") & ~value.str.contains(SEVERAL, regex=False)
    counted = is_one & (table["image_problem"] == "")
    products = table["product_id"][counted].groupby(value[counted]).nunique()
    products = products[products >= MIN_PRODUCTS].sort_index()
    frequent = tuple(products.sort_values(ascending=False, kind="stable").index)
    is_rare = counted & ~value.isin(frequent)
    if other and table["product_id"][is_rare].nunique() >= MIN_PRODUCTS:
        return (*(name for name in frequent if name != other), other)
    return frequent


def check_trainable(table: pd.DataFrame, classes: Sequence[str]) -> None:
    """Check that what cleaning kept can be trained on.

    Raises:
        BadInput: no row left, a class without rows, or a class with too few products.
    """
    kept = table[table["kept"]]
    if kept.empty:
        counts = count_drops(table)
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
