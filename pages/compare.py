"""Is one run better than another, on the same photos?"""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls.analysis.compare import CELLS, RUNS, find_obstacle
from zapcls.blocks import numbers
from zapcls.data.task import Task
from zapcls.findings import build_between, find_between
from zapcls.findings.ask import Ask
from zapcls.findings.compare import RUN_COLORS, Found
from zapcls.findings.compare_trainings import describe_settings
from zapcls.ui import cache, loop, messages, navigation, photos, run_picker, run_state
from zapcls.ui.bound import pick_one, pick_rows, put_in_url
from zapcls.ui.sections import show_blocks, show_section
from zapcls.workspace.runs import Run, list_runs

PAGE_SIZE = 24
CARD_PX = 184  # four in a row at 1280 px, two on a telephone
BOTH = "fixed and broken"
VIEWS = {
    BOTH: "Fixed: the first run was wrong, the second is right. Broken: the other way round.",
    "fixed": "The first run was wrong, the second is right.",
    "broken": "The first run was right, the second is wrong.",
    "still wrong": "Both runs are wrong.",
    "by relabelling": "The first run is right under one label and wrong under the other: what "
    "changed is the label, not the network.",
}
SECTIONS = {
    "photos": "photo by photo", "trainings": "how they learned", "groups": "by group",
    "recolored": "recolored",
}  # fmt: skip


def pick_runs(run: Run) -> tuple[Run, Run]:
    """Choose the run to compare with, kept in the URL; the older of the two comes first.

    Without another run the page ends.
    """
    runs = list_runs(cache.workspace())
    others = {one.run_id: one for one in runs if one.is_evaluated and one.run_id != run.run_id}
    if not others:
        st.info(
            "Two evaluated runs can be compared, and this is the only one. Train another, or mark "
            "wrong labels on Errors and retrain with them on Review."
        )
        navigation.show_link(
            "train", "Train another run", ":material/model_training:", open_form="true"
        )
        st.stop()
    key = f"with-{run.run_id}"
    asked = st.query_params.get("with")
    if asked in others:
        st.session_state[key] = asked
    elif st.session_state.get(key) not in others:
        st.session_state[key] = choose_other(run, others).run_id
    places = dict(zip(RUNS, st.columns(2, gap="large", vertical_alignment="bottom"), strict=True))
    is_newer = run.run_id > st.session_state[key]
    with places["first" if is_newer else "second"]:
        chosen = st.selectbox(
            f"{swatch('first' if is_newer else 'second')} Compare with", list(others), key=key,
            format_func=lambda run_id: run_picker.describe_run(others[run_id]),
            on_change=put_in_url, args=("with", key),
        )  # fmt: skip
    with places["second" if is_newer else "first"]:
        st.markdown(
            f"{swatch('second' if is_newer else 'first')} The run chosen in the sidebar  \n"
            f"**{messages.escape(run_picker.describe_run(run))}**"
        )
    other = others[str(chosen)].alike(run)
    if asked and asked not in others and asked != run.run_id:
        run_picker.warn_missing(asked, other)
    return (other, run) if is_newer else (run, other)


def choose_other(run: Run, others: dict[str, Run]) -> Run:
    """Choose the parent; else the newest that is older than `run`, of those that fit."""
    if run.parent_id in others:
        return others[run.parent_id]
    older = [one for one in others.values() if one.run_id < run.run_id]
    fitting = (one for one in (*older, *others.values()) if not find_obstacle(one.alike(run), run))
    return next(fitting, next(iter(others.values())))


def swatch(run: str) -> str:
    """Write a square in the constant color of the first or second run."""
    return f':color[■]{{foreground="{RUN_COLORS[run]}"}}'


