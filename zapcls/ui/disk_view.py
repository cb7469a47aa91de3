"""What is kept of the photos on disk: their pixels, and the features of frozen networks."""

from typing import Any

import streamlit as st

from zapcls.ui import cache, job_view, messages
from zapcls.workspace import bodies
from zapcls.workspace.bodies import BodyFiles
from zapcls.workspace.store import Store


def show_disk(store: Store) -> None:
    """Show what is kept of the photos: their pixels, and features of frozen networks."""
    st.markdown(
        "**Pixels**",
        help="Each photo is decoded once; trainings, colors and these pages read its pixels.",
    )
    st.markdown(describe_pixels(store.facts))
    kept = bodies.list_bodies(store)
    if not kept:
        return
    st.markdown(
        "**Features of frozen networks**",
        help="What a frozen network computes from each photo, and training photos in other colors. "
        "They are computed once and kept for later trainings.",
    )
    is_busy = job_view.find_active(cache.workspace().runs_dir) or job_view.find_active(
        cache.workspace().jobs_dir
    )
    for body in kept:
        show_body(body, is_busy is not None)


def describe_pixels(facts: dict[str, Any]) -> str:
    """Describe how large a pixel store is, and how it came about."""
    rows, decoded = facts["rows"], facts["decoded"]
    at = f"decoded at {facts['images_per_s']:,.0f} images/s"
    if not decoded:
        made = "all copied from what had been read before"
    elif decoded == rows:
        made = f"all {at}"
    else:
        made = f"{decoded:,} {at}, {rows - decoded:,} copied from what had been read before"
    return (
        f"{rows:,} photos of {facts['side']} px · "
        f"{rows * facts['side'] ** 2 * 3 / 1e6:,.0f} MB · {made} · "
        f"read from {messages.escape(facts['data_dir'])}"
    )


def show_body(body: BodyFiles, is_busy: bool) -> None:
    """Show what one network's features take, and a way to delete them."""
    speed = f" · computed at {body.images_per_s:,.0f} images/s" if body.images_per_s else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"{body.title} · {body.disk_bytes / 1e6:,.0f} MB{speed}",
            width="content",
        )
        if is_busy:
            return
        with (
            st.popover("Delete", icon=":material/delete:", type="tertiary"),
            messages.explain_errors(),
        ):
            st.markdown("The next training that needs them computes them again.")
            if st.button("Delete these features", key=f"delete-{body.path.name}"):
                bodies.delete(body)
                st.rerun()
