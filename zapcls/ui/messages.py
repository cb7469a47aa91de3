"""What pages say alike: errors, names that came with the data, and which data that is."""

import contextlib
from collections.abc import Iterator

import streamlit as st

from zapcls.errors import ZapError, explain_system_error
from zapcls.ui import cache
from zapcls.workspace import places
from zapcls.workspace.layout import read_chosen_data

DRAWN_NOTE = "These are drawings that zapcls made, not Zappos photos."


@contextlib.contextmanager
def explain_errors() -> Iterator[None]:
    """Turn an error with a sentence into a message on the page."""
    try:
        with explain_system():
            yield
    except ZapError as error:
        st.error(places.conceal(str(error)), icon=":material/error:")


@contextlib.contextmanager
def toast_errors() -> Iterator[None]:
    """Turn an error with a sentence into a toast: for callbacks, which draw nothing else."""
    try:
        with explain_system():
            yield
    except ZapError as error:
        toast_error(escape(str(error)))


@contextlib.contextmanager
def explain_system() -> Iterator[None]:
    """Raise what the system refused, a write to a full disk say, as an error with a sentence."""
    try:
        yield
    except OSError as error:
        explained = explain_system_error(error)
        if explained is None:
            raise
        raise explained from error


def toast_error(text: str) -> None:
    """Show what went wrong for some seconds."""
    st.toast(text, icon=":material/error:", duration="long")


def escape(text: str) -> str:
    """Keep markdown out of a name that came with the data."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|<>$~:" else sign for sign in text)


def hold_units(text: str) -> str:
    """Keep each percent sign on the line of its number, where a column is narrow."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def data_name() -> str:
    """Name the data in use in a few words."""
    workspace = cache.workspace()
    folder = read_chosen_data(workspace)
    return "the drawn catalogue" if folder == workspace.drawings_dir else folder.name
