"""Which column of a table is what: set by a person, else guessed by name and content."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zapcls import schema
from zapcls.data.sources import given_split, photo_files
from zapcls.errors import BadInput

_PATHS = (
    "path", "image_path", "file", "filename", "file_name", "filepath", "image", "photo", "img",
    "picture", "jpg",
)  # fmt: skip
_LABELS = (
    "label", "labels", "class", "classes", "class_name", "category", "target", "species", "breed",
    "tag", "tags", "y",
)  # fmt: skip
_GROUPS = (
    "group", "group_id", "product", "product_id", "item", "item_id", "sku", "patient",
    "patient_id", "subject", "subject_id", "series", "series_id", "session", "sequence", "video",
)  # fmt: skip
_SPLITS = ("split", "set", "subset", "partition", "part", "fold")
_SHARE = 0.9  # of a column's values that must be names of photos
_SAMPLE = 1000  # rows whose values are looked at
_MOST = 1000  # values that an attribute has
# Names that the product's own tables use beside the attributes.
_TAKEN = {
    name
    for table in vars(schema).values() if isinstance(table, dict)
    for name in table
} | {"row", "kept", "source", "text", "sure", "by", "group", schema.GIVEN_SPLIT}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are; None is guessed, "" and () are none."""

    path: str | None = None
    labels: tuple[str, ...] | None = None  # the first is learned where none is named
    group: str | None = None  # what a split keeps together
    split: str | None = None  # train, val and test
    root: str | None = None  # the folder that paths are relative to; "": the table's own

    def to_json(self) -> dict[str, Any]:
        """Return what a workspace keeps; `read_columns` reads it."""
        return asdict(self)


def read_columns(content: Mapping[str, Any]) -> Columns:
    """Read what `Columns.to_json` wrote."""
    known = {name: content.get(name) for name in asdict(Columns())}
    labels = known.pop("labels")
    return Columns(labels=None if labels is None else tuple(labels), **known)


def resolve(frame: pd.DataFrame, asked: Columns, place: Path) -> Columns:
    """Return the columns with each one set, see `guess`.

    Raises:
        BadInput: a column that was asked for is missing, is asked for twice, or none holds paths
            of photos, or none labels.
    """
    _check_asked(frame, asked, place)
    columns = guess(frame, asked)
    if not columns.path:
        raise BadInput(
            f"A table must have a column with the paths of its photos, but none of {place} looks "
            f"like one ({_list_names(frame)}). Name it: --path-column NAME."
        )
    if not columns.labels:
        raise BadInput(
            f"A table must have a column of labels, but none of {place} puts its rows into groups "
            f"({_list_names(frame)}). Name one: --label-column NAME."
        )
    return columns


def guess(frame: pd.DataFrame, asked: Columns) -> Columns:
    """Return the columns as asked, the others guessed by name and content; "" where none fits."""
    path = _guess_path(frame) if asked.path is None else asked.path
    taken = {path, *(asked.labels or ()), asked.group, asked.split}
    free = [name for name in frame.columns if name not in taken]
    split = _guess_split(frame[free]) if asked.split is None else asked.split
    free = [name for name in free if name != split]
    group = _find_name(free, _GROUPS) if asked.group is None else asked.group
    free = [name for name in free if name != group]
    labels = _guess_labels(frame[free]) if asked.labels is None else asked.labels
    return Columns(path, labels, group, split, asked.root or "")


def list_attributes(frame: pd.DataFrame, columns: Columns) -> tuple[dict[str, str], list[str]]:
    """List which columns become attributes, {column: name}, labels first; and which do not.

    A column is none where it has one value, or so many that they name photos rather than groups.
    """
    labels = columns.labels or ()
    used = {columns.path, columns.group, columns.split, *labels}
    kept, left = list(labels), list[str]()
    for name in frame.columns:
        if name in used:
            continue
        values = frame[name].nunique()
        is_attribute = 1 < values <= _MOST and (values <= 20 or values <= len(frame) / 2)
        (kept if is_attribute else left).append(name)
    names: dict[str, str] = {}
    for name in kept:
        names[name] = _name_attribute(name, set(names.values()))
    return names, left


def _name_attribute(column: str, used: set[str]) -> str:
    """Name an attribute after its column, in small letters, apart from names that are taken."""
    name = re.sub(r"\W+", "_", column.strip().lower()).strip("_") or "column"
    if name == "label":  # what every table of answers calls it
        name = "class"
    if name in _TAKEN:
        name = f"given_{name}"
    number, base = 2, name
    while name in used:
        name, number = f"{base}_{number}", number + 1
    return name


def _check_asked(frame: pd.DataFrame, asked: Columns, place: Path) -> None:
    wanted = [
        name for name in (asked.path, *(asked.labels or ()), asked.group, asked.split) if name
    ]
    for name in wanted:
        if name not in frame.columns:
            raise BadInput(
                f"A column must be one of the table's ({_list_names(frame)}), but {place.name} has "
                f"no {name!r}. Choose another column."
            )
        if wanted.count(name) > 1:
            raise BadInput(
                f"A column can be one thing only, but {name!r} of {place.name} is asked to be "
                "two. Choose another column for one of them."
            )


def _list_names(frame: pd.DataFrame) -> str:
    return ", ".join(map(str, frame.columns))[:300]


def _guess_path(frame: pd.DataFrame) -> str:
    sample = frame.head(_SAMPLE)
    found = []
    for name in frame.columns:
        values = sample[name][sample[name] != ""]
        if len(values) and values.map(photo_files.is_photo_name).mean() >= _SHARE:
            found.append(name)
    return _find_name(found, _PATHS) or next(iter(found), "")


def _guess_split(frame: pd.DataFrame) -> str:
    named = _find_name(frame.columns, _SPLITS)
    for name in dict.fromkeys(filter(None, (named, *frame.columns))):
        words = set(frame[name].unique()) - {""}
        if words and set(given_split.name_parts(words)) == words:
            return name
    return ""


def _guess_labels(frame: pd.DataFrame) -> tuple[str, ...]:
    """Guess the columns of labels: those with the name of one, else the first that groups rows."""
    named = [name for name in frame.columns if _find_name([name], _LABELS)]
    named = [name for name in named if frame[name].nunique() > 1]
    if named:
        return tuple(sorted(named, key=lambda name: _LABELS.index(_simplify(name))))
    groups, _ = list_attributes(frame, Columns())
    return tuple(list(groups)[:1])


def _find_name(columns: Iterable[str], names: tuple[str, ...]) -> str:
    """Find the column with one of the names, the first of the names first; "" for none."""
    known = {_simplify(column): column for column in columns}
    return next((known[name] for name in names if name in known), "")


def _simplify(column: str) -> str:
    return re.sub(r"\W+", "_", column.strip().lower())
