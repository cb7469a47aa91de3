"""What a person called the colors of photos: one small CSV file beside the store's photos."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from filelock import FileLock

from zapcls.data.color_names import BASIC_COLORS
from zapcls.errors import BadInput, ZapError
from zapcls.workspace import permissions
from zapcls.workspace.layout import replace_file
from zapcls.workspace.reviews import refuse
from zapcls.workspace.sheets import open_csv
from zapcls.workspace.store import Store

# color: one of the eleven, "" where the person could not tell; also_fair: other names that the
# person would have taken, a blank between them.
COLUMNS = ("image_id", "color", "also_fair")
_RISKY = re.compile(r"\A(?=[=+\-@\t\r'])")  # a spreadsheet runs a cell that begins so


@dataclass(frozen=True)
class ColorLabels:
    """The labels of one store, the latest last; the file is made by the first of them."""

    path: Path

    def read(self) -> pd.DataFrame:
        """Read the labels (COLUMNS), an image once.

        Raises:
            ZapError: the file is damaged.
        """
        if not self.path.is_file():
            return pd.DataFrame(columns=list(COLUMNS), dtype="str")
        return read_csv(self.path.read_bytes(), str(self.path)).reset_index(drop=True)

    def answer(self, image_id: str, color: str, also_fair: str = "") -> None:
        """Write the label of an image at once, in the place of the one before, if any."""
        with self._lock():
            labels = self.read()
            label = pd.DataFrame([(image_id, color, also_fair)], columns=list(COLUMNS), dtype="str")
            self._write(pd.concat([labels[labels["image_id"] != image_id], label]))

    def add(self, labels: pd.DataFrame) -> int:
        """Add labels of images that have none, and return of how many.

        They are put before those that are there, so that `undo` still finds the latest answer.
        """
        with self._lock():
            own = self.read()
            new = labels[~labels["image_id"].isin(own["image_id"])]
            self._write(pd.concat([new, own]))
        return len(new)

    def undo(self) -> str | None:
        """Take the latest label back, and name its image; None when there is no label."""
        with self._lock():
            labels = self.read()
            if labels.empty:
                return None
            self._write(labels.iloc[:-1])
        return str(labels["image_id"].iloc[-1])

    def _lock(self) -> FileLock:
        permissions.require("mark")
        return FileLock(self.path.with_name(f".{self.path.name}.lock"))

    def _write(self, labels: pd.DataFrame) -> None:
        try:
            replace_file(self.path, write_csv(labels))
        except OSError as error:
            raise ZapError(
                f"The color labels in {self.path} cannot be written ({error}). Make sure that the "
                "folder can be written and the disk has room; then try again."
            ) from error


def open_color_labels(store: Store) -> ColorLabels:
    """Open a store's color labels; nothing is written yet."""
    return ColorLabels(store.color_labels_path)


def carry_over(folder: Path, table: pd.DataFrame, known: Sequence[Store]) -> None:
    """Write into a new store's folder what a person called its photos in other stores.

    `table` is the new store's catalogue; a photo is the same where its id and its content are.
    """
    labelled = [store for store in known if store.color_labels_path.is_file()]
    labelled.sort(key=lambda store: store.color_labels_path.stat().st_mtime)
    parts = []
    for store in labelled:
        try:
            labels = open_color_labels(store).read()
        except BadInput:  # the page of that store names the damage
            continue
        same = store.read_catalog().merge(table, on=["image_id", "content"])["image_id"]
        parts.append(labels[labels["image_id"].isin(same)])
    found = pd.concat(parts).drop_duplicates("image_id", keep="last") if parts else pd.DataFrame()
    if len(found):
        replace_file(Store(folder).color_labels_path, write_csv(found))


def write_csv(labels: pd.DataFrame) -> bytes:
    """Write labels as CSV (COLUMNS); an id that a spreadsheet would run begins with ' there."""
    ids = [_RISKY.sub("'", image_id) for image_id in labels["image_id"]]
    table = labels[list(COLUMNS)].assign(image_id=ids)
    return table.to_csv(index=False, lineterminator="\r\n").encode()


def read_csv(content: bytes, name: str) -> pd.DataFrame:
    """Read labels (COLUMNS) as `write_csv` writes them or a spreadsheet saves them.

    Separated by comma, semicolon or tab; also_fair may be missing, other columns are passed over.
    The index is the line of each label in the file.

    Raises:
        BadInput: it is not such a file; the sentence names the lines.
    """
    text, separator = open_csv(content, name)
    reader = csv.DictReader(text, delimiter=separator, restval="")
    rows: dict[int, list[str]] = {}
    try:
        missing = [c for c in COLUMNS[:2] if c not in (reader.fieldnames or [])]
        if missing:
            raise BadInput(
                f"{name} must have the columns image_id and color, but {missing[0]} is not there. "
                "A downloaded file shows how it should look."
            )
        for cells in reader:
            rows[reader.line_num] = [(cells.get(column) or "").strip() for column in COLUMNS]
    except csv.Error as error:
        raise BadInput(f"{name} must be CSV, but is not ({error}). Save it again.") from None
    labels = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS)).astype("str")
    labels["image_id"] = labels["image_id"].str.replace(r"\A'(?=[=+\-@\t\r'])", "", regex=True)
    _check(labels, name)
    return labels


def _check(labels: pd.DataFrame, name: str) -> None:
    """Raise BadInput for labels that cannot be, each named by its line."""
    allowed = {*BASIC_COLORS, ""}
    is_strange = ~labels["also_fair"].map(lambda words: set(words.split()) <= allowed).astype(bool)
    colors = ", ".join(BASIC_COLORS)
    rules = [
        ("image_id", labels["image_id"] == "", "image_id must not be empty"),
        ("image_id", labels["image_id"].duplicated(), "an image must be there once"),
        ("color", ~labels["color"].isin(allowed), f"color must be empty or one of {colors}"),
        ("also_fair", is_strange, f"also_fair must be names, a blank between them, of {colors}"),
    ]
    refuse(labels, rules, f"{name}, line")
