"""What people decided, out and in as CSV: a download, and files that are taken in whole or not."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from zapcls.errors import ZapError
from zapcls.ui import messages, uploads


class Taken(NamedTuple):
    """What came of files that were taken in: a sentence, and what became of each row."""

    said: str
    rows: pd.DataFrame | None = None


_TAKEN = "taken_in"  # in the session: what came of the latest files, told once


def show_exchange(
    name: str, write: Callable[[], str | bytes], is_empty: bool, take_in: Callable[[list], Taken],
    label: str, help: str, several: bool = False,
) -> DeltaGenerator:  # fmt: skip
    """Offer a table of decisions as CSV, and to take in a file of them, or several.

    Args:
        write: writes the table at the click.
        take_in: takes in uploaded files, all or none, and returns what came of it.

    Returns:
        The row of buttons.
    """
    row = st.container(horizontal=True)
    with row:
        st.download_button(
            "Download as CSV", write, f"{name}.csv", "text/csv", key="exchange_csv",
            icon=":material/download:", on_click="ignore", disabled=is_empty,
        )  # fmt: skip
        with st.popover("Import CSV", icon=":material/upload:"):
            st.file_uploader(
                label, ["csv"], accept_multiple_files=several, key=uploads.TABLES,
                on_change=_take_in, args=(take_in,), help=help,
            )  # fmt: skip
    if _TAKEN in st.session_state:
        show, taken = st.session_state.pop(_TAKEN)
        show(messages.escape(taken.said).replace("\n", "  \n"))
        if taken.rows is not None:
            with st.expander("Row by row"):
                st.dataframe(taken.rows, hide_index=True)
    return row


def _take_in(take_in: Callable[[list[Any]], Taken]) -> None:
    given = st.session_state[uploads.TABLES]
    if not given:
        return
    try:
        with messages.explain_system():
            taken = take_in(given if isinstance(given, list) else [given])
        st.session_state[_TAKEN] = st.success, taken
    except ZapError as error:
        st.session_state[_TAKEN] = st.error, Taken(str(error))
