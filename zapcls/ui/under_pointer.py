"""The photo of the mark under the pointer, beside a chart whose marks are photos."""

import base64
import io
import math
from collections.abc import Sequence
from importlib import resources

import numpy as np
import streamlit as st
from PIL import Image

from zapcls.ui.photos import identify_pixels
from zapcls.workspace.store import Store

TILE_PX, SHOWN_PX = 72, 108
MOST = 3000  # photos of a sheet, which is one picture of 1 to 2 MB
CSS = """.under-pointer {
  position: fixed; z-index: 1000; pointer-events: none; width: SIZEpx; height: SIZEpx;
  border-radius: 4px; border: 1px solid var(--st-border-color); background-color: #fff;
}
.under-pointer[hidden] { display: none; }""".replace("SIZE", str(SHOWN_PX))


def show_under_pointer(chart: str, ids: Sequence[str], rows: Sequence[int], store: Store) -> None:
    """Show the photo of a mark of a chart (by its key) while the pointer is on it.

    The first of a mark's `customdata` is one of `ids`; `rows` are their rows of the pixels. Of too
    many photos none is shown.
    """
    if not 0 < len(rows) <= MOST:
        return
    script = resources.files("zapcls.ui").joinpath("under_pointer.js").read_text()
    show = st.components.v2.component(
        "zapcls.under_pointer", html='<div class="under-pointer" hidden></div>', css=CSS, js=script
    )
    data = {
        "chart": chart, "ids": [str(one) for one in ids], "shown": SHOWN_PX,
        "columns": count_columns(len(rows)),
        "sheet": draw_sheet(store, tuple(int(row) for row in rows)),
    }  # fmt: skip
    show(data=data, key=f"{chart}-under-pointer")


def count_columns(n: int) -> int:
    """Count the columns of a sheet, which is about square."""
    return math.ceil(math.sqrt(n))


@st.cache_resource(max_entries=3, show_spinner=False, hash_funcs={Store: identify_pixels})
def draw_sheet(store: Store, rows: tuple[int, ...]) -> str:
    """Draw photos as the tiles of one JPEG, in rows from the top left; returns a data URI."""
    columns = count_columns(len(rows))
    height = math.ceil(len(rows) / columns)
    sheet = Image.new("RGB", (columns * TILE_PX, height * TILE_PX), "white")
    for place, row in enumerate(rows):
        tile = Image.fromarray(np.asarray(store.pixels[row])).resize((TILE_PX, TILE_PX))
        sheet.paste(tile, (place % columns * TILE_PX, place // columns * TILE_PX))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
