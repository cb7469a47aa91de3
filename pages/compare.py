"""Is one run better than another, on the same photos?"""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls.analysis.compare import CELLS, RUNS, find_obstacle
from zapcls.blocks import Section, numbers
from zapcls.data.task import Task
from zapcls.findings import COMPARISONS, find_between
from zapcls.findings.ask import Ask
from zapcls.findings.compare import RUN_COLORS, Found
from zapcls.ui import cache, messages, navigation, photos, run_picker, run_state
from zapcls.ui.bound import pick_one, pick_rows, put_in_url
from zapcls.ui.sections import show_blocks, show_section
from zapcls.workspace.runs import Run, list_runs

PAGE_SIZE = 24
CARD_PX = 184  # four in a row at 1280 px, two on a telephone
VIEWS = {
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


def pick_first(second: Run) -> Run:
    """Choose the run to compare with, kept in the URL; without another one the page ends."""
    runs = list_runs(cache.workspace())
    others = {run.run_id: run for run in runs if run.is_evaluated and run.run_id != second.run_id}
    if not others:
        st.info(
            "Two evaluated runs can be compared, and this is the only one. Train another, or mark "
            "wrong labels on Errors and retrain with them on Review."
        )
        navigation.show_link("train", "Train another run", icon=":material/model_training:")
        st.stop()
    key = f"with-{second.run_id}"
    asked = st.query_params.get("with")
    if asked in others:
        st.session_state[key] = asked
    elif st.session_state.get(key) not in others:
        st.session_state[key] = choose_first(second, others).run_id
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        chosen = st.selectbox(
            f"{swatch('first')} First run", list(others), key=key,
            format_func=lambda run_id: run_picker.describe_run(others[run_id]),
            on_change=put_in_url, args=("with", key),
        )  # fmt: skip
    with right:
        st.markdown(
            f"{swatch('second')} Second run, chosen in the sidebar  \n"
            f"**{messages.escape(run_picker.describe_run(second))}**"
        )
    first = others[str(chosen)].alike(second)
    if asked and asked not in others and asked != second.run_id:
        run_picker.warn_missing(asked, first)
    return first


def choose_first(second: Run, others: dict[str, Run]) -> Run:
    """Choose the parent; else the newest that is older than `second`, of those that fit."""
    if second.parent_id in others:
        return others[second.parent_id]
    fitting = [run for run in others.values() if not find_obstacle(run.alike(second), second)]
    older = [run for run in fitting if run.run_id < second.run_id]
    return [*older, *fitting, *others.values()][0]


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


def build_section(name: str, ask: Ask) -> Section:
    """Find what the two runs differ in, and describe it."""
    return COMPARISONS[name].section(find_between(name, *both, ask), ask)


def show_groups(task: Task) -> None:
    """Show the error rates by group, what photos are grouped by chosen below the heading."""
    heading = st.container()
    section = build_section("compare_groups", Ask(task, by=pick_group_column(second)))
    heading.subheader(section.title, anchor=section.name)
    show_blocks(section)


navigation.enter("compare")
st.title("Compare", anchor=False)
second = run_state.need_run()
first = pick_first(second)
both = cache.evidence(first), cache.evidence(second)
ask = Ask(both[1].task)
found: Found = find_between("compare", *both, ask)
if found.pairs.empty:
    st.info(
        "No photo is valid in both runs, so there is nothing that neither has learned from. Train "
        "with the seed and the split of the first run, or retrain from it: a retraining keeps its "
        "parent's split."
    )
    st.stop()
st.caption("On this page: " + " · ".join(f"[{name}](#{key})" for key, name in SECTIONS.items()))
show_blocks(build_section("compare", ask))
show_photos(found.pairs, second)
show_section(build_section("compare_trainings", ask))
show_groups(ask.task)
show_section(build_section("compare_flips", ask))
