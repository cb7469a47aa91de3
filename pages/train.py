"""Start a training, watch it, stop it, and see why one failed."""

from collections.abc import Callable

import streamlit as st

from zapcls.blocks import numbers
from zapcls.findings.training import describe_batch, draw_errors, draw_losses
from zapcls.ui import (
    cache,
    import_form,
    job_view,
    messages,
    navigation,
    photos,
    run_picker,
    settings_form,
)
from zapcls.ui.bound import fold
from zapcls.ui.notes_view import show_notes
from zapcls.ui.quiz import find_worst
from zapcls.ui.sections import NO_TOOLBAR
from zapcls.ui.watched_view import show_watched
from zapcls.workspace import jobs
from zapcls.workspace.jobs import Status
from zapcls.workspace.layout import Workspace, read_chosen_data
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.run_tables import read_history, read_losses
from zapcls.workspace.runs import Run
from zapcls.workspace.splits import build_tasks
from zapcls.workspace.trash import archive_run, delete_run, list_archived, restore_run

WORST, WORST_PX = 5, 158  # five in a row at 1280 px


def show_course(run: Run) -> None:
    """Show how the training goes: eight photos and their answers, then the curves so far."""
    with messages.explain_errors():
        show_watched(run)
    show_curves(run)


def show_curves(run: Run) -> None:
    """Draw the curves so far."""
    losses, history = read_losses(run), read_history(run)
    if losses.empty:
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(
            draw_losses(losses, history), key=f"loss-{run.run_id}", config=NO_TOOLBAR,
            alt="The loss after each step",
        )  # fmt: skip
    with right:
        if history.empty:
            st.caption("The error rate on tune is drawn after each epoch.")
        else:
            st.plotly_chart(
                draw_errors(history, run.train_config), key=f"error-{run.run_id}",
                config=NO_TOOLBAR,
                alt="The error rate on tune after each epoch",
            )  # fmt: skip


def show_ended(run: Run, status: Status) -> None:
    """Show how the picked run ended, and where to go from there."""
    if status.state == "done":
        st.caption(f"Run {messages.escape(run.run_id)}")
    else:
        st.subheader(f"Run {messages.escape(run.run_id)}", anchor=False)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        show_notes(run)
        show_archive(run)
        show_delete(run)
    if status.state == "damaged":
        st.error(messages.escape(status.message), icon=":material/error:")
        return
    if status.state == "stopped":
        kept = (
            "its best weights are kept" if run.weights_path.is_file() else "no epoch was finished"
        )
        st.info(f"Stopped after {numbers.duration(status.seconds or 0)}; {kept}.")
    elif status.is_final and status.state != "done":
        job_view.show_failure(run)
    if status.state == "stopped" and run.weights_path.is_file():
        navigation.show_link("results", "Evaluate it on Results", icon=":material/insights:")
    if said := describe_batch(run):
        st.caption(said)
    show_course(run)


def show_move(
    run: Run, verb: str, icon: str, said: str, move: Callable[[Workspace, str], object]
) -> None:
    """Offer to move a run that has ended out of the lists."""
    with st.popover(verb, icon=icon, type="tertiary"), messages.explain_errors():
        st.markdown(said)
        if st.button(f"{verb} this run", key=f"{verb.lower()}_run"):
            move(cache.workspace(), run.run_id)
            st.rerun()


def show_archive(run: Run) -> None:
    """Offer to move a run into the archive."""
    said = "The run disappears from all lists and moves to the folder `archive` of the workspace."
    show_move(run, "Archive", ":material/archive:", said, archive_run)


def show_archived() -> None:
    """Offer to bring archived runs back; nothing where there are none."""
    archived = list_archived(cache.workspace())
    if not archived:
        return
    with st.expander(f"Archived runs · {len(archived):,}"), messages.explain_errors():
        run_id = st.selectbox("Archived run", archived, key="archived")
        if st.button("Bring it back", key="restore_run"):
            restore_run(cache.workspace(), run_id)
            st.rerun()


def show_delete(run: Run) -> None:
    """Offer to move a run into the trash."""
    said = "The run moves to the folder `trash` of the workspace; decisions are kept."
    show_move(run, "Delete", ":material/delete:", said, delete_run)


