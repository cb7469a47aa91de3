"""What does the run say of my photo?"""

from collections.abc import Sequence

import streamlit as st

from zapcls.answer.classify import Answer
from zapcls.answer.limits import explain_unknown, name_learned
from zapcls.blocks import numbers
from zapcls.blocks.counts import probabilities
from zapcls.config.risks import RISK, RISKS, write_risk
from zapcls.data.photo import SUFFIXES
from zapcls.data.task import Task, gather_labels
from zapcls.errors import BadInput
from zapcls.ui import cache, job_view, messages, navigation, run_picker, run_state, uploads
from zapcls.ui.many_view import show_many
from zapcls.ui.neighbors_view import show_neighbors
from zapcls.ui.recolor_view import show_strip
from zapcls.workspace import permissions
from zapcls.workspace.runs import Run

LEAST_SHOWN = 0.01  # probability of a label that is not given; less likely ones are counted


def show_answer(run: Run, task: Task, content: bytes, name: str, place: int) -> None:
    """Classify one photo, the one at this place, and show what was seen and what was said."""
    with st.container(border=True):
        try:
            answers = uploads.answer_upload(run, content, name)
        except BadInput as error:
            st.error(messages.escape(str(error)), icon=":material/error:")
            return
        answer = answers[task.target]
        picture, said = st.columns([1, 2], gap="large", vertical_alignment="center")
        with picture:
            st.image(answer.pixels, width=220, alt="the photo, as the model saw it")
            st.caption(f"{messages.escape(name)}, as the model saw it")
        with said:
            share = numbers.probability(answer.prob[answer.label])
            if answer.familiar is False:
                st.warning(f"This does not look like {name_learned(task)}.", icon=":material/help:")
            called = messages.escape(task.name(answer.label))
            looks = numbers.begin(called) if task.labels_of else f"Looks like {called}"
            st.markdown(f"### {looks}: {share}")
            show_threshold(task)
            show_sureness(run, task, answer)
            st.plotly_chart(
                probabilities(answer.prob, task.name), key=f"prob-{place}",
                config={"displayModeBar": False}, alt="The probability of each class",
            )  # fmt: skip
            if len(answers) > 1:
                show_others(run, task, answers)
        if answer.familiar is not False:
            show_strip(answer.pixels, run)
        show_neighbors(run, answer.pixels, content, name, place)


def show_sureness(run: Run, task: Task, answer: Answer) -> None:
    """Show whether the answer is sure at the risk that is picked; of a familiar photo only."""
    limits = cache.limits(run)
    if limits is None or answer.familiar is False:
        return
    risk = st.session_state["risk"]
    if limits.is_sure(answer, task.target, risk):
        st.markdown(
            f":material/check: **Sure.** Of such answers {write_risk(risk)} or less are wrong."
        )
    else:
        st.markdown(
            ":material/question_mark: **Not sure.** Of such answers more than "
            f"{write_risk(risk)} are wrong."
        )


def pick_risk(run: Run) -> None:
    """Ask how many of the answers that are called sure may be wrong, or say why nobody knows."""
    if cache.limits(run) is None:
        st.info(messages.escape(explain_unknown(run)), icon=":material/info:")
        may_start = permissions.may("start") and not run.is_imported
        is_idle = may_start and not job_view.is_at_work("evaluate", run)
        if is_idle and st.button("Evaluate it", key="evaluate", icon=":material/fact_check:"):
            job_view.start_job("evaluate", run=str(run.path), data_dir=None)
        return
    st.select_slider(
        "Wrong at most, of the answers that are called sure", RISKS, RISK, key="risk",
        format_func=write_risk, width=360,
        help="Results shows how many answers are sure at each of these, and how many of them "
        "were wrong.",
    )  # fmt: skip


def show_threshold(task: Task) -> None:
    """Show from which probability on a label is given."""
    if task.threshold is not None:
        st.caption(
            f"A photo is called {messages.escape(task.classes[0])} from "
            f"{numbers.probability(task.threshold)} on, where tune expects the best F1."
        )


def show_others(run: Run, task: Task, answers: dict[str, Answer]) -> None:
    """Show the answers under the run's other targets, the labels of a column in one line."""
    said = []
    for gathered in gather_labels(run.tasks):
        if gathered[0].labels_of:
            said.append(describe_labels(gathered, answers))
        elif gathered != [task]:
            [other] = gathered
            answer = answers[other.target]
            share = numbers.percent(answer.prob[answer.label])
            called = messages.escape(other.name(answer.label))
            said.append(f"{messages.escape(numbers.begin(other.word))}: **{called}**, {share}")
    st.markdown("  \n".join(said))


def describe_labels(labels: Sequence[Task], answers: dict[str, Answer]) -> str:
    """Describe which labels of a column are given and which are not, the likeliest first."""
    likely = {label: answers[label.target].prob[label.classes[0]] for label in labels}
    given, others = [], []
    for label in sorted(labels, key=lambda one: -likely[one]):
        said = f"{messages.escape(label.classes[0])} {numbers.probability(likely[label])}"
        is_given = answers[label.target].label == label.classes[0]
        if is_given:
            given.append(f"**{said}**")
        elif likely[label] >= LEAST_SHOWN:
            others.append(said)
    column = messages.escape(numbers.begin(labels[0].column_word))
    rest = f"; not {', '.join(others)}" if others else ""
    less = len(labels) - len(given) - len(others)
    rest += f"; {less} others are less likely" if less else ""
    return f"{column}: {', '.join(given) or '**none**'}{rest}"


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
    f"{ask(task)} Best is one {task.thing} from the side, facing left, on a plain light ground, as "
    "in the catalogue."
)
upload, camera = st.columns([3, 2], gap="large")
with upload:
    files = st.file_uploader("Photos", SUFFIXES, accept_multiple_files=True, key="photos")
with camera:
    use_camera = st.toggle("Use the camera", key="use_camera")
    shot = st.camera_input("Camera", label_visibility="collapsed") if use_camera else None
valid = run.rates["splits"]["valid"]
whose = "The label is the shop's department, not the wearer. " if task.is_department else ""
st.caption(
    f"Answered by {messages.escape(run_picker.describe_run(run))}, which is wrong on "
    f"{numbers.percent(valid['error_rate'])} of {valid['n']:,} photos it had not seen"
    f"{numbers.balanced(run.balanced_error_rate)}. {whose}"
    "Photos stay in memory on this machine."
)
pick_risk(run)
if len(files) > uploads.MOST_PHOTOS:
    st.warning(
        f"Classify answers {uploads.MOST_PHOTOS} photos at a time, but {len(files)} are uploaded: "
        "the last ones are left out. Remove some of the others to see them.",
        icon=":material/warning:",
    )
photos = [(file.getvalue(), file.name) for file in files[: uploads.MOST_PHOTOS]]
if shot is not None:
    photos.append((shot.getvalue(), "camera photo"))
for place, (content, name) in enumerate(photos):
    show_answer(run, task, content, name, place)
show_many(run)
