"""Ways between pages: the list of pages, links, and the way in through the entry file."""

from typing import Any

import streamlit as st

from zapcls.workspace import permissions

PAGES = {
    name: f"pages/{name}.py"
    for name in (
        "overview", "classify", "similar", "data", "learning_rate", "train", "results", "errors",
        "color_bias", "review", "compare",
    )
}  # fmt: skip
# What a visitor must be allowed to do for a page to be there; to look, unless named.
NEEDS = {"data": "choose", "learning_rate": "start", "train": "start", "review": "mark"}
_ENTERED, _ASKED = "entered_by_navigation", "page_asked_for"


def is_there(page: str) -> bool:
    """Whether a page is shown in this mode."""
    return page in PAGES and permissions.may(NEEDS.get(page, "look"))


def enter(page: str) -> None:
    """Go through the entry file: the first line of each page.

    Until a server has run `st.navigation` once, Streamlit takes the folder `pages` for an app of
    the old kind and runs a page that is opened by its address without the entry. Such a page
    sends its visitor through the entry, which sends them back. A page that a button asked for
    (`ask_for`) is opened here.
    """
    if asked := st.session_state.pop(_ASKED, None):
        open_page(asked[0], **asked[1])
    if not st.session_state.get(_ENTERED):
        st.switch_page("streamlit_app.py", query_params={**st.query_params, "open": page})


def send_back() -> None:
    """Open the page that `enter` came from; the entry file calls this after `st.navigation`."""
    st.session_state[_ENTERED] = True
    page = st.query_params.get("open")
    if page and is_there(page):
        rest = {key: value for key, value in st.query_params.items() if key != "open"}
        st.switch_page(PAGES[page], query_params=rest)


def open_page(page: str, **params: Any) -> None:
    """Switch to a page, the chosen run and target and `params` in its URL."""
    st.switch_page(PAGES[page], query_params=_params(params))


def ask_for(page: str, **params: Any) -> None:
    """Open a page in this very rerun: a callback.

    What the button said then holds, also where the URL that comes with the click is an older one.
    """
    st.session_state[_ASKED] = page, params


def show_link(page: str, label: str, icon: str | None = None, **params: Any) -> None:
    """Link to a page, run, target and `params` in its URL; none to one that is not there."""
    if is_there(page):
        st.page_link(PAGES[page], label=label, icon=icon, query_params=_params(params))


def _params(params: dict[str, Any]) -> dict[str, Any]:
    chosen = {name: st.session_state.get(name) for name in ("run", "target")}
    return {name: value for name, value in chosen.items() if value} | params
