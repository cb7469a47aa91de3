"""The catalogue's photos that are nearest to an upload, with their labels, and the way to more."""

import numpy as np
import streamlit as st

from zapcls.answer.similar import embed_by_run
from zapcls.errors import ZapError
from zapcls.findings import similar
from zapcls.findings.shelf import open_shelf
from zapcls.findings.similar import Wish
from zapcls.ui import cache, navigation
from zapcls.ui.messages import escape
from zapcls.ui.photos import thumbnail
from zapcls.ui.similar_view import UPLOAD
from zapcls.workspace.runs import Run

NEAREST = 6
SMALL_PX = 96


def show_neighbors(run: Run, pixels: np.ndarray, content: bytes, name: str, place: int) -> None:
    """Show the photos nearest to an upload, the one at this place of the page."""
    try:
        shelf = open_shelf(cache.evidence(run), None)
    except ZapError:  # a run without embeddings; Similar says what to do about it
        return
    query = similar.like_upload(shelf, embed_by_run(cache.classifier(run)), pixels)
    near = similar.search(shelf, query, Wish(top=NEAREST))
    task = cache.evidence(run).task
    st.markdown("##### Nearest in the catalogue")
    with st.container(horizontal=True, gap="small"):
        for image in near.itertuples():
            with st.container(width=SMALL_PX, gap="xsmall"):
                photo = thumbnail(cache.evidence(run).store, image.row)
                label = task.name(image.label) if image.label else "no label"
                st.image(photo, width="stretch", output_format="JPEG", alt=label)
                st.caption(f"{escape(label)} · {image.score:.2f}")
    if st.button("More like it", key=f"similar-{place}", icon=":material/image_search:"):
        st.session_state[UPLOAD] = name, content
        navigation.open_page("similar")
