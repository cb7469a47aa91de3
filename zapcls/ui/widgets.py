"""What several pages show alike: the choice of run, galleries, a job's progress, links."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from zapcls import words
from zapcls.errors import ZapError
from zapcls.ui import cache
from zapcls.workspace import jobs
from zapcls.workspace.jobs import Job, Status
from zapcls.workspace.layout import read_chosen_data
from zapcls.workspace.runs import Run, create_run, list_runs
from zapcls.workspace.store import Store

PAGES = {
    "overview": "pages/overview.py",
    "classify": "pages/classify.py",
    "data": "pages/data.py",
    "learning_rate": "pages/learning_rate.py",
    "train": "pages/train.py",
    "results": "pages/results.py",
    "errors": "pages/errors.py",
    "color_bias": "pages/color_bias.py",
    "review": "pages/review.py",
    "compare": "pages/compare.py",
}
STATE_MARKS = {
    "queued": "○",
    "running": "▶",
    "done": "✓",
    "stopped": "■",
    "failed": "✕",
    "lost": "✕",
}
# Streamlit leaves 6 rem above the first heading; the answer should stand in the first screen.
# In a narrow window a row of choices goes on below instead of out of sight.
STYLE = """<style>
.stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 3rem; }
.stButtonGroup [role=radiogroup] { flex-wrap: wrap; row-gap: 0.25rem; }
</style>"""
DRAWN_NOTE = "These are drawings that zapcls made, not Zappos photos."
# The label is the shop's department, not the wearer.
REFRESH_S = 1.0
_ENTERED = "entered_by_navigation"


@contextlib.contextmanager
def explain_errors() -> Iterator[None]:
    """Turn an error with a sentence into a message on the page."""
    try:
        yield
    except ZapError as error:
        st.error(str(error), icon=":material/error:")


def enter(page: str) -> None:
    """Go through the entry file: the first line of each page.

    Until a server has run `st.navigation` once, Streamlit takes the folder `pages` for an app of
    the old kind and runs a page that is opened by its address without the entry. Such a page
    sends its visitor through the entry, which sends them back.
    """
    if not st.session_state.get(_ENTERED):
        st.switch_page("streamlit_app.py", query_params={**st.query_params, "open": page})


def send_back() -> None:
    """Open the page that `enter` came from; the entry file calls this after `st.navigation`."""
    st.session_state[_ENTERED] = True
    page = st.query_params.get("open")
    if page in PAGES:
        rest = {key: value for key, value in st.query_params.items() if key != "open"}
        st.switch_page(PAGES[page], query_params=rest)


def escape(text: str) -> str:
    """Keep markdown out of a name that came with the data."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|<>$~:" else sign for sign in text)


def describe_run(run: Run) -> str:
    """Name a run in one line: state, network, date, error rate."""
    mark = STATE_MARKS[jobs.read_status(run).state]
    date, time, arch = run.run_id.split("-")[:3]
    when = f"{int(date[6:])}.{int(date[4:6])}. {time[:2]}:{time[2:4]}"
    if not run.is_evaluated:
        return f"{mark} {arch} · {when}"
    return f"{mark} {arch} · {words.percent(run.rates['splits']['valid']['error_rate'])} · {when}"


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


def need_run() -> Run:
    """The picked run if it is evaluated; else says what to do about it, and ends the page."""
    run = chosen_run()
    if run is None:
        st.info("There is no run yet. A minute of training on the drawings makes one.")
        show_first_try()
        st.stop()
    if run.is_evaluated:
        if run.facts["is_drawn"]:
            st.caption(DRAWN_NOTE)
        return run
    status = jobs.read_status(run)
    if not status.is_final:
        st.info("This run is still training; its answers are here once it is done.")
        show_job(run)
    else:
        _explain_unevaluated(run, status)
    return st.stop()


def _explain_unevaluated(run: Run, status: Status) -> None:
    if status.state in ("failed", "lost"):
        show_failure(run, status)
        show_link("train", "Resume or train again", icon=":material/replay:")
        return
    st.info("This run was stopped before it was evaluated.")
    if not run.weights_path.is_file():
        st.caption("It had not finished an epoch, so there is nothing to evaluate.")
        show_link("train", "Train again", icon=":material/replay:")
        return
    running = _find_evaluation(run)
    if running is not None:
        show_job(running)
        return
    if st.button("Evaluate what it learned", type="primary", key="evaluate"):
        config = {"run": str(run.path), "data_dir": None}
        job = jobs.create(cache.workspace().jobs_dir, "evaluate", config)
        jobs.launch(job, cache.workspace())
        st.rerun()
    show_link("train", "Resume it on Train", icon=":material/resume:")


def _find_evaluation(run: Run) -> Job | None:
    active = find_active(cache.workspace().jobs_dir, "evaluate")
    return active if active and active.config["run"] == str(run.path) else None


