"""The choice of run in the sidebar and the URL."""

import streamlit as st

from zapcls import words
from zapcls.ui import cache
from zapcls.workspace import jobs
from zapcls.workspace.runs import Run, list_runs

STATE_MARKS = {
    "queued": "○",
    "running": "▶",
    "done": "✓",
    "stopped": "■",
    "failed": "✕",
    "lost": "✕",
}


def describe_run(run: Run) -> str:
    """Name a run in one line: state, network, date, error rate."""
    mark = STATE_MARKS[jobs.read_status(run).state]
    date, time, arch = run.run_id.split("-")[:3]
    when = f"{int(date[6:])}.{int(date[4:6])}. {time[:2]}:{time[2:4]}"
    if not run.is_evaluated:
        return f"{mark} {arch} · {when}"
    return f"{mark} {arch} · {words.percent(run.metrics['splits']['valid']['error_rate'])} · {when}"


def pick_run() -> None:
    """Show the choice of run in the sidebar, kept in the URL; the entry file calls this once."""
    known = {run.run_id: run for run in list_runs(cache.workspace())}
    if not known:
        return
    # Not bound to the URL by Streamlit, which writes the line that a person reads, not the id.
    asked = st.query_params.get("run")
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
        on_change=_put_run_in_url,
        help="The training that Classify, Results, Errors, Color bias and Review are about, and "
        "the second one of Compare. "
        "✓ done, ▶ running, ■ stopped, ✕ failed.",
    )
    if asked != st.session_state["run"]:
        _put_run_in_url()


def _put_run_in_url() -> None:
    st.query_params["run"] = st.session_state["run"]


def chosen_run() -> Run | None:
    """The run that was picked, None when there is none at all."""
    known = {run.run_id: run for run in list_runs(cache.workspace())}
    return known.get(st.session_state.get("run", ""))
