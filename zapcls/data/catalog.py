"""A catalogue as a source reads it: facts of its photos, and the attributes that it declares."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from zapcls import schema

IMAGE_MISSING = "image missing"
IMAGE_UNREADABLE = "image unreadable"
ONE, SEVERAL = "one", "several"  # values a photo; several stand in one text, ";" between them


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
    """

    data_dir: Path
    image_root: Path
    table: pd.DataFrame
    attributes: tuple[Attribute, ...]
    thing: str  # what a photo shows, and its plural
    things: str
    is_drawn: bool = False  # the project's own drawings, not photos

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


def list_columns(attributes: tuple[Attribute, ...]) -> dict[str, str]:
    """List the columns of a kept catalogue with their dtypes."""
    return schema.CATALOG | {attribute.name: "str" for attribute in attributes}
