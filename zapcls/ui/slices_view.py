"""Errors, Slices: which named groups err more often than the rest; each opens its photos."""

import streamlit as st

from zapcls.findings import find, slices
from zapcls.findings.ask import Ask
from zapcls.ui import cache
from zapcls.ui.sections import show_blocks
from zapcls.workspace.runs import Run


def show_slices(run: Run) -> None:
    """Show the groups of valid that err more often than the rest."""
    evidence = cache.evidence(run)
    ask = Ask(evidence.task)
    with st.spinner("Trying the groups…"):
        found = find("slices", evidence, ask)
    show_blocks(slices.section(found, ask))
