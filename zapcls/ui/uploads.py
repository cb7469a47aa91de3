"""Answers for uploaded photos: decoded one at a time, and kept so that a rerun decodes none."""

import threading

import streamlit as st

from zapcls.answer.classify import Answer, classify_targets
from zapcls.errors import BadInput
from zapcls.ui import cache
from zapcls.workspace.runs import Run

MOST_PHOTOS = 20  # answered at a time


def answer_upload(run: Run, content: bytes, name: str) -> dict[str, Answer]:
    """Return what a run's model, as its file is now, says of an upload, by target.

    Raises:
        BadInput: it is not a picture, broken or too large.
        ZapError: the run has no whole model.
    """
    found = _answer(run, content, name)
    if isinstance(found, str):
        raise BadInput(found)
    return found


# A resource is shared, not copied; 50 MB at most, where a model takes 512 px.
@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={Run: cache.identify_model})
def _answer(run: Run, content: bytes, name: str) -> dict[str, Answer] | str:
    """Return the answers, or why there are none: a refusal is kept too."""
    classifier, limits = cache.classifier(run, for_all=True), cache.limits(run)
    with _one_at_a_time():
        try:
            answers = classify_targets(classifier, run.tasks, content, name)
        except BadInput as error:
            return str(error)
    return limits.judge_all(answers) if limits else answers


@st.cache_resource
def _one_at_a_time() -> threading.Lock:
    """Build the one lock of this server: a large photo takes up to 800 MB while decoded."""
    return threading.Lock()
