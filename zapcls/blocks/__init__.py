"""What a finding is shown with: text, tables, charts and photos, the same for every face.

Here belong the blocks, the shapes of charts (`charts`) and the words for numbers (`numbers`). What
a figure means is a finding's to say; how a block looks is said by `ui`, `report` and `commands`.
"""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from PIL import Image


@dataclass(frozen=True)
class Text:
    """A paragraph; what stands between two `**` is strong.

    `style` is "", lead, note, warning or missing (a job has not run). `help` explains the paragraph
    to those who ask: a tooltip on a page, a note below it in a report.
    """

    text: str
    style: str = ""
    help: str = ""


@dataclass(frozen=True)
class Facts:
    """Short names, each with a sentence."""

    rows: tuple[tuple[str, str], ...]


# The filters of the gallery that show some photos; "images" are ids, where no filter names them.
Opens = Mapping[str, Any]


@dataclass(frozen=True)
class Link:
    """A few words that open their photos; `name` is its own on a page, `help` explains it."""

    name: str
    text: str
    opens: Opens
    help: str = ""


@dataclass(frozen=True)
class Links:
    """Links in a row; a page makes buttons of them, a report and the terminal write their words."""

    links: tuple[Link, ...]


@dataclass(frozen=True)
class Table:
    """A table whose cells are already written; `pale` says of each row whether it is small.

    `opens` says of each row which photos it opens: a page links them, a report leaves them.
    """

    cells: pd.DataFrame
    caption: str = ""
    pale: tuple[bool, ...] = ()
    title: str = "As a table"  # of the fold that a page keeps it in; "" for none
    is_open: bool = False  # a page shows it without a fold, its lines wrapped
    opens: tuple[Opens, ...] = ()

    @property
    def rows(self) -> list[tuple[list[object], bool]]:
        """The cells of each row, and whether it is pale."""
        pale = self.pale or (False,) * len(self.cells)
        return list(zip(self.cells.to_numpy(dtype=object).tolist(), pale, strict=True))

    @property
    def is_text(self) -> list[bool]:
        """Whether each column is words, and set to the left."""
        return [any(map(_is_word, column)) for _, column in self.cells.items()]


def _is_word(value: object) -> bool:
    return str(value)[:1].isalpha() and not str(value).startswith("no such")


@dataclass(frozen=True)
class Chart:
    """A plotly figure under a title, with what it shows below.

    `opens` maps the customdata of a point, as a tuple, to the filters of the gallery that it opens;
    a page links them, a report leaves them.
    """

    title: str
    figure: go.Figure
    caption: str = ""
    opens: Mapping[tuple[Any, ...], Opens] = field(default_factory=dict)


@dataclass(frozen=True)
class Photo:
    """A photo as a data URI, and the lines under it."""

    uri: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Photos:
    """Photos in pairs."""

    pairs: tuple[tuple[Photo, Photo], ...]
    caption: str = ""


@dataclass(frozen=True)
class Columns:
    """Blocks that stand side by side where there is room."""

    columns: tuple[tuple["Block", ...], ...]


Block = Text | Facts | Links | Table | Chart | Photos | Columns


@dataclass(frozen=True)
class Section:
    """A heading and its blocks; `name` is its anchor."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def encode_photo(pixels: np.ndarray) -> str:
    """Write a photo (uint8, (S, S, 3)) into a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels)).save(buffer, "JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
