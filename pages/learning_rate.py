"""How fast should it learn? The finder's curve, its four suggestions, and the way to Train."""

import streamlit as st

from zapcls.config import PHASES
from zapcls.ui import cache, charts, settings_form, widgets
from zapcls.workspace import jobs
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import read_chosen_data, read_json
from zapcls.workspace.runs import list_runs, read_lr_curve

PHASE_NAMES = {"frozen": "head only (frozen)", "unfrozen": "whole network (unfrozen)"}
MEANINGS = {
    "valley": "the middle of the longest steady fall; the usual choice",
    "slide": "the end of the steep part, before the loss turns",
    "steep": "where the loss falls fastest",
    "minimum": "a tenth of the rate with the lowest loss",
}


def find_curves() -> dict[str, tuple[Job, str]]:
    """All curves, the newest first: a title -> the job or run, and its phase."""
    workspace = cache.workspace()
    found = [job for job in jobs.list_jobs(workspace.jobs_dir) if job.kind == "lr_find"]
    sources: list[Job] = sorted(
        [*found, *list_runs(workspace)], key=lambda job: job.job_id, reverse=True
    )
    curves: dict[str, tuple[Job, str]] = {}
    for job in sources[:30]:
        path = job.path / "lr_suggestions.json"
        if path.is_file():
            arch = job.config["train"]["arch"]
            for phase in read_json(path):
                curves[f"{arch}, {PHASE_NAMES[phase]} · {job.job_id}"] = (job, phase)
    return curves


def start_finder(phase: str) -> None:
    """Start the finder with the settings of the training form."""
    workspace = cache.workspace()
    config = {
        "train": settings_form.build_chosen_config().to_json(),
        "data_dir": str(read_chosen_data(workspace)),
        "phase": phase,
    }
    job = jobs.create(workspace.jobs_dir, "lr_find", config)
    jobs.launch(job, workspace)
    st.rerun()


def show_launcher() -> None:
    """Choose a phase and start the finder."""
    chosen = settings_form.read_settings()
    phases = [phase for phase in PHASES if chosen[f"{phase}_epochs"] or phase == "unfrozen"]
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        phase = st.segmented_control(
            "Phase", phases, format_func=PHASE_NAMES.get, default=phases[0], required=True,
            key="phase", help="Each phase has its own rate. The finder of the whole network "
            "trains the head first, as the training does.",
        )  # fmt: skip
    with right:
        if settings_form.show_ready() and st.button(
            "Find the learning rate", type="primary", key="find", icon=":material/show_chart:"
        ):
            start_finder(str(phase))
    st.caption(f"With the settings of the training form: {settings_form.describe_settings()}.")


def show_curve(job: Job, phase: str) -> None:
    """Draw a curve with its suggestions; one click takes one to the training form."""
    curve = read_lr_curve(job)
    suggestions = read_json(job.path / "lr_suggestions.json")[phase]
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with left:
        picked = st.segmented_control(
            "Suggestion", list(suggestions), default="valley", required=True, key="suggestion",
            label_visibility="collapsed",
            format_func=lambda name: f"{name} · {suggestions[name]:.1e}",
            on_change=lambda: settings_form.use_rate(
                phase, suggestions[st.session_state["suggestion"]]
            ),
        )  # fmt: skip
    with right:
        if st.button("Train with this", type="primary", key="use", icon=":material/arrow_forward:"):
            settings_form.use_rate(phase, suggestions[picked])
            widgets.open_page("train")
    st.caption(f"{picked}: {MEANINGS[str(picked)]}. Choosing one fills the training form.")
    st.plotly_chart(charts.lr_curve(curve[curve["phase"] == phase], suggestions), key="lr_curve")


widgets.enter("learning_rate")
st.title("Learning rate", anchor=False)
st.markdown(
    "The finder trains for a hundred steps while the rate grows. Where the loss falls steadily, "
    "the rate is a good one; where it turns up, it is too high."
)
active = widgets.find_active(cache.workspace().jobs_dir, "lr_find")
if active:
    widgets.show_job(active)
else:
    with widgets.explain_errors():
        show_launcher()
    last = next(
        (j for j in jobs.list_jobs(cache.workspace().jobs_dir) if j.kind == "lr_find"), None
    )
    if last and jobs.read_status(last).state in ("failed", "lost"):
        widgets.show_failure(last, jobs.read_status(last))

curves = find_curves()
if curves:
    title = st.selectbox("Curve", list(curves), key="curve", label_visibility="collapsed")
    show_curve(*curves[title])
elif not active:
    st.caption("No curve yet. It takes under a minute on the drawings.")
