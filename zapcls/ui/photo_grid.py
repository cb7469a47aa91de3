"""Photos of the store beside one another."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from zapcls.workspace.store import Store


def image_grid(
    table: pd.DataFrame, store: Store, caption: Callable[[Any], str], width_px: int
) -> None:
    """Show the photos of a table (column `row`) from the store, a caption under each.

    As many stand in a row as the window has room for.
    """
    with st.container(horizontal=True, gap="small"):
        for image in table.itertuples():
            with st.container(width=width_px):
                st.image(store.pixels[int(image.row)], width="stretch")
                st.caption(caption(image))
