"""A photo in the colors that it can be given, with the run's answer under each."""

import numpy as np
import streamlit as st

from zapcls.answer.recolored import Version, show_in_colors
from zapcls.data.task import Task
from zapcls.ui import cache
from zapcls.workspace.runs import Run

SMALL_PX = 96
HELP = (
    "The object alone is recolored, its shading kept. Where its lightness allows it, the hue alone "
    "is moved; where it does not, its lightness too (marked ◐), which may change an answer by "
    "itself. One photo proves nothing: Color bias does this for all photos, with controls."
)


def show_strip(image: np.ndarray, run: Run) -> None:
    """Show the strip of one photo, uint8 (side, side, 3) as the run's model takes it."""
    if not run.onnx_path.is_file():
        st.caption("This run has no exported model, so that it cannot be asked about other colors.")
        return
    task = cache.evidence(run).task
    versions = _ask(str(run.path), run.onnx_path.stat().st_mtime_ns, image, run)
    st.markdown(f"##### {count_changes(versions, task)}", help=HELP)
    with st.container(horizontal=True, gap="small"):
        for version in versions:
            with st.container(width=SMALL_PX, gap="xsmall"):
                st.image(version.image, width="stretch")
                st.caption(describe(version, versions[0], task))


@st.cache_data(max_entries=100, show_spinner=False)
def _ask(run_path: str, changed: int, image: np.ndarray, _run: Run) -> list[Version]:
    return show_in_colors(cache.classifier(_run), image, list(_run.task.classes))


def count_changes(versions: list[Version], task: Task) -> str:
    """Describe how many of the colors change the answer."""
    original, *others = versions
    if not others:
        return f"No {task.thing} stands out of a plain ground here, so none is recolored"
    changed = sum(other.prediction != original.prediction for other in others)
    called = task.name(original.prediction)
    return f"Recolored: {changed} of {len(others)} colors are not called {called}"


def describe(version: Version, original: Version, task: Task) -> str:
    """Write the color, and the answer, in bold where it is another."""
    mark = {"": " (as it is)", "hue": "", "color": " ◐"}[version.edit]
    answer = f"{task.name(version.prediction)}, {100 * version.prob:.0f} %"
    is_other = version.prediction != original.prediction
    return f"{version.color}{mark}  \n" + (f"**≠ {answer}**" if is_other else answer)
