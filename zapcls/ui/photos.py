"""Photos of the store: beside one another, and small as JPEG, encoded once."""

import io
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st
from PIL import Image

from zapcls.ui import cache
from zapcls.workspace.store import Store

QUALITY = 90
MAX_KEPT = 4000  # of about 5 kB


def show_grid(
    table: pd.DataFrame, store: Store, caption: Callable[[Any], str], width_px: int
) -> None:
    """Show the photos of a table (column `row`), a caption under each, as many in a row as fit."""
    with st.container(horizontal=True, gap="small"):
        for image in table.itertuples():
            with st.container(width=width_px):
                st.image(store.pixels[int(image.row)], width="stretch")
                st.caption(caption(image))


def identify_pixels(store: Store) -> cache.Identity:
    """What tells a store's pixels from another version of them."""
    return cache.identify(store.path / "pixels.npy")


@st.cache_resource(max_entries=MAX_KEPT, show_spinner=False, hash_funcs={Store: identify_pixels})
def thumbnail(store: Store, row: int) -> bytes:
    """Return the photo in a row of the store's pixels as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(store.pixels[row]).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()
