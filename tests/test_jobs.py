"""The life of a job, in this process; workspace/test_job_processes.py has the real ones."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from filelock import FileLock

from zapcls.errors import BadInput, RunBusy, Stopped
from zapcls.workspace import jobs, worker
from zapcls.workspace.jobs import Job, read_status
from zapcls.workspace.layout import Workspace, read_json, write_json
from zapcls.workspace.worker import Reporter


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def job(workspace):
    return jobs.create(workspace.jobs_dir, "build_store", {"data_dir": "/data"})


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless a test moves it: `clock[0]`, seconds."""
    now = [1000.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    return now


def work_nothing(progress):
    pass


def raise_error(error):
    def work(progress):
        progress("Reading photos", 3, 10)
        raise error

    return work


def list_files(job):
    return {path.name for path in job.path.iterdir()}


def test_a_new_job_is_a_folder_with_its_kind_and_its_settings(job, workspace):
    assert job.path.parent == workspace.jobs_dir
    assert job.job_id == job.path.name
    assert job.kind == "build_store"
    assert job.config == {"kind": "build_store", "data_dir": "/data"}
    assert list_files(job) == {"config.json", "status.json"}
    assert read_json(job.path / "status.json")["state"] == "queued"


def test_jobs_are_listed_the_newest_first(job, workspace):
    other = jobs.create(workspace.jobs_dir, "download", {})

    assert jobs.list_jobs(workspace.jobs_dir) == sorted([job, other], key=lambda j: j.job_id)[::-1]
    assert jobs.list_jobs(workspace.path / "nowhere") == []


@pytest.mark.parametrize("file", ["config.json", "status.json"])
def test_a_job_is_created_whole_or_not_at_all(workspace, monkeypatch, file):
    seen = []

    def write(path, content):
        seen.extend(jobs.list_jobs(workspace.jobs_dir))
        if path.name == file:
            raise OSError("The disk is full.")
        write_json(path, content)

    monkeypatch.setattr(jobs, "write_json", write)
    with pytest.raises(OSError, match="disk is full"):
        jobs.create(workspace.jobs_dir, "download", {})

    assert seen == []
    assert list(workspace.jobs_dir.iterdir()) == []


def count_zombies():
    """Count the children of this process that have ended and that nobody waited for."""
    fields = [path.read_text().rpartition(")")[2].split() for path in find_stats()]
    return sum(state == "Z" and int(parent) == os.getpid() for state, parent, *_ in fields)


def find_stats():
    return [path for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it asks Linux for its processes")
def test_a_job_that_has_ended_leaves_no_zombie(job, workspace, tmp_path, monkeypatch):
    script = tmp_path / "job"  # called as Python is: -m zapcls work JOB_DIR ...
    script.write_text('#!/bin/sh\necho \'{"state": "running"}\' > "$4/status.json"\nsleep 0.5\n')
    script.chmod(0o755)
    monkeypatch.setattr(jobs.sys, "executable", str(script))

    jobs.launch(job, workspace)

    assert jobs.read_stored(job).state == "running"
    time.sleep(2)
    assert count_zombies() == 0


@pytest.mark.parametrize("file", ["config.json", "status.json"])
def test_a_damaged_job_is_listed_but_is_of_no_kind(job, workspace, file):
    other = jobs.create(workspace.jobs_dir, "build_store", {})
    (job.path / file).write_text("{")

    assert set(jobs.list_jobs(workspace.jobs_dir)) == {job, other}
    assert jobs.list_jobs(workspace.jobs_dir, "build_store") == [other]
    assert read_status(job).state == "damaged"


def test_a_job_that_is_done(job):
    seen = []

    def work(progress):
        seen.append(read_status(job))
        progress("Reading photos", 3, 10, images_per_s=80.5)
        seen.append(read_status(job))

    worker.perform(job, work)

    running, reading, done = [*seen, read_status(job)]
    assert [running.state, reading.state, done.state] == ["running", "running", "done"]
    assert [running.is_final, done.is_final] == [False, True]
    assert (reading.phase, reading.done, reading.total) == ("Reading photos", 3, 10)
    assert reading.detail == {"images_per_s": 80.5}
    assert done.created_at <= done.started_at <= done.finished_at <= time.time()
    assert done.seconds == done.finished_at - done.started_at
    assert running.seconds >= 0
    assert done.message == ""


def test_a_queued_job_has_not_run(job):
    assert jobs.read_stored(job).seconds is None


def test_a_failed_job_says_why_in_the_words_of_its_error(job):
    error = BadInput("image_size must be 32..512 px, got 7.")

    with pytest.raises(BadInput, match=r"32\.\.512"):
        worker.perform(job, raise_error(error))

    status = read_status(job)
    assert (status.state, status.message) == ("failed", "image_size must be 32..512 px, got 7.")
    assert status.finished_at is not None
    assert (status.phase, status.done) == ("Reading photos", 3)


def test_an_unexpected_error_leaves_its_traceback_in_the_log(job):
    with pytest.raises(ZeroDivisionError):
        worker.perform(job, lambda progress: 1 / 0)

    status = read_status(job)
    assert (status.state, status.message) == ("failed", "ZeroDivisionError: division by zero")
    log = jobs.read_log_tail(job)
    assert log.startswith("Traceback (most recent call last)")
    assert "test_jobs.py" in log
    assert log.endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("two\nlines"), "RuntimeError: two"),
        (RuntimeError(), "RuntimeError: no message"),
        (MemoryError(), "MemoryError: no message"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_the_message_of_an_unexpected_error_is_one_line(job, error, message):
    with pytest.raises(type(error)):
        worker.perform(job, raise_error(error))

    assert (read_status(job).state, read_status(job).message) == ("failed", message)


@pytest.mark.parametrize("error", [Stopped("Stopped as asked."), KeyboardInterrupt()])
def test_a_stopped_job(job, error):
    with pytest.raises(type(error)):
        worker.perform(job, raise_error(error))

    assert (read_status(job).state, read_status(job).message) == ("stopped", "")
    assert jobs.read_log_tail(job) == ""


def test_a_request_to_stop_reaches_the_work_at_its_next_report(job):
    reached = []

    def work(progress):
        progress("Reading photos", 1, 10)
        reached.append(1)
        jobs.request_stop(job)
        progress("Reading photos", 2, 10)
        reached.append(2)

    with pytest.raises(Stopped):
        worker.perform(job, work)

    assert reached == [1]
    assert read_status(job).state == "stopped"


def test_a_job_that_was_stopped_before_it_began_stops_at_once(job):
    jobs.request_stop(job)

    with pytest.raises(Stopped):
        worker.perform(job, raise_error(AssertionError("it went on")))

    assert read_status(job).state == "stopped"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_for_a_stop_as_the_button_does(job, number):
    previous = signal.getsignal(number)

    def work(progress):
        os.kill(os.getpid(), number)
        assert job.stop_path.exists()
        progress("Reading photos", 1, 10)

    with pytest.raises(Stopped):
        worker.perform(job, work)

    assert read_status(job).state == "stopped"
    assert signal.getsignal(number) is previous


def test_a_second_ctrl_c_interrupts_work_that_does_not_report(job):
    def work(progress):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("it went on")

    with pytest.raises(KeyboardInterrupt):
        worker.perform(job, work)

    assert read_status(job).state == "stopped"


def test_a_watcher_sees_each_status_that_is_written(job):
    states = []

    worker.perform(job, work_nothing, watch=lambda status: states.append(status.state))

    assert states == ["running", "done"]


def test_a_job_that_is_not_final_is_lost_once_its_lock_is_free(job):
    with FileLock(job.path / "lock"):
        Reporter(job)("Reading photos", 3, 10)
        assert read_status(job).state == "running"

    lost = read_status(job)
    assert lost.state == "lost"
    assert lost.is_final
    assert "killed" in lost.message
    assert "Start it again, or resume it where it ended" in lost.message
    assert (lost.phase, lost.done) == ("Reading photos", 3)
    assert read_json(job.path / "status.json")["state"] == "running"  # a look changes nothing


def test_a_queued_job_is_lost_unless_its_process_is_being_launched(job):
    with FileLock(job.path / "launch.lock"):
        assert read_status(job).state == "queued"

    assert read_status(job).state == "lost"


def test_a_final_state_needs_no_lock(job):
    worker.perform(job, work_nothing)
    (job.path / "lock").unlink()

    with FileLock(job.path / "lock"):
        assert read_status(job).state == "done"
    assert read_status(job).state == "done"


def test_a_job_that_ends_between_the_two_looks_is_not_lost(job, monkeypatch):
    def end_meanwhile(looked_at):
        worker.perform(job, work_nothing)
        return False

    monkeypatch.setattr(jobs, "_is_held", end_meanwhile)

    assert read_status(job).state == "done"


def test_the_status_is_written_a_few_times_a_second_at_most(job, clock):
    written = []
    reporter = Reporter(job, watch=lambda status: written.append(status.done))

    for done in range(100):  # one second
        clock[0] += 0.01
        reporter("Reading photos", done, 100)

    assert written[0] == 0
    assert 3 <= len(written) <= 5
    assert jobs.read_stored(job).done == written[-1]


def test_a_new_phase_is_written_at_once(job, clock):
    reporter = Reporter(job)

    reporter("Reading photos", 1, 100)
    assert jobs.read_stored(job).phase == "Reading photos"
    reporter("Reading photos", 50, 100)
    assert jobs.read_stored(job).done == 1
    reporter("Naming colors", 0, 10)
    assert jobs.read_stored(job).phase == "Naming colors"


def test_the_end_is_written_at_once_with_the_last_figures(job, clock):
    reporter = Reporter(job)
    reporter("Reading photos", 1, 100)
    reporter("Reading photos", 100, 100)

    reporter.finish("done")

    status = read_status(job)
    assert (status.state, status.done) == ("done", 100)


def test_stop_is_obeyed_even_while_nothing_is_written(job, clock):
    reporter = Reporter(job)
    reporter("Reading photos", 1, 100)
    jobs.request_stop(job)

    with pytest.raises(Stopped, match="as asked"):
        reporter("Reading photos", 2, 100)


def test_a_device_is_held_by_one_job_and_the_other_is_told_which(workspace, monkeypatch):
    monkeypatch.setattr(jobs, "FileLock", lambda path, timeout: FileLock(path, timeout=0))
    assert jobs.find_device_holder(workspace, "cpu") is None

    with jobs.hold_device(workspace, "cpu", "20260101-120000-resnet18-abcd"):
        assert jobs.find_device_holder(workspace, "cpu") == "20260101-120000-resnet18-abcd"
        with (
            pytest.raises(RunBusy, match=r"cpu at a time.* 20260101-120000-resnet18-abcd is"),
            jobs.hold_device(workspace, "cpu", "another"),
        ):
            raise AssertionError("both hold it")
        with jobs.hold_device(workspace, "cuda", "another"):
            assert jobs.find_device_holder(workspace, "cuda") == "another"

    assert jobs.find_device_holder(workspace, "cpu") is None
    assert jobs.find_device_holder(workspace, "cuda") is None


def test_a_device_is_free_again_after_an_error(workspace):
    with pytest.raises(ZeroDivisionError), jobs.hold_device(workspace, "cpu", "first"):
        _ = 1 / 0

    with jobs.hold_device(workspace, "cpu", "second"):
        assert jobs.find_device_holder(workspace, "cpu") == "second"


def test_the_end_of_the_log(job):
    assert jobs.read_log_tail(job) == ""

    job.log_path.write_bytes(b"\xff broken\n" + "".join(f"line {i}\n" for i in range(99)).encode())

    assert jobs.read_log_tail(job, 2) == "line 97\nline 98"
    assert len(jobs.read_log_tail(job).splitlines()) == 40
    assert jobs.read_log_tail(job, 1000).startswith("� broken\nline 0\n")


def test_a_long_log_is_read_from_its_end_only(job):
    job.log_path.write_text("x" * 10_000_000 + "\nthe last line\n")

    tail = jobs.read_log_tail(job)

    assert tail.endswith("\nthe last line")
    assert len(tail) <= 64_000


def test_a_status_file_holds_plain_json(job):
    worker.perform(job, lambda progress: progress("Reading photos", 1, 2, images_per_s=1.5))

    assert json.loads((job.path / "status.json").read_text())["detail"] == {"images_per_s": 1.5}


def test_a_folder_is_its_job(job):
    assert Job(job.path) == job
