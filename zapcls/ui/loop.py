"""The loop from a trained run to a better one: where it stands, and the one next step."""

from typing import Any, NamedTuple

import streamlit as st

from zapcls.analysis.decisions import build_corrections, count_changes
from zapcls.blocks import numbers
from zapcls.findings import find
from zapcls.findings.ask import SPLIT, Ask, build_ask
from zapcls.ui import cache, navigation
from zapcls.workspace.runs import Run, list_runs

STEP_PX = 120  # six in a row at 1280 px
LEARNED_FROM = ("train", "tune")
_SEEN = "steps_seen"  # in the session: (run, page) that were opened


class Step(NamedTuple):
    """One step: its name, its state in a few words, the way there, and whether it is done."""

    name: str
    state: str
    action: str
    page: str
    params: dict[str, Any]
    is_done: bool


def note_seen(page: str, run: Run) -> None:
    """Remember that a page was opened for a run, which leaves no other trace."""
    st.session_state.setdefault(_SEEN, set()).add((run.run_id, page))


def is_seen(page: str, run: Run) -> bool:
    """Whether a page was opened for a run in this session."""
    return (run.run_id, page) in st.session_state.get(_SEEN, ())


def count_learned(run: Run) -> int:
    """Count the labels of train and tune that a retraining would change."""
    evidence = cache.evidence(run)
    changes = count_changes(
        evidence.predictions, build_corrections(evidence.verdicts, evidence.classes)
    )
    learned = changes[changes["split"].isin(LEARNED_FROM)]
    return int(learned[["relabelled", "taken_out"]].to_numpy().sum())


def find_child(run: Run) -> Run | None:
    """Find the newest evaluated retraining of a run, or None."""
    later = (one for one in list_runs(cache.workspace()) if one.run_id > run.run_id)
    return next((one for one in later if one.is_evaluated and one.parent_id == run.run_id), None)


def judge_color(run: Run) -> str:
    """Return the verdict on color as far as it is worked out: mostly not."""
    evidence = cache.evidence(run)
    if evidence.recoloring is None or not is_seen("color_bias", run):
        return "is it to blame?"
    ask = build_ask(evidence)
    return find("summary", evidence, ask).answer.lower()


def list_steps(run: Run) -> list[Step]:
    """List the steps with their states, from what is on disk and what was opened."""
    evidence = cache.evidence(run)
    valid = find("rates", evidence, Ask(evidence.task)).valid
    table, verdicts = evidence.predictions, evidence.verdicts
    wrong = table[(table["split"] == SPLIT) & (table["label"] != "") & ~table["correct"]]
    reviewed = int(wrong["image_id"].isin(verdicts["image_id"]).sum())
    issues, child = evidence.issues, find_child(run)
    suspects = issues[issues["is_suspect"]] if issues is not None else None
    labels = "not checked" if suspects is None else numbers.count(len(suspects), "suspect")
    decided = suspects is not None and suspects["image_id"].isin(verdicts["image_id"]).any()
    changes = count_learned(run)
    pair = (child, {"run": child.run_id}) if child else (run, {})
    is_child = bool(run.parent_id)
    return [
        Step("Trained", f"{numbers.percent(valid['rate'])} wrong", "Results", "results", {}, True),
        Step(
            "Errors", f"{valid['hits']:,}, {reviewed:,} reviewed", "Look", "errors", {},
            reviewed > 0,
        ),
        Step(
            "Labels", labels, "Check them", "errors", {"view": "Suspects"},
            bool(decided) or is_child,
        ),
        Step("Color", judge_color(run), "Find out", "color_bias", {}, is_seen("color_bias", run)),
        Step(
            "Retrain", numbers.count(changes, "new label") if changes else "no new labels",
            "Retrain", "review", {}, bool(child) or is_child,
        ),
        Step(
            "Compare", "before and after" if child or is_child else "needs two runs",
            "Compare", "compare", pair[1], is_seen("compare", pair[0]),
        ),
    ]  # fmt: skip


def show_loop(run: Run) -> None:
    """Show the steps in a row; the current one has the filled button."""
    steps = [step for step in list_steps(run) if navigation.is_there(step.page)]
    current = next((place for place, step in enumerate(steps) if not step.is_done), -1)
    with st.container(horizontal=True, gap="small"):
        for place, step in enumerate(steps):
            with st.container(width=STEP_PX, gap="xsmall"):
                mark = ":material/check: " if step.is_done else ""
                st.markdown(f"{mark}**{step.name}**  \n{step.state}")
                if st.button(
                    step.action, key=f"step-{step.name}", width="stretch",
                    type="primary" if place == current else "secondary",
                ):  # fmt: skip
                    navigation.open_page(step.page, **step.params)
