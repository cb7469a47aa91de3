"""What a page about a run shows of its state: that it is at work, ended early, or not there."""

import streamlit as st

from zapcls.config import build_config
from zapcls.errors import Damaged
from zapcls.ui import cache
from zapcls.ui.job_view import find_active, launch_run, show_failure, show_job, start_job
from zapcls.ui.messages import DRAWN_NOTE, escape
from zapcls.ui.navigation import show_link
from zapcls.ui.run_picker import chosen_run, show_missing
from zapcls.workspace import jobs, permissions
from zapcls.workspace.jobs import Status
from zapcls.workspace.runs import Run, create_run, describe_broken, find_broken


def need_run() -> Run:
    """The picked run if it is evaluated; else says what to do about it, and ends the page."""
    run = chosen_run()
    show_missing(run)
    if run is None:
        st.info("There is no run yet. A minute of training on the drawings makes one.")
        show_first_try()
        st.stop()
    if run.is_evaluated:
        if broken := find_broken(run):
            _show_damage(run, str(describe_broken(run, broken)))
        if run.facts["is_drawn"]:
            st.caption(DRAWN_NOTE)
        return run
    status = jobs.read_status(run)
    if status.state == "damaged":
        _show_damage(run, status.message)
    if not status.is_final:
        st.info("This run is still training; its answers are here once it is done.")
        show_job(run)
    else:
        _explain_unevaluated(run, status)
    return st.stop()


def _show_damage(run: Run, said: str) -> None:
    """Say what is damaged and offer what mends it, if anything; ends the page."""
    st.error(escape(permissions.conceal(said)), icon=":material/error:")
    try:
        run.check_trained()
    except Damaged:
        st.stop()
    if run.weights_path.is_file():
        _offer_evaluation(run, "Evaluate it again")
    st.stop()


def _offer_evaluation(run: Run, label: str) -> None:
    """Show the evaluation that is at work, else the button that starts one."""
    if not permissions.may("start"):
        return
    running = find_active(cache.workspace().jobs_dir, "evaluate")
    if running and running.config["run"] == str(run.path):
        show_job(running)
    elif st.button(label, type="primary", key="evaluate"):
        start_job("evaluate", run=str(run.path), data_dir=None)


def _explain_unevaluated(run: Run, status: Status) -> None:
    if status.state in ("failed", "lost"):
        show_failure(run)
        show_link("train", "Resume or train again", icon=":material/replay:")
        return
    st.info("This run was stopped before it was evaluated.")
    if not run.weights_path.is_file():
        st.caption("It had not finished an epoch, so there is nothing to evaluate.")
        show_link("train", "Train again", icon=":material/replay:")
        return
    _offer_evaluation(run, "Evaluate what it learned")
    show_link("train", "Resume it on Train", icon=":material/resume:")


def show_first_try() -> None:
    """The one button for someone who has nothing yet: the preset for newcomers, on drawings."""
    if not permissions.may("start"):
        return
    label = "Train on the drawings (under a minute)"
    if st.button(label, type="primary", key="first_try", icon=":material/play_arrow:"):
        workspace = cache.workspace()
        launch_run(create_run(workspace, build_config("first-try"), workspace.drawings_dir))
