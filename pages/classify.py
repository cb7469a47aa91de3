"""What does the run say of my photo?"""

import streamlit as st

from zapcls.answer.limits import explain_unknown
from zapcls.blocks import numbers
from zapcls.config.priors import EVEN, LEARNED
from zapcls.config.risks import RISK, RISKS, write_risk
from zapcls.data.photo import SUFFIXES
from zapcls.data.task import Task
from zapcls.ui import (
    cache,
    job_view,
    messages,
    navigation,
    run_picker,
    run_state,
    to_try,
    uploads,
)
from zapcls.ui.answer_view import show_answer
from zapcls.ui.bound import pick_one
from zapcls.ui.many_view import show_many
from zapcls.workspace import permissions
from zapcls.workspace.runs import Run

UNEVEN = 1.1  # times as many of the most frequent class as of the rarest: a prior then matters


def pick_risk(run: Run) -> float:
    """Ask how many of the answers that are called sure may be wrong, or say why nobody knows."""
    if cache.limits(run) is None:
        st.info(messages.escape(explain_unknown(run)), icon=":material/info:")
        may_start = permissions.may("start") and not run.is_imported
        is_idle = may_start and not job_view.is_at_work("evaluate", run)
        if is_idle and st.button("Evaluate it", key="evaluate", icon=":material/fact_check:"):
            job_view.start_job("evaluate", run=str(run.path), data_dir=None)
        return RISK
    return st.select_slider(
        "Share of sure answers that may be wrong", RISKS, RISK, key="risk",
        format_func=write_risk, width=360,
        help="Results shows how many answers are sure at each setting, and how many of those were "
        "wrong.",
    )  # fmt: skip


def pick_prior(run: Run) -> str:
    """Ask how frequent the classes are where the photos come from, where that may matter."""
    limits = cache.limits(run)
    shares = limits.shares(run.task.target) if limits else {}
    if not shares or max(shares.values()) < UNEVEN * min(shares.values()):
        return LEARNED
    most = max(shares, key=shares.__getitem__)
    called = f"{numbers.percent(shares[most])} {messages.escape(run.task.name(most))}"
    titles = {LEARNED: f"as in training ({called})", EVEN: "equal numbers"}
    return pick_one(
        "Class mix where the photos come from", titles, "prior", format_func=titles.__getitem__,
        help="A network favors the classes it saw most often. For photos from another shop, equal "
        "numbers is the better guess.",
    )  # fmt: skip


def ask(task: Task) -> str:
    """Ask the question that the page answers."""
    if task.is_department:
        return f"Which department would a shop put this {task.thing} in?"
    if task.labels_of:
        label = messages.escape(f"{task.column_word} {task.classes[0]}")
        return f"Does the {label} fit this {task.thing}?"
    return f"Which {task.word} does this {task.thing} belong to?"


navigation.enter("classify")
st.title("Classify", anchor=False)
run = run_state.need_run()
task = run.task
st.markdown(
    f"{ask(task)} Best is one {task.thing} from the side, facing left, on a plain light "
    "background, as in the catalogue."
)
upload, camera = st.columns([3, 2], gap="large")
with upload:
    files = st.file_uploader("Photos", SUFFIXES, accept_multiple_files=True, key=uploads.PHOTOS)
with camera:
    use_camera = st.toggle("Use the camera", key="use_camera")
    shot = (
        st.camera_input("Camera", key=uploads.CAMERA, label_visibility="collapsed")
        if use_camera
        else None
    )
valid = run.rates["splits"]["valid"]
whose = "The label is the shop's department, not the wearer. " if task.is_department else ""
st.caption(
    f"Answered by {messages.escape(run_picker.describe_run(run))}, which is wrong on "
    f"{numbers.percent(valid['error_rate'])} of {valid['n']:,} photos it had never "
    f"seen{numbers.balanced(run.balanced_error_rate)}. {whose}Photos stay in memory on this "
    "machine."
)
left, right = st.columns(2, gap="large")
with left:
    risk = pick_risk(run)
with right:
    prior = pick_prior(run)
if len(files) > uploads.MOST_PHOTOS:
    st.warning(
        f"Classify answers {uploads.MOST_PHOTOS} photos at a time, but {len(files)} are uploaded, "
        "so the last ones are left out. Remove some of the others to see them.",
        icon=":material/warning:",
    )
photos = [(file.getvalue(), file.name) for file in files[: uploads.MOST_PHOTOS]]
if shot is not None:
    photos.append((shot.getvalue(), "camera photo"))
if not photos and (tried := to_try.pick_photo(run)):
    photos.append(tried)
for place, (content, name) in enumerate(photos):
    show_answer(run, content, name, place, risk, prior)
show_many(run, prior)