def find_active(parent: Path, kind: str = "") -> Job | None:
    """The newest job (of a kind) that is queued or running, None when there is none."""
    for job in jobs.list_jobs(parent)[:30]:
        if kind in ("", job.kind) and not jobs.read_status(job).is_final:
            return job
    return None


def find_last(parent: Path, kind: str, run: Run) -> Job | None:
    """The newest job of a kind that is about a run, None when there is none."""
    for job in jobs.list_jobs(parent)[:30]:
        if job.kind == kind and job.config.get("run") == str(run.path):
            return job
    return None


def is_at_work(kind: str, run: Run) -> bool:
    """Show a job of a kind that is at work; else say why the run's last one failed, if it did."""
    folder = cache.workspace().jobs_dir
    active = find_active(folder, kind)
    if active:
        show_job(active)
        return True
    last = find_last(folder, kind, run)
    status = jobs.read_status(last) if last else None
    if last and status and status.state in ("failed", "lost"):
        show_failure(last, status)
    return False


def start_job(kind: str, run: Run, **config: Any) -> None:
    """Start a job about a run and show it."""
    workspace = cache.workspace()
    job = jobs.create(workspace.jobs_dir, kind, {"run": str(run.path), **config})
    jobs.launch(job, workspace)
    st.rerun()


def start_first_try() -> None:
    """Start the preset for newcomers on the drawings, and open the page that shows it."""
    from zapcls.config import build_config

    workspace = cache.workspace()
    run = create_run(workspace, build_config("first-try"), workspace.drawings_dir)
    jobs.launch(run, workspace)
    open_page("train", run=run.run_id)


def show_first_try(key: str = "first_try") -> None:
    """The one button for someone who has nothing yet."""
    label = "Train on the drawings (about a minute)"
    if st.button(label, type="primary", key=key, icon=":material/play_arrow:"):
        start_first_try()


def open_page(page: str, **params: Any) -> None:
    """Switch to a page, the chosen run and `params` in its URL."""
    st.switch_page(PAGES[page], query_params=_params(params))


def show_link(page: str, label: str, icon: str | None = None, **params: Any) -> None:
    """Link to a page, the chosen run and `params` in its URL."""
    st.page_link(PAGES[page], label=label, icon=icon, query_params=_params(params))


def _params(params: dict[str, Any]) -> dict[str, Any]:
    run = st.session_state.get("run")
    return ({"run": run} if run else {}) | params


def image_grid(
    table: pd.DataFrame, store: Store, caption: Callable[[Any], str], width_px: int
) -> None:
    """Show the photos of a table (column `row`) from the store, a caption under each.

    As many stand in a row as the window has room for.
    """
    with st.container(horizontal=True, gap="small"):
        for image in table.itertuples():
            with st.container(width=width_px):
                st.image(store.pixels[int(image.row)], width="stretch")
                st.caption(caption(image))


def show_job(job: Job) -> None:
    """A live panel of a job: progress, figures, a stop button; the page reruns when it ends."""

    @st.fragment(run_every=REFRESH_S)
    def panel() -> None:
        status = jobs.read_status(job)
        if status.is_final:
            st.rerun()
        show_progress(status)
        if job.stop_path.exists():
            st.caption("Stopping…")
        else:
            st.button(
                "Stop", key=f"stop-{job.job_id}", icon=":material/stop:",
                on_click=jobs.request_stop, args=(job,),
            )  # fmt: skip

    panel()


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
        figures.append(f"{words.duration(detail['seconds_left'])} left in this phase")
    share = min(1.0, status.done / status.total) if status.total else 0.0
    st.progress(share, text=f"**{phase}**")
    elapsed = f"{words.duration(status.seconds)} so far" if status.seconds else "starting"
    st.caption(" · ".join([*figures, elapsed]))


def show_failure(job: Job, status: Status) -> None:
    """Say why a job failed or was lost, its log one click away."""
    st.error(status.message or "It failed without a message.", icon=":material/error:")
    log = jobs.read_log_tail(job)
    if log:
        with st.expander("Log"):
            st.code(log, language=None)


def show_batch(run: Run) -> None:
    """Say that a run was trained with a smaller batch than was asked for, if it was."""
    asked = run.config["train"]["batch_size"]
    path = run.path / "model.json"
    used = run.facts.get("batch_size", asked) if path.is_file() else asked
    if used < asked:
        st.caption(
            f"A batch of {asked} did not fit in memory; it was trained with {used}.",
        )


def data_name() -> str:
    """Name the data in use in a few words."""
    workspace = cache.workspace()
    folder = read_chosen_data(workspace)
    return "the drawn catalogue" if folder == workspace.drawings_dir else folder.name
