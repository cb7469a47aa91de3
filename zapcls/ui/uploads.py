"""Answers for uploaded photos: decoded one at a time, and kept so that a rerun decodes none.

The files themselves are let go of once no uploader names them.
"""

import threading
from collections.abc import Iterable

import streamlit as st
from PIL import Image
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from zapcls.answer.classify import Answer, classify_targets
from zapcls.data import photo
from zapcls.data.framing import Frame
from zapcls.errors import BadInput
from zapcls.ui import cache
from zapcls.workspace.runs import Run

MOST_PHOTOS = 20  # answered at a time
PREVIEW_PX = 300
# The keys of all uploaders.
PHOTOS, CAMERA, MANY, LIKE, TABLES = "photos", "camera", "zip", "similar_file", "exchange_files"
_NAMED = "uploads_named"  # in the session: a page, and ids of the files that it was given last


def answer_upload(
    run: Run, content: bytes, name: str, frame: Frame | None = None
) -> dict[str, Answer]:
    """Return what a run's model, as its file is now, says of an upload, by target.

    `frame` is the part that a person wants looked at.

    Raises:
        BadInput: it is not a picture, broken or too large.
        ZapError: the run has no whole model.
    """
    found = _answer(run, content, name, frame)
    if isinstance(found, str):
        raise BadInput(found)
    return found


def read_preview(content: bytes, name: str) -> Image.Image:
    """Read an upload as a picture of PREVIEW_PX px or less; raises as `answer_upload`."""
    found = _read_preview(content, name)
    if isinstance(found, str):
        raise BadInput(found)
    return found


@st.cache_resource(max_entries=64, show_spinner=False)
def _read_preview(content: bytes, name: str) -> Image.Image | str:
    with _one_at_a_time():
        try:
            image = photo.decode_image(content, name, PREVIEW_PX)
        except BadInput as error:
            return str(error)
    image.thumbnail((PREVIEW_PX, PREVIEW_PX))
    return image


# A resource is shared, not copied; 50 MB at most, where a model takes 512 px.
@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={Run: cache.identify_model})
def _answer(run: Run, content: bytes, name: str, frame: Frame | None) -> dict[str, Answer] | str:
    """Return the answers, or why there are none: a refusal is kept too."""
    classifier, limits = cache.classifier(run, for_all=True), cache.limits(run)
    with _one_at_a_time():
        try:
            known = limits.closeness if limits else None
            answers = classify_targets(classifier, run.tasks, content, name, frame, known)
        except BadInput as error:
            return str(error)
    return limits.judge_all(answers) if limits else answers


@st.cache_resource
def _one_at_a_time() -> threading.Lock:
    """Build the one lock of this server: a large photo takes up to 800 MB while decoded."""
    return threading.Lock()


def drop_unnamed(page: str) -> None:
    """Drop the uploads that a page was given before and that this one is given no longer.

    Streamlit keeps a file that a person does not remove for as long as the session, also where
    its uploader is gone from the page. Files that nobody named yet have just come in: they stay.
    """
    last, before = st.session_state.get(_NAMED, (page, set[str]()))
    named = set(_list_named())
    left = before if last != page else before - named
    drop(left)
    st.session_state[_NAMED] = page, named - left


def _list_named() -> Iterable[str]:
    for key in (PHOTOS, CAMERA, MANY, LIKE, TABLES):
        given = st.session_state.get(key)
        for file in given if isinstance(given, list) else [given]:
            if file is not None:
                yield file.file_id


def drop(file_ids: Iterable[str]) -> None:
    """Drop uploads of this session from memory."""
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file_id in file_ids:
            context.uploaded_file_mgr.remove_file(context.session_id, file_id)
