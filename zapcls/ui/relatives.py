"""What is like an image: the nearest training photos, its product's other colors, other runs."""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from zapcls.analysis.neighbors import find_nearest
from zapcls.blocks import numbers
from zapcls.errors import Damaged
from zapcls.ui import cache, marking, messages, navigation
from zapcls.ui.photos import thumbnail
from zapcls.workspace.answers import read_photo
from zapcls.workspace.imports import find_lack
from zapcls.workspace.run_tables import open_embeddings
from zapcls.workspace.runs import Run, list_runs
from zapcls.workspace.store import Store

NEAREST = 8
SMALL_PX = 88  # eight in a row at 1280 px
RUNS_SHOWN = 30


def show_small(table: pd.DataFrame, store: Store, captions: Sequence[str], key: str) -> None:
    """Show small photos; the words under each open it."""
    with st.container(horizontal=True, gap="small"):
        for image, words in zip(table.itertuples(), captions, strict=True):
            with st.container(width=SMALL_PX, gap="xsmall"):
                photo = thumbnail(store, image.row)
                st.image(photo, width="stretch", output_format="JPEG", alt=words)
                st.button(
                    words, key=f"{key}-{image.image_id}", type="tertiary",
                    on_click=marking.show_photo, args=(image.image_id,),
                )  # fmt: skip


def show_nearest(image: Any, place: int, run: Run) -> None:
    """Show the training photos that are most alike to the network, with their labels."""
    lack = find_lack(run, "embeddings", "finding similar photos")
    table, task = cache.evidence(run).predictions, cache.evidence(run).task
    if lack or not (table["split"] == "train").any():
        none = (
            "It is not known which photos this run was trained on, so there is no nearest one to "
            "show."
        )
        st.caption(lack or none)
        return
    rows, similarity = _find_nearest(run, place)
    near = table.iloc[rows]
    called = int((near["label"] == image.prediction).sum())
    st.markdown(
        f"##### {called} of the {len(near)} nearest training photos are "
        + messages.escape(task.describe(image.prediction)),
        help="Nearest by the cosine similarity of the run's embeddings: a score of 1 means "
        "identical.",
    )
    captions = [
        f"{messages.escape(task.name(label))} · {value:.2f}"
        for label, value in zip(near["label"], similarity, strict=True)
    ]
    show_small(near, cache.evidence(run).store, captions, "near")
    navigation.show_link(
        "similar", "What is like it", icon=":material/image_search:", image=image.image_id
    )


def _identify_answers(run: Run) -> cache.Identity:
    files = cache.identify(run.path / "embeddings.npy", run.path / "predictions.parquet")
    return *files, (run.target,)


@st.cache_data(max_entries=500, show_spinner=False, hash_funcs={Run: _identify_answers})
def _find_nearest(run: Run, place: int) -> tuple[np.ndarray, np.ndarray]:
    embeddings = open_embeddings(run)
    candidates = np.flatnonzero(cache.evidence(run).predictions["split"] == "train")
    return find_nearest(embeddings, place, candidates, NEAREST)


def show_siblings(image: Any, run: Run) -> None:
    """Show the same product in its other colors, with the answer on each."""
    table, task = cache.evidence(run).predictions, cache.evidence(run).task
    is_other = (table["product_id"] == image.product_id) & (table["image_id"] != image.image_id)
    others = table[is_other]
    if others.empty:
        st.markdown("##### This product has no other photo")
        return
    right = int(others["correct"].sum())
    st.markdown(f"##### The same product in other colors: {right} of {len(others)} answered right")
    captions = [
        f"{other.color or 'no color'}: {messages.escape(task.name(other.prediction))}"
        f"{numbers.sure(other.prob)} {'✓' if other.correct else '✕'}"
        for other in others.itertuples()
    ]
    show_small(others, cache.evidence(run).store, captions, "sibling")


def show_runs(image: Any, run: Run) -> None:
    """Show this image over all evaluated runs about the same catalogue and target."""
    task = cache.evidence(run).task
    answers = [
        {"run": other.run_id} | answer
        for other in list_alike(run)[:RUNS_SHOWN]
        if (answer := find_answer(other, image.image_id))
    ]
    same = sum(answer["prediction"] == image.prediction for answer in answers)
    called = messages.escape(task.name(image.prediction))
    st.markdown(f"##### {same} of {len(answers)} runs call it {called}")
    rows = [
        {
            "Run": answer["run"] + (" (this one)" if answer["run"] == run.run_id else ""),
            "Split": answer["split"],
            "Label": task.name(answer["label"]),
            "Called": task.name(answer["prediction"]),
            "Probability": numbers.percent(answer["prob"]),
            "": "✓" if answer["correct"] else "✕",
        }
        for answer in answers
    ]
    st.dataframe(rows, hide_index=True)


def list_alike(run: Run) -> list[Run]:
    """List the evaluated runs about the same catalogue and target, the newest first."""
    return [
        other.alike(run)
        for other in list_runs(cache.workspace())
        if other.is_evaluated
        and other.facts["catalogue_id"] == run.facts["catalogue_id"]
        and run.task.target in [task.target for task in other.tasks]
    ]


def find_answer(run: Run, image_id: str) -> dict[str, Any] | None:
    """Find a run's answer about an image, None where there is none or its table is damaged."""
    with contextlib.suppress(Damaged):
        return read_photo(run.path, image_id, run.remedy).get(run.task.target)
    return None


def show_targets(image: Any, run: Run) -> None:
    """Show what a run about several targets says of this image under each of them."""
    tasks = run.tasks
    if len(tasks) < 2:
        return
    st.markdown("##### All targets of this run")
    rows = []
    answers = read_photo(run.path, image.image_id, run.remedy)
    for task in tasks:
        answer = answers[task.target]
        told = task.name(answer["label"]) if answer["label"] else "not labelled"
        mark = "✓" if answer["correct"] else "✕"
        rows.append(
            {
                "Target": task.title,
                "Label": told,
                "Called": task.name(answer["prediction"]),
                "Probability": numbers.percent(answer["prob"]),
                "": mark if answer["label"] else "",
            }
        )
    st.dataframe(rows, hide_index=True)
