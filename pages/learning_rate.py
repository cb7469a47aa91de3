"""How fast should it learn? The finder's curve, its four suggestions, and the way to Train."""

import streamlit as st

from zapcls.analysis import lr_curves
from zapcls.blocks import numbers
from zapcls.config import PHASES, TrainConfig
from zapcls.findings.training import draw_lr_curve
from zapcls.ui import cache, job_view, messages, navigation, settings_form
from zapcls.ui.sections import NO_TOOLBAR
from zapcls.workspace import jobs, lr_files
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import read_chosen_data
from zapcls.workspace.lr_files import Found
from zapcls.workspace.runs import list_runs

_AWAITED = "awaited_finder"
MEANINGS = {
    "valley": "the middle of the longest steady fall; the usual choice",
    "slide": "the end of the steep part, before the loss turns",
    "steep": "where the loss falls fastest",
    "minimum": "a tenth of the rate with the lowest loss",
}


def find_curves() -> dict[str, Found]:
    """Find all curves, the newest first, by their titles."""
    workspace = cache.workspace()
    finders = jobs.list_jobs(workspace.jobs_dir, "lr_find")
    trained = [run for run in list_runs(workspace) if not jobs.is_damaged(run)]
    sources: list[Job] = sorted([*finders, *trained], key=lambda job: job.job_id, reverse=True)
    curves = {}
    for job in sources[:30]:
        for found in lr_files.read_found(job):
            settings = TrainConfig().to_json() | job.config["train"]
            phase = settings_form.name_phase(settings, found.phase)
            curves[f"{settings['arch']}, {phase} · {job.job_id}"] = found
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
    st.session_state[_AWAITED] = job.job_id
    st.rerun()


def turn_to_awaited(curves: dict[str, Found]) -> None:
    """Choose the curve of the finder that was started here, once it is there."""
    for title, found in curves.items():
        if found.job.job_id == st.session_state.get(_AWAITED):
            st.session_state["curve"] = title
            del st.session_state[_AWAITED]
            return


def show_launcher(has_curves: bool) -> None:
    """Choose a phase and start the finder; once there are curves, that is the lesser button."""
    settings_form.follow_data()
    chosen = settings_form.read_settings()
    phases = [phase for phase in PHASES if chosen[f"{phase}_epochs"] or phase == "unfrozen"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        phase = st.segmented_control(
            "Phase", phases, default=phases[0], required=True, key="phase", width="content",
            format_func=lambda phase: settings_form.name_phase(chosen, phase),
            help="Each phase has its own rate. The finder trains for a hundred steps, with several "
            "seeds where that is quick. For the unfrozen phase it trains the head first, as "
            "the training does.",
        )  # fmt: skip
        if settings_form.show_ready(chosen["device"]) and st.button(
            "Find the learning rate", key="find", icon=":material/show_chart:",
            type="secondary" if has_curves else "primary",
        ):  # fmt: skip
            start_finder(str(phase))
    said = settings_form.describe_settings(chosen)
    st.caption(f"With the settings of the training form: {said}.")


def show_curve(found: Found) -> None:
    """Draw a curve with its suggestions; one click takes one to the training form."""
    rates = found.rates
    with st.container(horizontal=True, vertical_alignment="center"):
        picked = st.segmented_control(
            "Suggestion", list(rates), default="valley", required=True, key="suggestion",
            label_visibility="collapsed", width="content",
            format_func=lambda name: f"{name} · {numbers.learning_rate(rates[name])}",
            on_change=lambda: settings_form.use_rate(
                found.phase, rates[st.session_state["suggestion"]]
            ),
        )  # fmt: skip
        if st.button("Train with this", type="primary", key="use", icon=":material/arrow_forward:"):
            settings_form.use_rate(found.phase, rates[picked])
            navigation.open_page("train", open_form="true")
    st.caption(f"{picked}: {MEANINGS[str(picked)]}. Choosing one fills the training form.")
    show_doubts(found)
    curves = found.read_curves()
    if curves.empty:
        st.caption("Its curve is no longer on disk.")
        return
    median = lr_curves.summarize(curves)
    st.plotly_chart(
        draw_lr_curve(median, curves, rates), key="lr_curve", config=NO_TOOLBAR,
        alt="The training loss over the learning rate, its suggestions marked",
    )  # fmt: skip
    st.caption(describe_seeds(found.valleys))


def show_doubts(found: Found) -> None:
    """Show why a curve is a poor guide, or one to another training than the form's."""
    doubts = [*found.faults]
    differences = settings_form.find_differences(found.job, found.phase)
    if differences:
        doubts.append(f"This is a curve of another training: {'; '.join(differences)}.")
    if doubts:
        st.warning("\n\n".join(doubts), icon=":material/warning:")


def describe_seeds(valleys: list[float]) -> str:
    """Describe how many seeds the curve is of, and how far apart their valleys lie."""
    low, high = numbers.learning_rate(min(valleys)), numbers.learning_rate(max(valleys))
    if len(valleys) == 1:
        return f"1 seed, valley {low}."
    return f"{len(valleys)} seeds, valleys {low} to {high}."


navigation.enter("learning_rate")
st.title("Learning rate", anchor=False)
st.markdown(
    "The learning rate is how far the network moves at each step: too low and it hardly learns, "
    "too high and it never settles. The finder trains while the rate grows. Where the loss falls "
    "steadily, the rate is a good one; where it turns up, it is too high."
)
curves = find_curves()
active = job_view.find_active(cache.workspace().jobs_dir, "lr_find")
if active:
    job_view.show_job(active)
else:
    with messages.explain_errors():
        show_launcher(has_curves=bool(curves))
    job_view.show_last_failure("lr_find")

if curves:
    turn_to_awaited(curves)
    title = st.selectbox("Curve", list(curves), key="curve", label_visibility="collapsed")
    show_curve(curves[title])
elif not active:
    st.caption("No curve yet. It takes a hundred steps, about a minute on two cores.")
