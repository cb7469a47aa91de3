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


def raise_error(error):
    def work(progress):
        progress("Reading photos", 3, 10)
        raise error

    return work


@pytest.fixture
def wall(monkeypatch):
    """The time of day, seconds, that stands still unless a test moves it: `wall[0]`."""
    now = [5000.0]
    monkeypatch.setattr(jobs.time, "time", lambda: now[0])
    return now


def end(job, state):
    """Bring a job into a state that it does not leave by itself."""
    if state == "done":
        worker.perform(job, lambda progress: None)
    elif state == "stopped":
        with pytest.raises(Stopped):
            worker.perform(job, raise_error(Stopped("Stopped as asked.")))
    elif state == "failed":
        with pytest.raises(BadInput):
            worker.perform(job, raise_error(BadInput("image_size must be 32..512 px, got 7.")))
    else:
        Reporter(job)("Reading photos", 3, 10)
    assert read_status(job).state == state


@pytest.mark.parametrize("state", ["stopped", "failed", "lost"])
def test_a_job_that_ended_early_can_be_resumed(job, state):
    created_at = read_status(job).created_at
    end(job, state)
    jobs.request_stop(job)
    (job.path / "history.csv").write_text("kept")

    jobs.reopen(job)

    stored = jobs.read_stored(job)
    assert (stored.state, stored.message, stored.done) == ("queued", "", 0)
    assert stored.created_at == created_at
    assert (stored.started_at, stored.finished_at) == (None, None)
    assert not job.stop_path.exists()
    assert (job.path / "history.csv").read_text() == "kept"
    worker.perform(job, lambda progress: progress("Reading photos", 10, 10))
    assert read_status(job).state == "done"


def test_a_job_that_is_done_is_not_resumed(job, refuses):
    end(job, "done")

    with refuses("resumed once it was stopped, failed or lost", f"{job.job_id} is done"):
        jobs.reopen(job)

    assert read_status(job).state == "done"


def test_a_job_at_work_is_not_resumed(job, refuses):
    def work(progress):
        with refuses(f"{job.job_id} is running"):
            jobs.reopen(job)

    worker.perform(job, work)

    with FileLock(job.path / "launch.lock"):
        jobs.write_json(job.path / "status.json", {"state": "queued"})
        with refuses(f"{job.job_id} is queued"):
            jobs.reopen(job)


def test_the_seconds_of_all_starts_add_up(job, wall):
    def work_for(seconds, error=None):
        def work(progress):
            wall[0] += seconds
            if error is not None:
                raise error

        return work

    for seconds in (10, 20):
        with pytest.raises(Stopped):
            worker.perform(job, work_for(seconds, Stopped("Stopped as asked.")))
        wall[0] += 1000  # until a person resumes it
        jobs.reopen(job)
    assert jobs.read_stored(job).seconds is None  # it has not begun again
    worker.perform(job, work_for(5))

    status = read_status(job)
    assert status.seconds == 35
    assert status.seconds_before == 30


def test_a_lost_job_worked_until_it_last_said_something(job, wall):
    reporter = Reporter(job)
    wall[0] += 7
    reporter("Reading photos", 1, 10)
    os.utime(job.path / "status.json", (wall[0], wall[0]))

    wall[0] += 1000
    jobs.reopen(job)

    assert jobs.read_stored(job).seconds_before == 7


def test_a_job_that_is_lost_before_it_began_has_not_worked(job):
    jobs.reopen(job)

    assert jobs.read_stored(job).seconds_before == 0


@pytest.fixture
def fill_disk(monkeypatch):
    """Return a function that fills the disk: no file can be made any more."""

    def fill(number=errno.ENOSPC):
        def refuse(*_, **__):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("zapcls.workspace.layout.tempfile.mkstemp", refuse)

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
    with pytest.raises(PermissionError):
        worker.perform(job, raise_error(PermissionError(errno.EACCES, "Permission denied")))

    assert read_status(job).message == "PermissionError: [Errno 13] Permission denied"
    assert "Traceback" in jobs.read_log_tail(job)
