"""What was planted in the drawings, told once the label check has looked for it."""

from typing import Any

import streamlit as st

from zapcls.analysis.planted import Planted, count_planted
from zapcls.blocks import numbers
from zapcls.data.sources.drawings import read_truth
from zapcls.ui import cache, messages, navigation, photos
from zapcls.workspace.runs import Run

SHOWN = 24
CARD_PX = 120
PLANTED_IN = "gender"  # the labels that were planted wrong


def find_planted(run: Run) -> Planted | None:
    """Find the planted labels of a run on the drawings; None of other photos or without a check."""
    evidence = cache.evidence(run)
    truth = read_truth(run.data_dir) if run.facts["is_drawn"] else None
    if truth is None or evidence.issues is None or evidence.task.target != PLANTED_IN:
        return None
    return count_planted(evidence.predictions, truth, evidence.issues)


def show_planted(run: Run) -> None:
    """Show how many planted labels were found, and where color bias was planted."""
    planted = find_planted(run)
    if planted is None:
        return
    st.subheader("What we hid in the drawings", anchor=False)
    hidden = len(planted.hidden)
    st.markdown(
        f"We hid **{numbers.count(hidden, 'wrong label')}** here. The label check found "
        f"**{planted.found}** of them, among {numbers.count(planted.suspects, 'suspect')}."
    )
    if st.toggle("Show the answers", key="show_planted"):
        show_answers(planted, run)
    st.markdown(
        "We also drew most pink, purple and red shoes as women's. A network that learns this calls "
        "pink men's shoes women's."
    )
    navigation.show_link(
        "color_bias", "See whether this one does", ":material/palette:", claim_color="pink",
        claim_way="Men-Women",
    )  # fmt: skip


def show_answers(planted: Planted, run: Run) -> None:
    """Show the photos whose label was planted wrong, the ones that were missed first."""
    evidence = cache.evidence(run)
    rows = evidence.predictions[["image_id", "row"]]
    shown = planted.hidden.merge(rows, on="image_id").sort_values("is_found", kind="stable")

    def caption(image: Any) -> str:
        told = messages.escape(evidence.task.describe(image.label))
        drawn = messages.escape(evidence.task.name(image.true_label))
        found = "found" if image.is_found else "**missed**"
        return f"{told}, drawn as {drawn}: {found}"

    photos.show_grid(shown.head(SHOWN), evidence.store, caption, CARD_PX)
    if len(shown) > SHOWN:
        st.caption(f"{len(shown) - SHOWN} more found.")
