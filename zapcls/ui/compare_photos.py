"""The photos on which two runs differ, cell by cell, with both answers."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls.analysis.compare import CELLS, RUNS
from zapcls.blocks import numbers
from zapcls.data.task import Task
from zapcls.findings.compare import RUN_COLORS
from zapcls.ui import cache, photos
from zapcls.ui.bound import pick_one, pick_rows
from zapcls.workspace.runs import Run

PAGE_SIZE = 24
CARD_PX = 184  # four in a row at 1280 px, two on a telephone
VIEWS = {
    "fixed": "The first run was wrong, the second is right.",
    "broken": "The first run was right, the second is wrong.",
    "still wrong": "Both runs are wrong.",
    "by relabelling": "The first run is right under one label and wrong under the other: what "
    "changed is the label, not the network.",
}


def swatch(run: str) -> str:
    """Write a square in the constant color of the first or second run."""
    return f':color[■]{{foreground="{RUN_COLORS[run]}"}}'


@st.fragment  # so that turning a page of it computes nothing else anew
def show_photos(pairs: pd.DataFrame, run: Run) -> None:
    """Show the photos of each cell of `compare.pair_runs`, with both answers."""
    task = cache.evidence(run).task
    st.subheader("What changed, photo by photo", anchor="photos")
    counts = pairs["cell"].value_counts()
    said = [f"**{counts.get(cell, 0):,}** {cell}" for cell in CELLS]
    relabelled = int(pairs["by_relabelling"].sum())
    st.markdown(" · ".join([*said, f"**{relabelled:,}** by relabelling"]))
    view = pick_one("Photos", VIEWS, "cell")
    st.caption(f"{VIEWS[view]} Under the corrected labels, surest answer of the second run first.")
    chosen = pairs["by_relabelling"] if view == "by relabelling" else pairs["cell"] == view
    found = pairs[chosen].sort_values(["prob_second", "image_id"], ascending=[False, True])
    if found.empty:
        st.info(f"No such {task.things}.")
        return
    shown = pick_rows(found, PAGE_SIZE, "compare_page")
    store = cache.evidence(run).store
    photos.show_grid(shown, store, lambda image: write_caption(image, task), CARD_PX)


def write_caption(image: Any, task: Task) -> str:
    """Write a photo's label, corrected if it was, and what either run calls it."""
    label = task.describe(image.label_old)
    if image.label_new != image.label_old:
        label += f", corrected to {task.name(image.label_new) or 'none'}"
    answers = [
        f"{swatch(run)} {run}: {task.name(getattr(image, f'prediction_{run}'))}, "
        f"{numbers.percent(getattr(image, f'prob_{run}'))}"
        for run in RUNS
    ]
    return "  \n".join([label, *answers])
