"""Jobs on a page: which are at work, their progress, how one failed, the start of another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from zapcls.blocks import numbers
from zapcls.ui import cache, messages, navigation
from zapcls.workspace import jobs, permissions
from zapcls.workspace.jobs import Job, Status
from zapcls.workspace.runs import Run

REFRESH_S = 1.0
NOT_IN_DEMO = "This demo does not have this result: nothing is computed in it."
AWAITED = "awaited_run"  # in the session: the training that was started here


def find_active(parent: Path, kind: str = "") -> Job | None:
    """The newest job (of a kind) that is queued or running, None when there is none."""
    for job in jobs.list_jobs(parent)[:30]:
        if not jobs.read_status(job).is_final and kind in ("", job.kind):
            return job
    return None


def find_last_failure(*kinds: str, run: Run | None = None) -> Job | None:
    """Find the newest job of some kinds, about a run if given, if it failed."""
    for job in jobs.list_jobs(cache.workspace().jobs_dir, *kinds)[:30]:
        if run is None or job.config.get("run") == str(run.path):
            return job if jobs.read_status(job).state in ("failed", "lost") else None
    return None


def show_last_failure(*kinds: str, run: Run | None = None) -> None:
    """Show why the newest job of some kinds, about a run if given, failed, if it did."""
    if job := find_last_failure(*kinds, run=run):
        show_failure(job)


def is_at_work(kind: str, run: Run) -> bool:
    """Show a job of a kind that is at work; else say why the run's last one failed, if it did."""
    active = find_active(cache.workspace().jobs_dir, kind)
    if active:
        show_job(active)
        return True
    show_last_failure(kind, run=run)
    return False


def start_job(kind: str, **config: Any) -> None:
    """Start a job and show it: the page runs again."""
    workspace = cache.workspace()
    jobs.launch(jobs.create(workspace.jobs_dir, kind, config), workspace)
    st.rerun()


def start_about(kind: str, run: Run, **config: Any) -> None:
    """Start a job about a run, under the target that is looked at."""
    start_job(kind, run=str(run.path), target=run.target, **config)


def launch_run(run: Run) -> None:
    """Start a training, and open the page that shows it."""
    st.session_state[AWAITED] = run.run_id
    jobs.launch(run, cache.workspace())
    navigation.open_page("train", run=run.run_id)


def offer_job(kind: str, run: Run, said: str, button: str, icon: str, cost: str) -> None:
    """Describe a job about a run, and show the button that starts it, or the one at work."""
    st.markdown(said)
    if not permissions.may("start"):
        st.caption(NOT_IN_DEMO)
        return
    if is_at_work(kind, run):
        return
    if st.button(button, type="primary", key=kind, icon=f":material/{icon}:"):
        start_about(kind, run)
    st.caption(cost)


def show_job(
    job: Job, stopping: str = "Stopping…", show_more: Callable[[], None] | None = None
) -> None:
    """A live panel of a job: progress, figures, a stop button; the page reruns when it ends.

    Args:
        stopping: what is said once it was asked to stop.
        show_more: draws what else is watched.
    """

    @st.fragment(run_every=REFRESH_S)
    def panel() -> None:
        status = jobs.read_status(job)
        if status.is_final:
            st.rerun()
        show_progress(status)
        if job.stop_path.exists():
            st.caption(stopping)
        else:
            st.button(
                "Stop", key=f"stop-{job.job_id}", icon=":material/stop:",
                on_click=request_stop, args=(job,),
            )  # fmt: skip
        if show_more:
            show_more()

    panel()


def request_stop(job: Job) -> None:
    """Ask a job to stop: a callback."""
    with messages.toast_errors():
        jobs.request_stop(job)


def show_progress(status: Status) -> None:
    """Draw one status: the phase, a bar, and its figures with units."""
    phase = status.phase or "Starting"
    figures = []
    detail = status.detail or {}
    if "epoch" in detail and detail["epochs"] * detail["batches"] == status.total:
        figures.append(f"epoch {detail['epoch']} of {detail['epochs']}")
        figures.append(f"batch {detail['batch']} of {detail['batches']}")
    elif "epoch" in detail:  # a finder's mock training breaks off anywhere, once a seed
        figures.append(f"step {status.done} of {status.total}")
    if "images_per_s" in detail:
        figures.append(f"{detail['images_per_s']:.0f} images/s")
    if "bytes_per_s" in detail:
        figures.append(f"{status.done / 1e6:.1f} of {status.total / 1e6:.1f} MB")
        figures.append(f"{detail['bytes_per_s'] / 1e6:.1f} MB/s")
    elif status.total and "epoch" not in detail:
        figures.append(f"{status.done:,} of {status.total:,}")
    if detail.get("seconds_left") is not None:
        figures.append(f"{numbers.duration(detail['seconds_left'])} left in this phase")
    share = min(1.0, status.done / status.total) if status.total else 0.0
    st.progress(share, text=f"**{phase}**")
    elapsed = f"{numbers.duration(status.seconds)} so far" if status.seconds else "starting"
    st.caption(" · ".join([*figures, elapsed]))


def show_failure(job: Job) -> None:
    """Describe why a job failed or was lost, its log one click away."""
    st.error(
        jobs.read_status(job).message or "It failed without a message.", icon=":material/error:"
    )
    log = jobs.read_log_tail(job)
    if log:
        with st.expander("Log"):
            st.code(log, language=None)
