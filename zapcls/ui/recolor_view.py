"""Photos recolored: the finding on a page with its job, and one photo in other colors."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from zapcls.answer.recolored import MOST_PHOTOS, show_in_colors
from zapcls.blocks import encode_photo, numbers
from zapcls.data.task import Task
from zapcls.findings import find, recolor
from zapcls.findings.ask import Ask
from zapcls.ui import cache, job_view, navigation
from zapcls.ui.bound import pick_one
from zapcls.ui.messages import hold_units
from zapcls.ui.sections import show_blocks
from zapcls.workspace.imports import find_lack
from zapcls.workspace.runs import Run

STRIPS = 3
SMALL_PX = 112  # six in a row at 1280 px
HELP = (
    "Only the object is recolored; its shading is kept. Where its lightness allows it, only the "
    "hue changes; elsewhere the lightness changes too (marked ◐), which may change an answer by "
    "itself. One photo proves nothing: Color bias does this for all photos, with controls."
)


@dataclass(frozen=True)
class Shown:
    """A photo in some color as the page shows it (see `Version`), a tenth of its pixels' bytes."""

    color: str
    edit: str
    photo: str  # a data URI
    prediction: str
    prob: float


def show_recoloring(run: Run, ask: Ask) -> None:
    """Show what recoloring the valid photos does to the answers, or start the job."""
    with st.spinner("Counting flips…"):
        found: recolor.Found = find("recolor", cache.evidence(run), ask)
    lack = find_lack(run, "model", "recoloring")
    if lack:
        st.caption(lack)
        return
    if not found.photos:
        job_view.offer_job(
            "recolor", run,
            f"Each {ask.task.thing} on a valid photo is given other colors, with its shading and "
            "the background unchanged, and the run answers again. The controls are random hues, "
            "the same lightness alone, and the background alone.", "Recolor the photos", "palette",
            f"A few minutes; at most {MOST_PHOTOS:,} photos, whole products.",
        )  # fmt: skip
        return
    edit = pick_one("What is moved", recolor.EDITS, "edit", format_func=recolor.EDITS.__getitem__)
    show_blocks(recolor.section(found, replace(ask, edit=edit)))
    show_examples(run, found, ask)


def show_examples(run: Run, found: recolor.Found, ask: Ask) -> None:
    """Show strips of photos whose answer depends on the hue alone, surest first."""
    flips, table = found.hue_flips, cache.evidence(run).predictions
    chosen = table[table["image_id"].isin(flips.loc[flips["flips"], "image_id"])]
    st.markdown(
        f"**{len(chosen):,} of {len(flips):,}** photos get a different answer with another hue of "
        f"the {ask.task.thing}, but not with a random hue or a recolored background."
    )
    shown = chosen[chosen["label"] == ask.label].sort_values("prob", ascending=False).head(STRIPS)
    if shown.empty:
        return
    with st.expander(f"The {len(shown)} surest of the {ask.task.noun(ask.label)} among them"):
        for image in shown.itertuples():
            show_strip(cache.evidence(run).store.pixels[image.row], run)
            navigation.show_link("errors", "Open this photo", image=image.image_id)


def show_strip(image: np.ndarray, run: Run) -> None:
    """Show the strip of one photo, uint8 (side, side, 3) as the run's model takes it."""
    if not run.onnx_path.is_file():
        none = "This run has no exported model, so it cannot be asked about other colors."
        st.caption(find_lack(run, "model", "asking about other colors") or none)
        return
    task = cache.evidence(run).task
    versions = _ask(run, image)
    st.markdown(f"##### {count_changes(versions, task)}", help=HELP)
    with st.container(horizontal=True, gap="small"):
        for version in versions:
            with st.container(width=SMALL_PX, gap="xsmall"):
                st.image(version.photo, width="stretch", alt=f"in {version.color}")
                st.caption(hold_units(describe(version, versions[0], task)))


@st.cache_data(max_entries=100, show_spinner=False, hash_funcs={Run: cache.identify_model})
def _ask(run: Run, image: np.ndarray) -> list[Shown]:
    return [
        Shown(one.color, one.edit, encode_photo(one.image), one.prediction, one.prob)
        for one in show_in_colors(cache.classifier(run), image, run.task)
    ]


def count_changes(versions: list[Shown], task: Task) -> str:
    """Describe how many of the colors change the answer."""
    original, *others = versions
    if not others:
        return f"No {task.thing} stands out from a plain background here, so none is recolored"
    changed = sum(other.prediction != original.prediction for other in others)
    called = task.name(original.prediction)
    if not changed:
        return f"Still {called} in all {len(others)} colors"
    return f"Still {called} in {len(others) - changed} of {len(others)} colors"


def describe(version: Shown, original: Shown, task: Task) -> str:
    """Write the color, and the answer, in bold where it is another."""
    mark = {"": " (as it is)", "hue": "", "color": " ◐"}[version.edit]
    answer = f"{task.name(version.prediction)}, {numbers.probability(version.prob)}"
    is_other = version.prediction != original.prediction
    return f"{version.color}{mark}  \n" + (f"**≠ {answer}**" if is_other else answer)
