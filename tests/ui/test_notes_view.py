"""The name, note and pin of a run: what a person changes is written, and that alone."""

import pytest
from streamlit.testing.v1 import AppTest

from zapcls.workspace.run_notes import Notes, read_notes, write_notes
from zapcls.workspace.runs import Run


def show(path):
    from pathlib import Path

    import streamlit as st

    from zapcls.ui.notes_view import show_notes
    from zapcls.workspace.runs import Run

    if not st.session_state.get("is_away"):
        show_notes(Run(Path(path)))


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


@pytest.fixture
def visit(run):
    """Return a function that opens the fields in a session of its own."""
    return lambda: AppTest.from_function(show, args=(str(run.path),)).run()


def test_what_another_session_said_is_not_overwritten_but_shown(run, visit):
    first, second = visit(), visit()
    first.text_input[1].set_value(" fine ").run()
    assert read_notes(run).note == "fine"

    second.run()
    assert read_notes(run).note == "fine"
    assert second.text_input[1].value == "fine"

    second.toggle[0].set_value(True).run()
    first.text_input[0].set_value("A").run()
    assert read_notes(run) == Notes("A", "fine", True)


def test_a_field_is_filled_again_where_it_was_gone(run, visit):
    write_notes(run, Notes(note="fine"))
    visitor = visit()
    for is_away in (True, False):
        visitor.session_state["is_away"] = is_away
        visitor.run()
    assert visitor.text_input[1].value == "fine"
    assert read_notes(run) == Notes(note="fine")
