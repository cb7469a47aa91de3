"""The finding on remedies on a page: which of them to try, and how often."""

import streamlit as st

from zapcls.findings import find, remedies
from zapcls.findings.ask import Ask
from zapcls.findings.remedy_settings import BASE, MOST_SEEDS, REMEDIES, SEEDS
from zapcls.ui import cache, job_view
from zapcls.ui.sections import show_blocks
from zapcls.workspace import permissions
from zapcls.workspace.runs import Run

OTHERS = [name for name in REMEDIES if name != BASE]
START_HELP = "\n".join(f"- **{REMEDIES[name].title}**: {REMEDIES[name].help}" for name in OTHERS)


def show_remedies(run: Run) -> None:
    """Show what remedies cost and bring, or what is to be done to know it."""
    evidence = cache.evidence(run)
    ask = Ask(evidence.task)
    found: remedies.Found = find("remedies", evidence, ask)
    section = remedies.section(found, ask)
    if found.remedies.empty and not found.obstacle:
        st.markdown(
            f"The head is trained anew on the run's frozen network, by each of these remedies and "
            f"by none ({REMEDIES[BASE].title}). It is asked about the valid photos as they are, "
            f"and with the hue of the {ask.task.thing} moved."
        )
        show_start(run)
        return
    show_blocks(section)
    if not found.obstacle and permissions.may("start"):
        with st.expander("Try other remedies"):
            show_start(run)


def show_start(run: Run) -> None:
    """Choose remedies and start the job, or watch the one at work."""
    if not permissions.may("start"):
        st.caption(job_view.NOT_IN_DEMO)
        return
    if job_view.is_at_work("trade", run):
        return
    names = st.pills(
        "Remedies", OTHERS, default=OTHERS, selection_mode="multi", key="remedies",
        format_func=lambda name: REMEDIES[name].title, help=START_HELP, width="stretch",
    )  # fmt: skip
    seeds = st.number_input(
        "Trainings of each", 2, MOST_SEEDS, SEEDS, key="remedy_seeds", width=160,
        help="Each with a seed of its own, to show what chance alone changes.",
    )  # fmt: skip
    if st.button(
        "Try these remedies", type="primary", key="trade", icon=":material/balance:",
        disabled=not names,
    ):  # fmt: skip
        job_view.start_about("trade", run, options=[BASE, *names], seeds=int(seeds))
    st.caption(
        "Some minutes on two cores; what the frozen network gives is kept for the next time."
    )