def show_finish(run: Run) -> None:
    """Show what a finished run came to: its rate, its worst errors, and the next step."""
    valid = run.rates["splits"]["valid"]
    task = run.task
    st.subheader(
        f"Done{name_target(run)}. {valid['errors']:,} of {valid['n']:,} wrong "
        f"({numbers.percent(valid['error_rate'])})", anchor=False,
    )  # fmt: skip
    st.caption(
        f"Valid photos, which it never saw; 95 % interval "
        f"{numbers.interval(valid['error_low'], valid['error_high'])}"
        f"{numbers.balanced(run.balanced_error_rate)}. "
        f"{'Imported' if run.is_imported else 'Trained and evaluated'} in "
        f"{numbers.duration(run.metrics['seconds'])}."
    )
    store = cache.evidence(run).store
    with st.container(horizontal=True, gap="small"):
        for image in find_worst(run, WORST).itertuples():
            with st.container(width=WORST_PX, gap="xxsmall"):
                told = f"{task.describe(image.label)}, called {task.name(image.prediction)}"
                if photos.show_button(photos.thumbnail(store, image.row), image.image_id, told):
                    navigation.open_page("errors", image=image.image_id)
                st.caption(messages.escape(told))
    with st.container(horizontal=True, vertical_alignment="center"):
        said, page = "Look at its errors", "errors"
        asked = {"run": run.run_id}
        if run.parent_id:
            said, page = "Compare with the run before", "compare"
            asked["with"] = run.parent_id
        st.button(
            said, type="primary", key="next_step", on_click=navigation.ask_for, args=(page,),
            kwargs=asked,
        )  # fmt: skip
        navigation.show_link("results", "Results", icon=":material/insights:")
    follow_up(run)


def follow_up(run: Run) -> None:
    """Start what makes the views of a run complete, once, where it was trained in this session."""
    if st.session_state.get(job_view.AWAITED) != run.run_id:
        return
    del st.session_state[job_view.AWAITED]
    evidence, workspace = cache.evidence(run), cache.workspace()
    wanted = {"check_labels": evidence.check.is_done, "map": evidence.map is not None}
    for kind in [kind for kind, is_done in wanted.items() if not is_done]:
        jobs.launch(jobs.create(workspace.jobs_dir, kind, {"run": str(run.path)}), workspace)


def name_target(run: Run) -> str:
    """Name the target that the rate of a run about several is of: , closure."""
    return f", {messages.escape(run.task.title)}" if len(run.tasks) > 1 else ""


def show_starts(picked: Run | None) -> None:
    """Offer to start a run with the form's settings, or to go on with the picked one."""
    is_ready = settings_form.show_ready(settings_form.read_settings()["device"])
    resumable = picked if picked and can_resume(picked) else None
    with st.container(horizontal=True):
        if is_ready and st.button(
            "Start training", type="primary", key="start", icon=":material/play_arrow:"
        ):
            workspace = cache.workspace()
            config = settings_form.build_chosen_config()
            if config.cells == "labels" and (store := cache.chosen_store()):
                build_tasks(store, config)  # a column that has no labels is told of before it runs
            job_view.launch_run(create_run(workspace, config, read_chosen_data(workspace)))
        if resumable and st.button("Resume", key="resume", icon=":material/resume:"):
            resume(resumable)
    if resumable:
        named = messages.escape(run_picker.describe_run(resumable))
        st.caption(f"Resume: {named} {describe_resume(resumable)}.")


def show_form(picked: Run | None) -> None:
    """Show the settings of the next training, above them what they come to and its start."""
    top = st.container()  # it stands above the form, but reads what the form says
    with messages.explain_errors():
        settings_form.show_form()
        with top:
            said = settings_form.describe_settings(settings_form.read_settings())
            st.markdown(f"A training on **{messages.data_name()}**: {said}.")
            show_starts(picked)


def can_resume(run: Run) -> bool:
    """Whether a run ended early, and what it trains on is free."""
    has_ended_early = jobs.read_status(run).state in jobs.RESUMABLE_STATES
    return has_ended_early and not settings_form.find_busy(run.train_config.device)


def describe_resume(run: Run) -> str:
    """Describe where a run that ended early would go on."""
    config, history = run.train_config, read_history(run)
    epochs = config.frozen_epochs + config.unfrozen_epochs
    if history.empty:
        return "starts over with its own settings, because no epoch was finished"
    if not (run.path / "checkpoint.pt").is_file():
        return "starts over with its own settings, because it has no checkpoint"
    done = int(history["epoch"].max())
    if done >= epochs:
        return f"continues with its evaluation, because all {epochs} epochs are done"
    return (
        f"continues after epoch {done} of {epochs} with its own settings, exactly as it would have"
    )


def resume(run: Run) -> None:
    """Go on with a run that ended early."""
    with messages.explain_errors():
        jobs.reopen(run)
        jobs.launch(run, cache.workspace())
        st.rerun()


navigation.enter("train")
st.title("Train", anchor=False)
active = job_view.find_active(cache.workspace().runs_dir)
if active:
    run_picker.show_missing(Run(active.path))
    run = Run(active.path)
    doing = "Importing" if run.is_imported else "Training"
    st.subheader(f"{doing} {run.run_id}", anchor=False)
    stopping = "Stopping…" if run.is_imported else "Stopping; the best weights so far are kept."
    job_view.show_job(run, stopping, lambda: show_course(run))
else:
    run_picker.show_missing(run_picker.chosen_run())
    picked = run_picker.chosen_run()
    is_done = picked is not None and picked.is_evaluated
    if picked and is_done:
        with messages.explain_errors():
            show_finish(picked)
    form = fold("Train another network", "open_form") if is_done else st.container()
    if not is_done or form.open:
        with form:
            show_form(picked)
    import_form.show_import()
    show_archived()
    if picked:
        st.divider()
        show_ended(picked, jobs.read_status(picked))
