"""A catalogue as a source reads it: facts of its photos, and the attributes that it declares."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from zapcls import schema
from zapcls.config import name_column
from zapcls.errors import BadInput

IMAGE_MISSING = "image missing"
IMAGE_UNREADABLE = "image unreadable"
ONE, SEVERAL = "one", "several"  # values a photo; several stand in one text, ";" between them
_SHOWN = 5  # values that a count names


@dataclass(frozen=True)
class Attribute:
    """A column of text that a source knows of each photo, "" where it knows nothing."""

    name: str
    kind: str  # ONE or SEVERAL


@dataclass(frozen=True)
class Catalogue:
    """A catalogue as found on disk: facts alone, no label.

    `table` has the columns of `schema.CATALOG` and `schema.FILES`, then the attributes. `content`
    is "" until the photos are read (`workspace.contents`), which is when a catalogue has an id.
    Where there is no `group`, `product_id` is the image's own until near-duplicates are found.
    """

    data_dir: Path
    image_root: Path
    table: pd.DataFrame
    attributes: tuple[Attribute, ...]
    thing: str  # what a photo shows, and its plural
    things: str
    target: str  # the column that is learned where none is named
    taken_for: str  # what its source took the files for, a noun phrase
    group: str = ""  # of photos: the column that they follow from; "" where they are to be found
    exclusive: tuple[str, ...] = ()  # columns in which equal photos must agree
    notes: tuple[str, ...] = ()  # what was left out and why, a sentence each
    is_drawn: bool = False  # the project's own drawings, not photos

    def check_equal_photos(self) -> None:
        """Check that photos with the same content agree in what they can be only once.

        Raises:
            BadInput: two of them do not.
        """
        for name in self.exclusive:
            known = self.table[(self.table["content"] != "") & (self.table[name] != "")]
            values = known.groupby("content")[name].nunique()
            unlike = known[known["content"].isin(values.index[values > 1])]
            if unlike.empty:
                continue
            same = unlike[unlike["content"] == unlike["content"].iloc[0]].drop_duplicates(name)
            first, second = same["image_path"].iloc[:2]
            raise BadInput(
                f"A photo can have one {name_column(name)} only, but {first} and {second} are the "
                f"same photo ({(values > 1).sum():,} such in all). Remove it from one of them."
            )

    @cached_property
    def catalogue_id(self) -> str:
        """12 hex digits from the image ids, the photos' contents and the attributes.

        When or where a file was written changes nothing; another photo or label is another
        catalogue.
        """
        names = [attribute.name for attribute in self.attributes]
        facts = self.table[["image_id", "product_id", "content", *names]]
        digest = hashlib.sha256("\n".join(facts.columns).encode())
        for column in facts:
            digest.update("\0".join(facts[column]).encode())
            digest.update(b"\n\n")
        return digest.hexdigest()[:12]


def build_catalogue(
    place: Path,
    image_root: Path,
    table: pd.DataFrame,
    attributes: Sequence[Attribute],
    target: str,
    taken_for: str,
    group: str = "",
    notes: tuple[str, ...] = (),
) -> Catalogue:
    """Build a catalogue of photos whose paths name them: image_path, attributes and FILES.

    Rows are put in the order of their paths, so that the same photos are the same catalogue
    whatever listed them. `group` is what the table's column "group" is called, "" where it has
    none; equal photos must agree in `target`.
    """
    table = table.sort_values("image_path", ignore_index=True)
    own = table["image_path"]
    table = table.assign(
        image_id=own,
        product_id=own.where(table["group"] == "", table["group"]) if group else own,
        content="",
        image_problem=np.where(table["file_bytes"] < 0, IMAGE_MISSING, ""),
    )
    given = table.get(schema.GIVEN_SPLIT, pd.Series("", table.index))
    if given.any():
        taken_for += f"; its own split is kept: {count_values(given)}"
    attributes = tuple(attributes)
    table = schema.conform(table, list_columns(attributes) | schema.FILES, "catalogue")
    return Catalogue(
        place, image_root, table, attributes, "photo", "photos", target, taken_for, group,
        (target,), notes,
    )  # fmt: skip


def count_values(values: pd.Series) -> str:
    """Count the values of a column in words, the most frequent first: bees (204), ants (193)."""
    counts = values[values != ""].value_counts()
    said = ", ".join(f"{name} ({count:,})" for name, count in counts[:_SHOWN].items())
    rest = len(counts) - _SHOWN
    return f"{said} and {rest:,} more" if rest > 0 else said


def list_columns(attributes: tuple[Attribute, ...]) -> dict[str, str]:
    """List the columns of a kept catalogue with their dtypes."""
    return schema.CATALOG | {attribute.name: "str" for attribute in attributes}
