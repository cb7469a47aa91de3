"""The choice of run in the sidebar and the URL."""

import re
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

import streamlit as st

from zapcls.blocks import numbers
from zapcls.errors import ZapError
from zapcls.ui import cache
from zapcls.ui.bound import put_in_url
from zapcls.ui.messages import escape
from zapcls.workspace import jobs
from zapcls.workspace.run_notes import read_notes
from zapcls.workspace.runs import Run, list_runs

STATE_MARKS = {
    "queued": "○", "running": "▶", "done": "✓", "stopped": "■", "failed": "✕", "lost": "✕",
    "damaged": "!",
}  # fmt: skip


TARGET = "target"  # of the session and the URL, for a run about several
_MISSING = "missing_run"
_RUN_ID = re.compile(r"(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})\d{2}-(.+)-[0-9a-f]{4}", re.ASCII)


def describe_run(run: Run) -> str:
    """Name a run in one line: state, its name or network, error rate, date."""
    notes = read_notes(run)
    state, said = _describe(run, notes.name, run.stamp())
    if state not in jobs.FINAL_STATES:  # no file tells whether its process is alive
        state = jobs.read_status(run).state
    return f"{'★ ' if notes.is_pinned else ''}{STATE_MARKS[state]} {said}"


@lru_cache(maxsize=4096)
def _describe(run: Run, name: str, stamp: cache.Identity) -> tuple[str, str]:
    """Return a run's stored state and its line, once for each version of its files."""
    named, when, rates = run.run_id, "", ["", ""]
    if parts := _RUN_ID.fullmatch(run.run_id):
        year, month, day, hour, minute, named = parts.groups()
        when = f"{year}-{month}-{day} {hour}:{minute}"
    is_damaged = jobs.is_damaged(run)
    if run.is_evaluated:
        rates, count = [numbers.percent(run.rates["splits"]["valid"]["error_rate"])], len(run.tasks)
        kind = "labels" if run.task.labels_of else "targets"
        rates.append(f"{count} {kind}" if count > 1 else "")
    state = "damaged" if is_damaged else jobs.read_stored(run).state
    return state, " · ".join(filter(None, (name or named, *rates, when)))


def pick_run() -> None:
    """Show the choice of run in the sidebar, kept in the URL; the entry file calls this once."""
    runs = sorted(list_runs(cache.workspace()), key=lambda run: not read_notes(run).is_pinned)
    known = {run.run_id: run for run in runs}
    # Not bound to the URL by Streamlit, which writes the line that a person reads, not the id.
    asked = st.query_params.get("run")
    _note_missing(asked, known)
    if not known:
        return
    if asked in known:
        st.session_state["run"] = asked
    elif st.session_state.get("run") not in known:
        evaluated = (name for name, run in known.items() if run.is_evaluated)
        st.session_state["run"] = next(evaluated, next(iter(known)))
    st.sidebar.selectbox(
        "Run",
        list(known),
        format_func=lambda name: describe_run(known[name]),
        key="run",
        on_change=_choose_run,
        help="The training that Classify, Results, Errors, Color bias and Review are about, and "
        "the second one of Compare. "
        "✓ done, ▶ running, ■ stopped, ✕ failed, ! damaged.",
    )
    if asked != st.session_state["run"]:
        put_in_url("run", "run")
    _pick_target(known[st.session_state["run"]])


def _pick_target(run: Run) -> None:
    """Show the choice of target of a run about several, kept in the URL as the run is."""
    titles = title_targets(run)
    targets = list(titles)
    if len(targets) < 2:
        st.session_state.pop(TARGET, None)
        st.query_params.pop(TARGET, None)
        return
    asked = st.query_params.get(TARGET)
    if asked in targets:
        st.session_state[TARGET] = asked
    elif st.session_state.get(TARGET) not in targets:
        st.session_state[TARGET] = targets[0]
    st.sidebar.selectbox(
        "Target", targets, key=TARGET, format_func=titles.__getitem__,
        on_change=put_in_url, args=(TARGET, TARGET),
        help="What this run predicts; the pages are about the one that is chosen.",
    )  # fmt: skip
    if asked != st.session_state[TARGET]:
        put_in_url(TARGET, TARGET)


def title_targets(run: Run) -> dict[str, str]:
    """Title the targets of a run, in order; none before it has begun, or where it is damaged."""
    try:
        return {task.target: task.title for task in run.tasks}
    except ZapError:
        return {}


def _note_missing(asked: str | None, known: Collection[str]) -> None:
    """Remember the run of a link that is gone until there is another link or choice."""
    if asked and asked not in known:
        st.session_state[_MISSING] = asked
    elif asked is None or asked != st.session_state.get("run"):
        st.session_state.pop(_MISSING, None)


def show_missing(shown: Run | None) -> None:
    """Warn that the run of the link is gone, if it is, and name what the page shows instead."""
    missing = st.session_state.get(_MISSING)
    if missing:
        warn_missing(missing, shown)


def warn_missing(run_id: str, shown: Run | None) -> None:
    """Warn that a run is not in this workspace, and name what the page shows instead."""
    instead = f" This page shows {describe_run(shown)} instead." if shown else ""
    st.warning(
        escape(
            f"The run {run_id[:80]} in the link is not in this workspace: it was deleted, or the "
            f"link is from another workspace.{instead}"
        ),
        icon=":material/link_off:",
    )


def _choose_run() -> None:
    st.session_state.pop(_MISSING, None)
    put_in_url("run", "run")


def chosen_run() -> Run | None:
    """The run that was picked, under the target that was, None when there is none at all."""
    known = {run.run_id: run for run in list_runs(cache.workspace())}
    run, target = known.get(st.session_state.get("run", "")), st.session_state.get(TARGET, "")
    return replace(run, target=target) if run else None
