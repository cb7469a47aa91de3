"""Jobs that are queued again after they ended early, and jobs on a full disk."""

import errno
import os

import pytest
from filelock import FileLock

from zapcls.errors import BadInput, Stopped, ZapError
from zapcls.workspace import jobs, worker
from zapcls.workspace.jobs import read_status
from zapcls.workspace.worker import Reporter


@pytest.fixture
def job(tmp_path):
    return jobs.create(tmp_path / "jobs", "build_store", {"data_dir": "/data"})


def work_for(seconds, error, wall):
    def work(progress):
        progress("Reading photos", 3, 10)
        wall[0] += seconds
        if error:
            raise error

    return work


@pytest.fixture
def wall(monkeypatch):
    """The time of day, seconds, that stands still unless a test moves it: `wall[0]`."""
    now = [5000.0]
    monkeypatch.setattr(jobs.time, "time", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("error", "state"),
    [(Stopped("As asked."), "stopped"), (BadInput("Too many."), "failed"), (None, "lost")],
)
def test_a_job_that_ended_early_can_be_resumed(job, wall, error, state):
    created_at = read_status(job).created_at
    if error:
        with pytest.raises(type(error)):
            worker.perform(job, work_for(7, error, wall))
    else:
        reporter = Reporter(job)
        wall[0] += 7
        reporter("Reading photos", 3, 10)
        os.utime(job.path / "status.json", (wall[0], wall[0]))  # it worked until then
    assert read_status(job).state == state
    wall[0] += 1000  # until a person resumes it
    jobs.request_stop(job)
    (job.path / "history.csv").write_text("kept")

    jobs.reopen(job)

    stored = jobs.read_stored(job)
    assert (stored.state, stored.message, stored.done) == ("queued", "", 0)
    assert (stored.created_at, stored.seconds_before) == (created_at, 7)
    assert (stored.started_at, stored.finished_at, stored.seconds) == (None, None, None)
    assert not job.stop_path.exists()
    assert (job.path / "history.csv").read_text() == "kept"
    with pytest.raises(Stopped):
        worker.perform(job, work_for(20, Stopped("As asked."), wall))
    jobs.reopen(job)
    worker.perform(job, work_for(8, None, wall))
    status = read_status(job)
    assert (status.state, status.seconds, status.seconds_before) == ("done", 35, 27)


def test_a_job_at_work_or_done_is_not_resumed(job, refuses):
    with FileLock(job.path / "launch.lock"), refuses(f"{job.job_id} is queued"):
        jobs.reopen(job)
    jobs.reopen(job)  # it is lost
    assert jobs.read_stored(job).seconds_before == 0

    def work(progress):
        with refuses(f"{job.job_id} is running"):
            jobs.reopen(job)

    worker.perform(job, work)
    with refuses("resumed once it was stopped, failed or lost", f"{job.job_id} is done"):
        jobs.reopen(job)
    assert read_status(job).state == "done"


@pytest.fixture
def fill_disk(monkeypatch):
    """Return a function that fills the disk: no file can be made any more."""

    def fill(number=errno.ENOSPC):
        def refuse(*_, **__):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("pathlib.Path.write_bytes", refuse)

    return fill


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_sentence_in_the_status(job, fill_disk, number):
    def work(progress):
        progress("Reading photos", 3, 10)
        fill_disk(number)
        raise OSError(number, os.strerror(number))

    with pytest.raises(ZapError, match=r"The disk of .* is full\. Free some space"):
        worker.perform(job, work)

    status = read_status(job)
    assert status.state == "failed"
    assert status.message.startswith(f"The disk of {job.path.parent} is full. Free some space")
    assert "can be resumed" in status.message
    assert (status.phase, status.done) == ("Reading photos", 3)
    assert status.finished_at is not None
    assert jobs.read_log_tail(job) == ""


def test_the_status_is_written_over_the_old_one_where_the_disk_is_full(job, fill_disk):
    reporter = Reporter(job)
    fill_disk()

    reporter("Reading photos", 3, 10, images_per_s=80.5)
    reporter("Naming colors", 4, 9)

    status = jobs.read_stored(job)
    assert (status.phase, status.done, status.detail) == ("Naming colors", 4, None)


def test_another_error_of_the_system_is_no_full_disk(job):
    error = PermissionError(errno.EACCES, "Permission denied", "/data")
    with pytest.raises(ZapError, match="lacks the right to use /data"):
        worker.perform(job, work_for(1, error, [0.0]))
    assert "lacks the right to use /data" in read_status(job).message


def test_an_error_that_no_person_can_mend_is_in_the_log(job):
    with pytest.raises(OSError, match="Bad file"):
        worker.perform(job, work_for(1, OSError(errno.EBADF, "Bad file"), [0.0]))

    assert read_status(job).message == "OSError: [Errno 9] Bad file"
    assert "Traceback" in jobs.read_log_tail(job)
