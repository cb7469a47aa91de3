"""A disk that is full: a sentence at every button."""

import errno
import os
from pathlib import Path

import fake_run
import pytest
from app_driver import OPEN

NO_ROOM = "The disk has no room left for"
# page, its URL and the button that writes
BUTTONS = [
    ("data", {}, "use_drawings"),
    ("train", {"open_form": "true"}, "start"),
    ("train", {}, "delete_run"),
    ("train", {}, "archive_run"),
    ("learning_rate", {}, "find"),
    ("results", {}, "cross_validate"),
    ("color_bias", OPEN, "recolor"),
    ("color_bias", {}, "write_report"),
    ("errors", {"view": "Suspects"}, "check_labels"),
    ("errors", {"view": "Map"}, "map"),
]


@pytest.fixture
def fill_disk(monkeypatch):
    """Return a function after which no file and no folder can be made or renamed."""

    def fill(number=errno.ENOSPC):
        def refuse(path, *_, **__):
            raise OSError(number, os.strerror(number), str(path))

        for name in ("mkdir", "touch", "rename", "write_bytes"):
            monkeypatch.setattr(Path, name, refuse)

    return fill


@pytest.mark.parametrize(("page", "params", "button"), BUTTONS)
def test_a_full_disk_is_a_sentence_at_the_button(
    finished, open_page, launched, fill_disk, page, params, button
):
    app = open_page(page, run=finished.run_id, **params)
    fill_disk()

    app.click(button)

    assert any(error.value.startswith(NO_ROOM) for error in app.error)
    assert launched == []


@pytest.mark.parametrize(
    ("add", "page", "button"),
    [
        (None, "overview", "first_try"),
        (fake_run.add_stopped, "train", "resume"),
        (fake_run.add_stopped, "results", "evaluate"),
    ],
)
def test_a_full_disk_is_a_sentence_before_there_is_a_finished_run(
    workspace, open_page, launched, fill_disk, add, page, button
):
    if add:
        add(workspace)
    app = open_page(page)
    fill_disk()

    app.click(button)

    assert any(error.value.startswith(NO_ROOM) for error in app.error)
    assert launched == []


def test_a_full_disk_is_a_sentence_where_a_callback_writes(
    workspace, own_store, open_page, fill_disk, monkeypatch
):
    """Callbacks draw nothing: they tell it in a toast."""
    job = fake_run.add_finder(workspace)
    with fake_run.hold_running(job):
        app = open_page("learning_rate")
        fill_disk()
        app.click(f"stop-{job.job_id}")
    assert [toast.value.replace("\\", "").startswith(NO_ROOM) for toast in app.toast] == [True]
    assert not job.stop_path.exists()
