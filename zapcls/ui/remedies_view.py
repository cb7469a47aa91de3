"""The finding on remedies on a page: which of them to try, and how often."""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from zapcls import schema
from zapcls.analysis.remedies import ERROR, FLIP, WORST
from zapcls.blocks import numbers
from zapcls.findings import find, remedies
from zapcls.findings.ask import Ask
from zapcls.findings.remedy_settings import BASE, MOST_SEEDS, REMEDIES, SEEDS
from zapcls.findings.verdict import decide_row
from zapcls.ui import cache, job_view, messages, settings_form
from zapcls.ui.sections import show_blocks
from zapcls.workspace import permissions
from zapcls.workspace.new_runs import create_retraining
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
            "A new head is trained on the run's frozen network with each of these remedies, and "
            f"with none ({REMEDIES[BASE].title}). It answers the valid photos as they are, and "
            f"with the hue of the {ask.task.thing} changed."
        )
        show_start(run)
        return
    if found.obstacle:
        show_blocks(section)
        return
    show_rows(found, run, ask)
    with st.expander("The same in charts and in words"):
        show_blocks(section)
    if permissions.may("start"):
        with st.expander("Try other remedies"):
            show_start(run)


def show_rows(found: remedies.Found, run: Run, ask: Ask) -> None:
    """Show a row for each remedy: what it changes, what that comes to, and a training with it."""
    measures = {
        measure: found.read_means(measure)
        for measure in (FLIP, WORST, ERROR) if found.is_known(measure)
    }  # fmt: skip
    is_free = permissions.may("start") and not settings_form.find_busy(run.train_config.device)
    for name in measures[ERROR].index.drop(BASE):
        with st.container(border=True):
            said, figures, action = st.columns([3, 5, 2], vertical_alignment="center")
            rows = {measure: table.loc[name] for measure, table in measures.items()}
            remedy = REMEDIES[name]
            said.markdown(f"**{remedy.title}**  \n{judge(rows)}", help=remedy.help)
            figures.markdown(
                "  \n".join(
                    f"{numbers.begin(remedies.name_measure(found, measure, ask))} "
                    f"{numbers.change(row)}"
                    for measure, row in rows.items()
                )
            )
            if is_free and action.button("Train with this", key=f"train-{name}"):
                train_with(name, run)
    st.caption(
        f"Points against {REMEDIES[BASE].title}, with 95 % intervals. "
        f"{remedies.explain_trainings(found)}"
    )


def judge(rows: dict[str, Any]) -> str:
    """Describe in a few words what a remedy comes to: its rows of the means by measure."""
    outcomes = {measure: decide_row(row).outcome for measure, row in rows.items()}
    helps = "lower" in (outcomes.get(FLIP), outcomes.get(WORST))
    if outcomes[ERROR] == "higher":
        return "helps, but errs more" if helps else "errs more"
    return "helps" if helps or outcomes[ERROR] == "lower" else "no clear effect"


def train_with(name: str, run: Run) -> None:
    """Start a training with a remedy, on the run's own split and under its other settings."""
    with messages.explain_errors():
        config = replace(run.train_config, **REMEDIES[name].settings)
        empty = pd.DataFrame(columns=list(schema.CORRECTIONS))
        none = schema.conform(empty, schema.CORRECTIONS, "corrections")
        job_view.launch_run(create_retraining(cache.workspace(), run, config, none))


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
        "A few minutes on two cores; what the frozen network computes is kept for next time."
    )
