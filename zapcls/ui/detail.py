"""One image: its answer, what in the photo speaks for it, and all that is known of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from zapcls.analysis.causes import EXPLANATIONS, MODEL
from zapcls.blocks import numbers
from zapcls.blocks.counts import probabilities
from zapcls.data.task import Task
from zapcls.findings.label_check import describe_reasons
from zapcls.ui import cache, filters, marking, messages, relatives
from zapcls.ui.evidence_view import show_evidence, show_large, show_other_run
from zapcls.ui.gallery import PAGE_SIZE
from zapcls.ui.photos import open_photo
from zapcls.ui.recolor_view import show_strip
from zapcls.ui.verdicts import find_row
from zapcls.workspace.imports import find_lack
from zapcls.workspace.run_tables import read_probabilities
from zapcls.workspace.runs import Run

# The gallery may have been scrolled down; runs when the detail is opened, not at each step.
TO_TOP = "<script>document.querySelector('.stMain').scrollTo(0, 0)</script>"
_PLACE = "place"  # in the session: where the image last stood in the list


def show_detail(run: Run, image_id: str, view: str) -> None:
    """Show all that is known of an image, with ways to its neighbors in the list and back."""
    table = cache.evidence(run).predictions
    place = pd.Index(table["image_id"]).get_indexer([image_id])[0]
    if place < 0:
        st.info("There is no such image in this run.")
        st.button(view, key="back", icon=":material/arrow_back:", on_click=close)
        return
    top = st.container()
    if view == "Gallery":
        order = filters.pick_photos(run, is_folded=True).ids
    else:
        order = list_suspects(run) if view == "Suspects" else []
    st.html(TO_TOP, unsafe_allow_javascript=True)
    image = next(table.iloc[[place]].itertuples())
    with top:
        show_steps(order, image_id, view)
        photo = open_photo(cache.evidence(run).store, image)
        card = marking.Card(run, image, f"mark-{image.image_id}", is_detail=True)
        cause_place, evidence_place = show_answer(card, photo, place)
        show_other_run(image, photo.size, run)
        relatives.show_targets(image, run)
        relatives.show_nearest(image, place, run)
        relatives.show_siblings(image, run)
        show_strip(cache.evidence(run).store.pixels[image.row], run)
        relatives.show_runs(image, run)
        with evidence_place.container():  # what takes longest comes last
            show_evidence(image, photo.size, run)
        with cause_place.container():
            show_cause(image, run)


def list_suspects(run: Run) -> list[str]:
    """The suspected label errors, worst first."""
    issues = cache.evidence(run).issues
    if issues is None:
        return []
    return issues.loc[issues["is_suspect"], "image_id"].to_list()


def show_steps(order: Sequence[str], image_id: str, view: str) -> None:
    """Show the way back, and to the images before and after this one; both have keys."""
    if image_id in order:
        st.session_state[_PLACE] = order.index(image_id)
    place = st.session_state.get(_PLACE, 0)
    before, after, words = find_steps(order, image_id, place)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            view, key="back", icon=":material/arrow_back:", shortcut="Escape",
            on_click=close, args=(place if view == "Gallery" else None,),
        )  # fmt: skip
        st.space("stretch")
        if order:
            st.button(
                "Previous", key="previous", shortcut="Left", disabled=before is None,
                on_click=marking.show_photo, args=(before,), type="tertiary",
            )  # fmt: skip
            st.markdown(words, width="content")
            st.button(
                "Next", key="next", shortcut="Right", disabled=after is None,
                on_click=marking.show_photo, args=(after,), type="tertiary",
            )  # fmt: skip
    st.session_state[marking.AFTER] = order[order.index(after) :] if after else ()


def find_steps(
    order: Sequence[str], image_id: str, last_place: int
) -> tuple[str | None, str | None, str]:
    """Find the images before and after one in a list, and say where it stands.

    An image that has left the list, as one does that is marked while only unmarked ones are
    shown, counts as standing just before what has come to its place.
    """
    is_in = image_id in order
    place = order.index(image_id) if is_in else min(last_place, len(order))
    following = place + 1 if is_in else place
    before = order[place - 1] if place > 0 else None
    after = order[following] if following < len(order) else None
    words = f"**{place + 1:,}** of {len(order):,}" if is_in else f"not among the {len(order):,}"
    return before, after, words


def close(place: int | None = None) -> None:
    """Go back to the view, the gallery on the page that holds the image: a callback."""
    marking.show_photo(None)
    if place is not None:
        st.session_state["page"] = place // PAGE_SIZE + 1


def show_answer(card: marking.Card, photo: Image.Image, place: int) -> tuple[Any, Any]:
    """Show the photo, the marks, the probabilities and the doubts.

    Returns:
        The places of the cause and of the evidence.
    """
    run, image = card.run, card.image
    task = cache.evidence(run).task
    told = numbers.begin(task.describe(image.label)) if image.label else "Not a kept label"
    called = messages.escape(f"{told}, called {task.name(image.prediction)}")
    st.subheader(f"{called}{numbers.sure(image.prob)}", anchor=False)
    photo_cell, map_cell, facts_cell = st.columns([3, 3, 4], gap="medium")
    with photo_cell:
        st.image(photo, width="stretch", alt=f"{task.thing} {image.image_id}")
        st.button(
            "Fill the window", key="large", icon=":material/fullscreen:", type="tertiary",
            shortcut="f", on_click=show_large, args=(image.image_id, run),
        )  # fmt: skip
        show_facts(image, task)
    with map_cell:
        evidence_place = st.empty()
        with evidence_place.container():  # as large as what will stand here: nothing jumps
            st.image(photo, width="stretch", alt="the same, until its map is ready")
            st.caption("Covering parts of the photo…")
    with facts_cell:
        marking.show_marking(card)  # first, so that the buttons stay where they are
        show_probabilities(run, place)
        cause_place = st.empty()
        show_doubts(image, run)
    return cause_place, evidence_place


def show_probabilities(run: Run, place: int) -> None:
    """The probability of each class."""
    task = cache.evidence(run).task
    lack = find_lack(run, "probabilities", "how sure it was")
    if lack:
        st.caption(lack)
        return
    prob = read_probabilities(run, is_mapped=True)[place]
    st.plotly_chart(
        probabilities(dict(zip(task.classes, prob.tolist(), strict=True)), task.name),
        key="prob", config={"displayModeBar": False}, alt="The probability of each class",
    )  # fmt: skip


def show_facts(image: Any, task: Task) -> None:
    """What the catalogue knows of the image."""
    known = [image.color or "no color", image.category, image.sub_category, image.brand]
    loss = "no loss" if np.isnan(image.loss) else f"loss {image.loss:.2f}"
    told = ""
    if image.catalog_label != image.label:
        labels = (image.catalog_label, image.label)
        says, was_told = (messages.escape(task.name(label)) or "nothing" for label in labels)
        told = f"The catalogue says {says}; the run was trained with {was_told}.  \n"
    st.caption(
        f"{told}{image.split} · {loss} · {messages.escape(' · '.join(filter(None, known)))}  \n"
        f"image {messages.escape(image.image_id)} · product {messages.escape(image.product_id)}  \n"
        + messages.escape(image.image_path).replace("/", "/\u200b")
    )


def show_cause(image: Any, run: Run) -> None:
    """Why the run was wrong, if it was, with the evidence."""
    if image.label and not image.correct:
        why = find_row(filters.read_causes(run), image.image_id)
        said = "; ".join(describe_reasons(why.evidence, cache.evidence(run).task))
        # The heading says already what it was called.
        said = f"  \n{messages.escape(said)}" if why.cause != MODEL else ""
        st.markdown(
            f"Cause: **{why.cause}**{said}",
            help=EXPLANATIONS[why.cause],
        )


def show_doubts(image: Any, run: Run) -> None:
    """What the label check says, and what else speaks against the label."""
    evidence = cache.evidence(run)
    issues, answers = evidence.issues, evidence.heads
    if issues is None or answers is None:
        st.caption("The labels have not been checked yet. Start a check in the Suspects view.")
        return
    heads = find_row(answers, image.image_id)
    issue = find_row(issues, image.image_id)
    if heads is None or issue is None:
        return
    says = f"says {evidence.task.name(heads.prediction)} ({numbers.probability(heads.prob)})"
    reasons = describe_reasons(issue.reasons, evidence.task)
    others = [reason for reason in reasons if not reason.startswith("the label check")]
    st.caption(
        messages.escape("; ".join([f"The label check {says}", *others]))
        + f"  \nLabel quality {issue.label_quality:.2f}",
        help="Label check: classifiers that never saw this product. Label quality: 0 is bad, 1 is "
        "good. It is their probability of the label, times the share of the product's other "
        "photos, and of photos that look the same, that have the label.",
    )