@st.fragment  # so that turning a page of it computes nothing else anew
def show_photos(pairs: pd.DataFrame, first: Run, second: Run) -> None:
    """Show what was fixed beside what was broken, and on request the photos of another cell."""
    st.subheader("What changed, photo by photo", anchor="photos")
    counts = pairs["cell"].value_counts()
    said = [f"**{counts.get(cell, 0):,}** {cell}" for cell in CELLS]
    relabelled = int(pairs["by_relabelling"].sum())
    said += [f"**{relabelled:,}** by relabelling"] if relabelled else []
    st.markdown(" · ".join(said))
    view = pick_one("Photos", VIEWS, "cell")
    cells = ("fixed", "broken") if view == BOTH else (view,)
    st.caption(f"{VIEWS[view]} Under the corrected labels, surest answer of the second run first.")
    for place, cell in zip(st.columns(len(cells), gap="large"), cells, strict=True):
        with place:
            if view == BOTH:
                st.markdown(f"**{numbers.begin(cell)}**")
            show_cell(pairs, cell, first, second)


def show_cell(pairs: pd.DataFrame, cell: str, first: Run, second: Run) -> None:
    """Show the photos of one cell; a click opens one with both runs' answers."""
    evidence = cache.evidence(second)
    chosen = pairs["by_relabelling"] if cell == "by relabelling" else pairs["cell"] == cell
    found = pairs[chosen].sort_values(["prob_second", "image_id"], ascending=[False, True])
    if found.empty:
        st.info(f"No {evidence.task.things} here.")
        return
    shown = pick_rows(found, PAGE_SIZE, f"compare_{cell.replace(' ', '_')}")
    with st.container(horizontal=True, gap="small"):
        for image in shown.itertuples():
            with st.container(width=CARD_PX, gap="xsmall"):
                photo = photos.thumbnail(evidence.store, image.row)
                told = evidence.task.describe(image.label_old)
                if photos.show_button(photo, f"compare-{image.image_id}", told):
                    navigation.open_page(
                        "errors", run=second.run_id, image=image.image_id, **{"with": first.run_id}
                    )
                st.caption(write_caption(image, evidence.task))


def write_caption(image: Any, task: Task) -> str:
    """Write a photo's label, corrected if it was, and what either run calls it."""
    label = task.describe(image.label_old)
    if image.label_new != image.label_old:
        label += f", corrected to {task.name(image.label_new) or 'none'}"
    answers = [
        f"{swatch(run)} {run}: {task.name(getattr(image, f'prediction_{run}'))}, "
        f"{numbers.probability(getattr(image, f'prob_{run}'))}"
        for run in RUNS
    ]
    return "  \n".join([label, *answers])


def pick_group_column(run: Run) -> str:
    """Choose what photos are grouped by."""
    evidence = cache.evidence(run)
    return str(
        st.selectbox(
            "Group photos by", evidence.list_attributes(), key="by", bind="query-params", width=260,
            format_func=lambda name: Ask(evidence.task, by=name).word,
            help="Error rates are compared in each group and label.",
        )
    )  # fmt: skip


def show_groups(task: Task) -> None:
    """Show the error rates by group, what photos are grouped by chosen below the heading."""
    heading = st.container()
    section = build_between("compare_groups", *both, Ask(task, by=pick_group_column(second)))
    heading.subheader(section.title, anchor=section.name)
    show_blocks(section)


navigation.enter("compare")
st.title("Compare", anchor=False)
first, second = pick_runs(run_state.need_run())
loop.note_seen("compare", second)
both = cache.evidence(first), cache.evidence(second)
ask = Ask(both[1].task)
found: Found = find_between("compare", *both, ask)
if found.pairs.empty:
    st.info(
        "No photo is valid in both runs, so none is new to both. Train with the seed and the split "
        "of the first run, or retrain from it: a retraining keeps its parent's split."
    )
    st.stop()
st.caption("On this page: " + " · ".join(f"[{name}](#{key})" for key, name in SECTIONS.items()))
st.markdown(describe_settings(find_between("compare_trainings", *both, ask), found.corrected))
show_blocks(build_between("compare", *both, ask))
show_photos(found.pairs, first, second)
show_section(build_between("compare_trainings", *both, ask))
show_groups(ask.task)
show_section(build_between("compare_flips", *both, ask))
