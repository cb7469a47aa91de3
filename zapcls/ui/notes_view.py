"""The field of a run's name, note and pin."""

from dataclasses import replace
from typing import Any

import streamlit as st

from zapcls.ui import messages
from zapcls.workspace.run_notes import MOST_LETTERS, read_notes, write_notes
from zapcls.workspace.runs import Run


def show_notes(run: Run) -> None:
    """Show what a person says of a run, and let them change it."""
    notes = read_notes(run)
    if notes.note:
        st.caption(f"“{messages.escape(notes.note)}”")
    with st.popover("Name and note", icon=":material/edit_note:", type="tertiary"):
        for name, most in MOST_LETTERS.items():
            st.text_input(
                name.capitalize(), max_chars=most, key=_follow(run, name, getattr(notes, name)),
                on_change=_write, args=(run, name),
            )  # fmt: skip
        st.toggle(
            "Pin", key=_follow(run, "is_pinned", notes.is_pinned), on_change=_write,
            args=(run, "is_pinned"), help="Pinned runs come first in lists.",
        )  # fmt: skip


def _follow(run: Run, name: str, said: Any) -> str:
    """Return the key of a field that holds what is said, also where another session said it."""
    key, known = f"{name}-{run.run_id}", f"{name}-{run.run_id}-said"
    if key not in st.session_state or st.session_state.get(known) != said:
        st.session_state[key] = st.session_state[known] = said
    return key


def _write(run: Run, name: str) -> None:
    """Write what a person changed, and that alone: a callback."""
    said = st.session_state[f"{name}-{run.run_id}"]
    changed: dict[str, Any] = {name: said.strip() if isinstance(said, str) else said}
    with messages.toast_errors():
        write_notes(run, replace(read_notes(run), **changed))
