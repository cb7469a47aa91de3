"""What a page about a run shows of its state: that it is at work, ended early, or not there."""

import streamlit as st

from zapcls.config import build_config
from zapcls.data.labels import summarize
from zapcls.data.sources import drawings
from zapcls.errors import Damaged
from zapcls.ui import cache, settings_form
from zapcls.ui.job_view import find_active, launch_run, show_failure, show_job, start_job
from zapcls.ui.messages import DRAWN_NOTE, escape
from zapcls.ui.navigation import show_link
from zapcls.ui.run_picker import chosen_run, show_missing
from zapcls.workspace import jobs, permissions, places
from zapcls.workspace.jobs import Status
from zapcls.workspace.layout import read_chosen_data
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.runs import Run


def need_run() -> Run:
    """The picked run if it is evaluated; else says what to do about it, and ends the page."""
    run = chosen_run()
    show_missing(run)
    if run is None:
        st.info("There is no run yet. One click trains the first.")
        show_first_try()
        st.stop()
    if run.is_evaluated:
        try:
            run.check_answers()
        except Damaged as error:
            _show_damage(run, str(error))
        if run.facts["is_drawn"]:
            st.caption(DRAWN_NOTE)
        return run
    status = jobs.read_status(run)
    if status.state == "damaged":
        _show_damage(run, status.message)
    if not status.is_final:
        st.info("This run is still training; its answers will be here once it is done.")
        show_job(run)
    else:
        _explain_unevaluated(run, status)
    return st.stop()


def _show_damage(run: Run, said: str) -> None:
    """Show what is damaged and offer what mends it, if anything; ends the page."""
    st.error(escape(places.conceal(said)), icon=":material/error:")
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
    """Show the buttons for someone who has nothing yet: their photos first, else the drawings."""
    if not permissions.may("start"):
        return
    workspace = cache.workspace()
    folder = read_chosen_data(workspace)
    is_own = folder != workspace.drawings_dir and not drawings.recognizes(folder)
    with st.container(horizontal=True):
        if is_own and st.button(
            f"Train on your {count_own()}", type="primary", key="first_own",
            icon=":material/play_arrow:",
        ):  # fmt: skip
            settings_form.follow_data()
            launch_run(create_run(workspace, settings_form.build_chosen_config(), folder))
        if st.button(
            "Train on drawings" if is_own else "Train now", key="first_try",
            type="secondary" if is_own else "primary", icon=":material/play_arrow:",
        ):  # fmt: skip
            launch_run(create_run(workspace, build_config("first-try"), workspace.drawings_dir))
    if is_own:
        named = escape(folder.name)
        st.caption(
            f"Your photos: {named}, with the settings of the page Train. Drawings: a minute."
        )
    else:
        st.caption("On 1,200 drawings of shoes: about a minute on two cores.")


def count_own() -> str:
    """Count the photos in use, as far as they are read."""
    store = cache.chosen_store()
    if store is None:
        return "photos"
    return f"{summarize(cache.catalog(store))['kept']:,} photos"
