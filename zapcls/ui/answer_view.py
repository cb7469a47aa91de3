"""What a run says of one upload: the answer, its doubt, and its reasons."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from zapcls.answer import saliency
from zapcls.answer.classify import Answer
from zapcls.answer.limits import name_learned
from zapcls.blocks import numbers
from zapcls.blocks.counts import probabilities
from zapcls.config.risks import write_risk
from zapcls.data.task import Task, gather_labels
from zapcls.errors import BadInput
from zapcls.ui import cache, messages, uploads
from zapcls.ui.crop_form import pick_frame
from zapcls.ui.evidence_view import describe_evidence
from zapcls.ui.neighbors_view import show_neighbors
from zapcls.ui.recolor_view import show_strip
from zapcls.workspace.runs import Run

LEAST_SHOWN = 0.01  # probability of a label that is not given; less likely ones are counted
PHOTO_PX = 220


def show_answer(run: Run, content: bytes, name: str, place: int, risk: float, prior: str) -> None:
    """Classify one upload, the one at this place of the page, and show what was said and why.

    `risk` (one of RISKS) and `prior` (one of PRIORS) are what the person picked.
    """
    task, limits = run.task, cache.limits(run)
    with st.container(border=True):
        picture, said = st.columns([1, 2], gap="large", vertical_alignment="center")
        try:
            with picture:
                photo = st.container()
                frame = pick_frame(content, name, limits.closeness if limits else None, place)
            answers = uploads.answer_upload(run, content, name, frame)
        except BadInput as error:
            st.error(messages.escape(str(error)), icon=":material/error:")
            return
        if limits:
            answers = {key: limits.expect(one, key, prior) for key, one in answers.items()}
        answer = answers[task.target]
        with photo:
            st.image(answer.pixels, width=PHOTO_PX, alt="the photo, as the model saw it")
            st.caption(f"{messages.escape(name)}, as the model saw it")
        with said:
            _show_said(run, answers, place, risk)
        if answer.familiar is not False:
            show_strip(answer.pixels, run)
        show_neighbors(run, answer.pixels, content, name, place)
        if answer.familiar is not False:
            _show_evidence(run, answer)


def _show_said(run: Run, answers: dict[str, Answer], place: int, risk: float) -> None:
    """Show the answer and how far it can be relied on."""
    task, answer = run.task, answers[run.task.target]
    share = numbers.probability(answer.prob[answer.label])
    if answer.familiar is False:
        st.warning(f"This does not look like {name_learned(task)}.", icon=":material/help:")
    called = messages.escape(task.name(answer.label))
    looks = numbers.begin(called) if task.labels_of else f"Looks like {called}"
    st.markdown(f"### {looks}: {share}")
    _show_threshold(task)
    _show_sureness(run, answer, risk)
    st.plotly_chart(
        probabilities(answer.prob, task.name), key=f"prob-{place}",
        config={"displayModeBar": False}, alt="The probability of each class",
    )  # fmt: skip
    if len(answers) > 1:
        _show_others(run, task, answers)


def _show_sureness(run: Run, answer: Answer, risk: float) -> None:
    """Show whether the answer is sure at the risk that is picked; of a familiar photo only."""
    limits = cache.limits(run)
    if limits is None or answer.familiar is False:
        return
    if limits.is_sure(answer, run.task.target, risk):
        st.markdown(
            f":material/check: **Sure.** At most {write_risk(risk)} of such answers are wrong."
        )
    else:
        st.markdown(
            f":material/question_mark: **Not sure.** More than {write_risk(risk)} of such answers "
            "are wrong."
        )


def _show_threshold(task: Task) -> None:
    """Show from which probability on a label is given."""
    if task.threshold is not None:
        st.caption(
            f"A photo is called {messages.escape(task.classes[0])} at "
            f"{numbers.probability(task.threshold)} or more, the threshold with the best expected "
            "F1 on tune."
        )


def _show_others(run: Run, task: Task, answers: dict[str, Answer]) -> None:
    """Show the answers under the run's other targets, the labels of a column in one line."""
    said = []
    for gathered in gather_labels(run.tasks):
        if gathered[0].labels_of:
            said.append(_describe_labels(gathered, answers))
        elif gathered != [task]:
            [other] = gathered
            answer = answers[other.target]
            share = numbers.percent(answer.prob[answer.label])
            called = messages.escape(other.name(answer.label))
            said.append(f"{messages.escape(numbers.begin(other.word))}: **{called}**, {share}")
    st.markdown("  \n".join(said))


def _describe_labels(labels: Sequence[Task], answers: dict[str, Answer]) -> str:
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
    rest += f"; {numbers.count(less, 'other')} less likely" if less else ""
    return f"{column}: {', '.join(given) or '**none**'}{rest}"


def _show_evidence(run: Run, answer: Answer) -> None:
    """Show where the run looked."""
    called = messages.escape(run.task.name(answer.label))
    drops = _cover(run, answer.pixels, run.task.classes.index(answer.label))
    evidence = saliency.spread(drops, len(answer.pixels), saliency.QUICK)
    st.markdown("##### Where it looked")
    over, words = st.columns([1, 2], gap="large", vertical_alignment="center")
    over.image(
        saliency.draw(answer.pixels, evidence), width=PHOTO_PX, output_format="PNG",
        alt=f"What in the photo supports {called} and what counts against it",
    )  # fmt: skip
    words.caption(describe_evidence(answer.prob[answer.label], evidence, called))


@st.cache_data(max_entries=100, show_spinner=False, hash_funcs={Run: cache.identify_model})
def _cover(run: Run, pixels: np.ndarray, class_index: int) -> np.ndarray:
    return saliency.cover(cache.classifier(run), pixels, class_index, saliency.QUICK)
