"""Photos of the store: beside one another, and small as JPEG, encoded once."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from zapcls.data.photo import decode_image
from zapcls.errors import BadInput
from zapcls.ui import cache
from zapcls.workspace.store import Store

QUALITY = 90
WHITE = 245  # as white as JPEG leaves it
MAX_KEPT = 1000  # of about 5 kB where a model takes 136 px, some 50 kB where it takes 512


def show_grid(
    table: pd.DataFrame, store: Store, caption: Callable[[Any], str], width_px: int
) -> None:
    """Show the photos of a table (column `row`), a caption under each, as many in a row as fit."""
    with st.container(horizontal=True, gap="small"):
        for image in table.itertuples():
            with st.container(width=width_px):
                told = caption(image)
                photo = thumbnail(store, int(image.row))
                st.image(photo, width="stretch", output_format="JPEG", alt=told)
                st.caption(told)


def open_photo(store: Store, image: Any) -> Image.Image:
    """The file behind the image; where it is gone or broken, the store's pixels."""
    try:
        return decode_image(store.find_image(image.image_path))
    except BadInput:
        return Image.fromarray(store.pixels[image.row])


# The button lies over the photo, which it takes its size from.
STYLE = """<style>
[class*=st-key-photo-] { position: relative; gap: 0; }
[class*=st-key-photo-] [class*=st-key-open-] { position: absolute; inset: 0; z-index: 1; }
[class*=st-key-photo-] [class*=st-key-open-] * { width: 100%; height: 100%; opacity: 0; }
[class*=st-key-photo-]:has(button:focus-visible) { outline: 2px solid var(--primary-color); }
[class*=st-key-photo-]:hover { opacity: 0.85; cursor: pointer; }
</style>"""


def show_button(photo: bytes, key: str, alt: str, **on_click: Any) -> bool:
    """Show a photo that is a button from edge to edge; True where it was clicked."""
    with st.container(key=f"photo-{key}"):
        st.image(photo, width="stretch", output_format="JPEG", alt=alt)
        return st.button(f"Open: {alt}", key=f"open-{key}", **on_click)


def identify_pixels(store: Store) -> cache.Identity:
    """What tells a store's pixels from another version of them."""
    return cache.identify(store.path / "pixels.npy")


@st.cache_resource(max_entries=MAX_KEPT, show_spinner=False, hash_funcs={Store: identify_pixels})
def thumbnail(store: Store, row: int) -> bytes:
    """Return the photo in a row of the store's pixels as JPEG, without the white that padded it."""
    buffer = io.BytesIO()
    photo = Image.fromarray(trim(store.pixels[row]))
    photo.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()


def trim(pixels: np.ndarray) -> np.ndarray:
    """Cut a square photo to 4:3 where what is cut off is white, as the padding of most is."""
    cut = len(pixels) // 8
    rest = np.concatenate([pixels[:cut], pixels[len(pixels) - cut :]])
    return pixels[cut : len(pixels) - cut] if rest.min(initial=255) >= WHITE else pixels
