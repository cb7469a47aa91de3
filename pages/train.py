"""Start a training, watch it, stop it, and see why one failed."""

import streamlit as st

from zapcls.ui import cache, charts, settings_form, widgets
from zapcls.workspace import jobs
from zapcls.workspace.jobs import Status
from zapcls.workspace.layout import read_chosen_data
from zapcls.workspace.runs import Run, create_run, read_history, read_losses


def show_curves(run: Run) -> None:
    """Draw the curves so far."""
    losses, history = read_losses(run), read_history(run)
    if losses.empty:
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(charts.loss_curves(losses, history), key=f"loss-{run.run_id}")
    with right:
        if history.empty:
            st.caption("The error rate on tune is drawn after each epoch.")
        else:
            st.plotly_chart(charts.error_curve(history), key=f"error-{run.run_id}")


def watch(run: Run) -> None:
    """Show a running training live, until it ends."""

    @st.fragment(run_every=widgets.REFRESH_S)
    def panel() -> None:
        status = jobs.read_status(run)
        if status.is_final:
            st.rerun()
        widgets.show_progress(status)
        if run.stop_path.exists():
            st.caption("Stopping; the best weights so far are kept.")
        else:
            st.button(
                "Stop", key="stop", icon=":material/stop:", on_click=jobs.request_stop, args=(run,)
            )
        show_curves(run)

    st.subheader(f"Training {run.run_id}", anchor=False)
    panel()


def show_ended(run: Run, status: Status) -> None:
    """Show how the picked run ended, and where to go from there."""
    st.subheader(f"Run {run.run_id}", anchor=False)
    if status.state == "done":
        valid = run.metrics["splits"]["valid"]
        st.success(
            f"Done in {widgets.duration(run.metrics['seconds'])}: "
            f"{widgets.percent(valid['error_rate'])} of {valid['n']:,} valid photos wrong "
            f"(95 % interval {widgets.interval(valid['error_low'], valid['error_high'])}).",
            icon=":material/check:",
        )
        first, second, _ = st.columns([1, 1, 3])
        with first:
            widgets.show_link("results", "Results", icon=":material/insights:")
        with second:
            widgets.show_link("errors", "Errors", icon=":material/image_search:")
    elif status.state == "stopped":
        kept = (
            "its best weights are kept" if run.weights_path.is_file() else "no epoch was finished"
        )
        st.info(f"Stopped after {widgets.duration(status.seconds or 0)}; {kept}.")
        if run.weights_path.is_file():
            widgets.show_link("results", "Evaluate it on Results", icon=":material/insights:")
    else:
        widgets.show_failure(run, status)
    show_curves(run)


def start() -> None:
    """Start a run with the settings as they stand."""
    workspace = cache.workspace()
    run = create_run(workspace, settings_form.build_chosen_config(), read_chosen_data(workspace))
    jobs.launch(run, workspace)
    widgets.open_page("train", run=run.run_id)


widgets.enter("train")
st.title("Train", anchor=False)
active = widgets.find_active(cache.workspace().runs_dir, "train")
if active:
    watch(Run(active.path))
else:
    st.markdown(f"A training on **{widgets.data_name()}**: {settings_form.describe_settings()}.")
    top = st.container()  # the button stands above the form, but reads what the form says
    with widgets.explain_errors():
        settings_form.show_form()
        with top:
            if settings_form.show_ready() and st.button(
                "Start training", type="primary", key="start", icon=":material/play_arrow:"
            ):
                start()
    run = widgets.chosen_run()
    if run:
        st.divider()
        show_ended(run, jobs.read_status(run))
