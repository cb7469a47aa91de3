"""Which photos does the run get wrong, why, and which labels are wrong themselves?"""

import streamlit as st

from zapcls.findings import find, rates
from zapcls.findings.ask import Ask
from zapcls.ui import cache, navigation, run_state
from zapcls.ui.bound import put_in_url
from zapcls.ui.reviewer import pick_reviewer
from zapcls.workspace.imports import name_split
from zapcls.workspace.runs import Run

VIEWS = ("Gallery", "Suspects", "Slices", "Map")


def show_headline(run: Run) -> None:
    """The answer in one sentence, with its n and interval."""
    evidence = cache.evidence(run)
    said = rates.describe(find("rates", evidence, Ask(evidence.task)))
    st.markdown(said, help=f"This run, {name_split(run)}.")


def read_view() -> str:
    """The view that the URL asks for, else the first; other views link to it there."""
    asked = st.query_params.get("view")
    return asked if asked in VIEWS else VIEWS[0]


def pick_view() -> None:
    """Show the choice of view. It is put in the URL by hand: a bound one could not be linked to."""
    st.session_state["view"] = read_view()
    st.segmented_control(
        "View", VIEWS, key="view", required=True, label_visibility="collapsed",
        on_change=put_in_url, args=("view", "view"),
    )  # fmt: skip


def show_view(run: Run, view: str) -> None:
    """Show one view; only its module is loaded and only it runs."""
    if view == "Gallery":
        from zapcls.ui.gallery import show_gallery

        show_gallery(run)
    elif view == "Suspects":
        from zapcls.ui.suspects_view import show_suspects

        show_suspects(run)
    elif view == "Slices":
        from zapcls.ui.slices_view import show_slices

        show_slices(run)
    else:
        from zapcls.ui.map_view import show_map

        show_map(run)


navigation.enter("errors")
st.title("Errors", anchor=False)
run = run_state.need_run()
image_id = st.query_params.get("image")
if image_id or read_view() == "Suspects":
    pick_reviewer()
if image_id:
    from zapcls.ui.detail import show_detail

    show_detail(run, image_id, read_view())
else:
    show_headline(run)
    pick_view()
    show_view(run, read_view())
