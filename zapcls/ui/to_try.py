"""Photos of the catalogue to try Classify with, for a visitor who has none at hand."""

import io

import streamlit as st

from zapcls.blocks.numbers import begin
from zapcls.errors import ZapError
from zapcls.findings.ask import SPLIT
from zapcls.ui import cache
from zapcls.ui.photos import open_photo, show_button, thumbnail
from zapcls.ui.verdicts import find_row
from zapcls.workspace.runs import Run

SHOWN, PHOTO_PX = 6, 120
ASKED = "image"  # in the URL: the photo that is tried


def pick_photo(run: Run) -> tuple[bytes, str] | None:
    """Show photos that the run never saw, each a button; return the picked one and its label."""
    evidence = cache.evidence(run)
    try:
        valid, store = evidence.labelled(SPLIT), evidence.store
    except ZapError:  # the catalogue is gone; an upload needs none
        return None
    products = valid.drop_duplicates("product_id")
    shown = products.sample(min(SHOWN, len(products)), random_state=1)
    if len(shown):
        st.caption(f"No photo at hand? Try one of these {evidence.task.things}: it never saw them.")
    with st.container(horizontal=True, gap="small"):
        for image in shown.itertuples():
            with st.container(width=PHOTO_PX):
                show_button(
                    thumbnail(store, image.row), image.image_id,
                    f"{evidence.task.thing}, {image.color or 'no color'}",
                    on_click=try_photo, args=(image.image_id,),
                )  # fmt: skip
    image = find_row(valid, st.query_params.get(ASKED, ""))
    if image is None:
        return None
    buffer = io.BytesIO()
    open_photo(store, image).save(buffer, "PNG")
    return buffer.getvalue(), begin(evidence.task.describe(image.label))


def try_photo(image_id: str) -> None:
    """Ask for the answer to a photo of the catalogue: a callback."""
    st.query_params[ASKED] = image_id
