"""Who is marking: a name in the sidebar."""

import getpass

import streamlit as st

from zapcls.workspace import permissions

_KEPT = "reviewer_kept"


def pick_reviewer() -> None:
    """Show who is marking in the sidebar, kept in session_state["reviewer"]."""
    if not permissions.may("mark"):
        return
    # A field's value is forgotten on pages that do not show it.
    st.session_state.setdefault("reviewer", st.session_state.get(_KEPT, _guess_name()))
    st.sidebar.text_input(
        "Reviewer", key="reviewer", max_chars=40,
        help="Your marks carry this name, so that several people's marks can be told apart.",
    )  # fmt: skip
    st.session_state[_KEPT] = st.session_state["reviewer"]


def reviewer() -> str:
    """Who is marking now."""
    return st.session_state.get("reviewer", st.session_state.get(_KEPT, _guess_name())).strip()


def _guess_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return ""
