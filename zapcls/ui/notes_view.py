"""The field of a run's name, note and pin."""

import streamlit as st

from zapcls.ui.messages import escape
from zapcls.workspace.run_notes import MOST_LETTERS, Notes, read_notes, write_notes
from zapcls.workspace.runs import Run


def show_notes(run: Run) -> None:
    """Show what a person says of a run, and let them change it."""
    notes = read_notes(run)
    if notes.note:
        st.caption(f"“{escape(notes.note)}”")
    with st.popover("Name and note", icon=":material/edit_note:", type="tertiary"):
        fields = {
            name: st.text_input(
                name.capitalize(), getattr(notes, name), most, key=f"{name}-{run.run_id}"
            )
            for name, most in MOST_LETTERS.items()
        }
        is_pinned = st.toggle(
            "Pin", notes.is_pinned, key=f"pin-{run.run_id}", help="Pinned runs come first in lists."
        )
    said = Notes(fields["name"].strip(), fields["note"].strip(), is_pinned)
    if said != notes:
        write_notes(run, said)
        st.rerun()
