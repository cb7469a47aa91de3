"""Small pictures of the store's photos as JPEG: encoded once, a few kilobytes each."""

import io

import streamlit as st
from PIL import Image

from zapcls.ui import cache
from zapcls.workspace.store import Store

QUALITY = 90
MAX_KEPT = 4000  # of about 5 kB


def thumbnail(store: Store, row: int) -> bytes:
    """The photo in a row of the store's pixels, as JPEG."""
    return _encode(cache.identify(store.path / "pixels.npy"), int(row), store)


@st.cache_resource(max_entries=MAX_KEPT, show_spinner=False)
def _encode(changed: cache.Identity, row: int, _store: Store) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(_store.pixels[row]).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()
