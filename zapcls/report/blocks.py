"""What a report is made of: text, tables, charts and photos, one below the other."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from PIL import Image


@dataclass(frozen=True)
class Text:
    """A paragraph; what stands between two `**` is strong. Style: "", note, lead or warning."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Facts:
    """Short names, each with a sentence."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table whose cells are already written; `pale` says of each row whether it is small."""

    cells: pd.DataFrame
    caption: str = ""
    pale: tuple[bool, ...] = ()

    @property
    def rows(self) -> list[tuple[list[object], bool]]:
        """The cells of each row, and whether it is pale."""
        pale = self.pale or (False,) * len(self.cells)
        return list(zip(self.cells.to_numpy(dtype=object).tolist(), pale, strict=True))

    @property
    def is_text(self) -> list[bool]:
        """Whether each column is words, and set to the left."""
        return [
            any(str(value)[:1].isalpha() and value != "no such shoes" for value in column)
            for _, column in self.cells.items()
        ]


@dataclass(frozen=True)
class Chart:
    """A plotly figure under a title, with what it shows below."""

    title: str
    figure: go.Figure
    caption: str = ""


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


Block = Text | Facts | Table | Chart | Photos


@dataclass(frozen=True)
class Section:
    """A heading and its blocks; `name` is its anchor."""

    name: str
    title: str
    blocks: list[Block]


def encode_photo(pixels: np.ndarray) -> str:
    """Write a photo (uint8, (S, S, 3)) into a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels)).save(buffer, "JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
