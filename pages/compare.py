"""Is one run better than another, on the same photos?"""

import streamlit as st

from zapcls.analysis.compare import find_obstacle
from zapcls.blocks import Section
from zapcls.data.task import Task
from zapcls.findings import COMPARISONS, find_between
from zapcls.findings.ask import Ask
from zapcls.findings.compare import Found
from zapcls.ui import cache, messages, navigation, run_picker, run_state
from zapcls.ui.compare_photos import show_photos, swatch
from zapcls.ui.sections import show_blocks, show_section
from zapcls.workspace.runs import Run, list_runs

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
            on_change=put_in_url, args=(key,),
        )  # fmt: skip
    with right:
        st.markdown(
            f"{swatch('second')} Second run, chosen in the sidebar  \n"
            f"**{messages.escape(run_picker.describe_run(second))}**"
        )
    first = others[str(chosen)]
    if asked and asked not in others and asked != second.run_id:
        run_picker.warn_missing(asked, first)
    return first


def put_in_url(key: str) -> None:
    """Keep the choice of the first run in the URL."""
    st.query_params["with"] = st.session_state[key]


def choose_first(second: Run, others: dict[str, Run]) -> Run:
    """Choose the parent; else the newest that is older than `second`, of those that fit."""
    if second.parent_id in others:
        return others[second.parent_id]
    fitting = [run for run in others.values() if not find_obstacle(run, second)]
    older = [run for run in fitting if run.run_id < second.run_id]
    return [*older, *fitting, *others.values()][0]


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
