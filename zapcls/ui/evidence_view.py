"""What in a photo speaks for the answer: the map of a run, and of the run compared with."""

from typing import Any

import numpy as np
import streamlit as st

from zapcls.answer import saliency
from zapcls.blocks import numbers
from zapcls.ui import cache, messages, relatives
from zapcls.ui.photos import identify_pixels, open_photo
from zapcls.ui.run_picker import describe_run
from zapcls.ui.verdicts import find_row
from zapcls.workspace.imports import find_lack
from zapcls.workspace.runs import Run
from zapcls.workspace.store import Store

SLIGHT = 0.005  # a change of the probability that is not worth a word
OTHER_PX = 260


def show_evidence(image: Any, size: tuple[int, int], run: Run) -> None:
    """Show the map of what speaks for the answer and against it."""
    task, evidence = cache.evidence(run).task, find_evidence(image, image.prediction, run)
    if evidence is None:
        none = "This run has no exported model, so there is no map of what it looked at."
        st.caption(find_lack(run, "model", "a map of what it looked at") or none)
        return
    st.image(
        draw_evidence(image, evidence, size, run), width="stretch", output_format="PNG",
        alt=f"What in the photo supports {task.name(image.prediction)} and what counts against it",
    )  # fmt: skip
    st.caption(
        describe_evidence(image.prob, evidence, messages.escape(task.name(image.prediction))),
        help="Occlusion (Zeiler and Fergus 2014): a soft window is moved over the photo, and the "
        "model is asked each time. The color is the change in the log-odds of its answer; the "
        "fullest color marks the strongest area of this photo.",
    )


def describe_evidence(prob: float, evidence: np.ndarray, called: str) -> str:
    """Describe the colors, and what covering the strongest place does to the answer."""
    said = f":orange[**Orange**] supports {called}, :violet[**purple**] counts against it"
    covered = saliency.prob_covered(prob, evidence)
    if evidence.max() <= 0:
        return f"{said}. No area supports it."
    if prob - covered < SLIGHT:
        return f"{said}. No single area decides: whichever is covered, it stays {called}."
    return (
        f"{said}. Covering the strongest orange area with the background color takes {called} from "
        f"{numbers.probability(prob)} to about {numbers.probability(covered)}."
    )


def find_evidence(image: Any, called: str, run: Run) -> np.ndarray | None:
    """Find what in a photo speaks for a class; None where the run has no exported model."""
    if not run.onnx_path.is_file():
        return None
    store, class_index = cache.evidence(run).store, cache.evidence(run).task.classes.index(called)
    return saliency.spread(_cover(run, store, int(image.row), class_index), store.side)


def draw_evidence(image: Any, evidence: np.ndarray, size: tuple[int, int], run: Run) -> np.ndarray:
    """Draw the map over the photo, cut to the photo's own shape."""
    return crop(saliency.draw(cache.evidence(run).store.pixels[image.row], evidence), size)


@st.dialog("The photo, and what supports the answer", width="large")
def show_large(image_id: str, run: Run) -> None:
    """Fill the window with a photo beside its map.

    The session keeps what it is called with, so it opens the photo itself.
    """
    image = find_row(cache.evidence(run).predictions, image_id)
    photo = open_photo(cache.evidence(run).store, image)
    evidence = find_evidence(image, image.prediction, run)
    left, right = st.columns(2)
    left.image(photo, width="stretch", alt="the photo")
    if evidence is not None:
        over = draw_evidence(image, evidence, photo.size, run)
        right.image(over, width="stretch", output_format="PNG", alt="the same with its map")


def show_other_run(image: Any, size: tuple[int, int], run: Run) -> None:
    """Show the answer and the map of the run that a comparison came from, if it did."""
    asked = st.query_params.get("with")
    others = {other.run_id: other for other in relatives.list_alike(run)}
    if asked == run.run_id or asked not in others:
        return
    other, task = others[asked], cache.evidence(run).task
    if answer := relatives.find_answer(other, image.image_id):
        called = messages.escape(task.name(answer["prediction"]))
        told = f"called {called}, {numbers.probability(answer['prob'])}"
        st.markdown(f"##### The run compared with: {told}")
        st.caption(messages.escape(describe_run(other)))
        evidence = find_evidence(image, answer["prediction"], other)
        if evidence is not None:
            over = draw_evidence(image, evidence, size, other)
            st.image(over, width=OTHER_PX, output_format="PNG", alt=f"What supports {called}")


@st.cache_data(
    max_entries=500, show_spinner=False,
    hash_funcs={Run: cache.identify_model, Store: identify_pixels},
)  # fmt: skip
def _cover(run: Run, store: Store, row: int, class_index: int) -> np.ndarray:
    return saliency.cover(cache.classifier(run), store.pixels[row], class_index)


def crop(square: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Cut off the white that made a photo of `size` (width, height) a square."""
    side = len(square)
    width, height = (max(1, round(length * side / max(size))) for length in size)
    left, top = (side - width) // 2, (side - height) // 2
    return square[top : top + height, left : left + width]
