"""Writes that find no room: what was there before stays, and the error is a sentence."""

import contextlib

import numpy as np
import pytest

from zapcls.commands.parser import main
from zapcls.errors import ZapError, explain_system_error
from zapcls.workspace import jobs, worker
from zapcls.workspace.layout import Workspace
from zapcls.workspace.reviews import open_reviews

resource = pytest.importorskip("resource", reason="needs limits as Unix has them")
MARK = ("cat", "i0", "gender", "Women", "model wrong")


@pytest.fixture
def no_room():
    """Return a context in which no file can grow beyond some bytes, as on a full disk."""

    @contextlib.contextmanager
    def no_room(left=0):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (left, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return no_room


def test_the_first_decision_is_refused_in_a_sentence(tmp_path, no_room):
    reviews = open_reviews(Workspace(tmp_path))

    with no_room(), pytest.raises(ZapError, match="the disk has room"):
        reviews.mark(*MARK)

    reviews.mark(*MARK)
    assert len(reviews.read("cat", "gender")) == 1


def test_a_decision_that_does_not_fit_loses_none_before_it(tmp_path, no_room):
    reviews = open_reviews(Workspace(tmp_path))
    reviews.mark(*MARK)

    with no_room(), pytest.raises(ZapError, match="the disk has room"):
        reviews.mark("cat", "i1", *MARK[2:])

    with no_room():
        assert reviews.version() == 1
        assert reviews.read("cat", "gender")["image_id"].tolist() == ["i0"]
    assert reviews.read("cat", "gender")["image_id"].tolist() == ["i0"]


def test_an_array_that_does_not_fit_says_that_the_disk_is_full(tmp_path, no_room):
    with no_room(left=4096), pytest.raises(OSError, match="written") as caught:
        np.save(tmp_path / "array.npy", np.zeros(10_000))

    assert "no room" in str(explain_system_error(caught.value))


def test_an_export_that_does_not_fit_keeps_the_one_before(kinds, tmp_path, no_room, capsys):
    file = tmp_path / "decisions.csv"
    command = ["reviews", "export", kinds.run.run_id, str(file)]
    command += ["--workspace", str(kinds.workspace.path)]
    assert main(command) == 0
    whole = file.read_bytes()

    with no_room():
        assert main(command) == 1

    assert "no room" in capsys.readouterr().err
    assert file.read_bytes() == whole != b""


def test_a_job_whose_log_takes_no_more_still_says_why_it_broke(tmp_path):
    job = jobs.create(tmp_path, "map", {})
    job.log_path.mkdir()

    def work(progress):
        raise LookupError("nothing there")

    with pytest.raises(LookupError):
        worker.perform(job, work)

    assert jobs.read_status(job).message == "LookupError: nothing there"
