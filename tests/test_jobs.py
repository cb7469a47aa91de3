"""The life of a job, in this process; workspace/test_job_processes.py has the real ones."""

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from filelock import FileLock

from zapcls.errors import BadInput, RunBusy, Stopped, ZapError
from zapcls.workspace import devices, jobs, worker
from zapcls.workspace.jobs import read_status
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


def raise_error(error):
    def work(progress):
        progress("Reading photos", 3, 10)
        raise error

    return work


def test_a_new_job_is_a_folder_with_its_kind_and_its_settings(job, workspace):
    assert job.path.parent == workspace.jobs_dir
    assert job.job_id == job.path.name
    assert job.kind == "build_store"
    assert job.config == {"kind": "build_store", "data_dir": "/data"}
    assert {path.name for path in job.path.iterdir()} == {"config.json", "status.json"}
    assert read_json(job.path / "status.json")["state"] == "queued"
    assert jobs.read_stored(job).seconds is None


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


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it asks Linux for its processes")
def test_a_job_that_has_ended_leaves_no_zombie(job, workspace, tmp_path, monkeypatch):
    script = tmp_path / "job"  # called as Python is: -m zapcls work JOB_DIR ...
    lines = (
        "#!/bin/sh",
        'echo $$ > "$4/pid"',
        'echo \'{"state": "running"}\' > "$4/said"',
        'mv "$4/said" "$4/status.json"',
        "sleep 0.5",
    )
    script.write_text("\n".join(lines))
    script.chmod(0o755)
    monkeypatch.setattr(jobs.sys, "executable", str(script))

    jobs.launch(job, workspace)

    assert jobs.read_stored(job).state == "running"
    process = Path("/proc") / (job.path / "pid").read_text().strip()
    give_up = time.monotonic() + 300
    while process.exists():  # as a zombie does, for as long as its parent lives
        assert time.monotonic() < give_up
        time.sleep(0.02)


@pytest.mark.parametrize("file", ["config.json", "status.json"])
def test_a_damaged_job_is_listed_but_is_of_no_kind(job, workspace, file):
    other = jobs.create(workspace.jobs_dir, "build_store", {})
    (job.path / file).write_text("{")

    assert set(jobs.list_jobs(workspace.jobs_dir)) == {job, other}
    assert jobs.list_jobs(workspace.jobs_dir, "build_store") == [other]
    assert read_status(job).state == "damaged"


def test_a_job_that_is_done(job):
    seen, watched = [], []

    def work(progress):
        seen.append(read_status(job))
        progress("Reading photos", 3, 10, images_per_s=80.5)
        seen.append(read_status(job))
        progress("Reading photos", 10, 10, images_per_s=80.5)

    worker.perform(job, work, watch=watched.append)

    running, reading, done = [*seen, read_status(job)]
    assert [running.state, reading.state, done.state] == ["running", "running", "done"]
    assert [running.is_final, done.is_final] == [False, True]
    assert (reading.phase, reading.done, reading.total) == ("Reading photos", 3, 10)
    assert reading.detail == {"images_per_s": 80.5}
    assert done.created_at <= done.started_at <= done.finished_at <= time.time()
    assert done.seconds == done.finished_at - done.started_at
    assert running.seconds >= 0
    assert (done.message, done.done) == ("", 10)
    assert [watched[0], watched[1], watched[-1]] == [running, reading, done]


def test_a_failed_job_says_why_in_the_words_of_its_error(job):
    error = BadInput("image_size must be 32..512 px, got 7.")

    with pytest.raises(BadInput, match=r"32\.\.512"):
        worker.perform(job, raise_error(error))

    status = read_status(job)
    assert (status.state, status.message) == ("failed", "image_size must be 32..512 px, got 7.")
    assert status.finished_at is not None
    assert (status.phase, status.done) == ("Reading photos", 3)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("two\nlines"), "RuntimeError: two"),
        (RuntimeError(), "RuntimeError: no message"),
        (MemoryError(), "MemoryError: no message"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_an_unexpected_error_is_one_line_and_its_traceback_is_in_the_log(job, error, message):
    with pytest.raises(type(error)):
        worker.perform(job, raise_error(error))

    assert (read_status(job).state, read_status(job).message) == ("failed", message)
    log = jobs.read_log_tail(job)
    assert log.startswith("Traceback (most recent call last)")
    assert "test_jobs.py" in log


@pytest.mark.parametrize("error", [Stopped("Stopped as asked."), KeyboardInterrupt()])
def test_a_stopped_job(job, error):
    with pytest.raises(type(error)):
        worker.perform(job, raise_error(error))

    assert (read_status(job).state, read_status(job).message) == ("stopped", "")
    assert jobs.read_log_tail(job) == ""


def test_a_request_to_stop_reaches_the_work_at_its_next_report(job, clock):
    reached = []

    def work(progress):
        progress("Reading photos", 1, 10)
        reached.append(1)
        jobs.request_stop(job)
        progress("Reading photos", 2, 10)  # so soon after the first it is not written
        reached.append(2)

    for expected in ([1], []):  # the sign is still there when it begins again
        reached.clear()
        with pytest.raises(Stopped, match="as asked"):
            worker.perform(job, work)
        assert reached == expected
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
    worker.perform(job, lambda progress: None)
    (job.path / "lock").unlink()

    with FileLock(job.path / "lock"):
        assert read_status(job).state == "done"
    assert read_status(job).state == "done"


def test_a_job_that_ends_between_the_two_looks_is_not_lost(job, monkeypatch):
    def end_meanwhile(looked_at):
        worker.perform(job, lambda progress: None)
        return False

    monkeypatch.setattr(jobs, "is_held", end_meanwhile)

    assert read_status(job).state == "done"


def test_the_status_is_written_a_few_times_a_second_at_most_and_a_new_phase_at_once(job, clock):
    written = []
    reporter = Reporter(job, watch=lambda status: written.append(status.done))
    reporter("Reading photos", 1, 100)
    reporter("Reading photos", 50, 100)
    assert written == [0, 1]
    for done in range(100):  # one second
        clock[0] += 0.01
        reporter("Reading photos", done, 100)
    assert 5 <= len(written) <= 6
    assert jobs.read_stored(job).done == written[-1]
    reporter("Naming colors", 0, 10)
    assert jobs.read_stored(job).phase == "Naming colors"


def test_a_device_is_held_by_one_job_and_the_other_is_told_which(workspace):
    name = "20260101-120000-resnet18-abcd"
    assert devices.find_holder(workspace, "cpu") is None

    with devices.hold(workspace, "cpu", name):
        assert devices.find_holder(workspace, "cpu") == name
        with (
            pytest.raises(RunBusy, match=f"cpu at a time.* {name} is"),
            devices.hold(workspace, "cpu", "another"),
        ):
            raise AssertionError("both hold it")
        with devices.hold(workspace, "cuda", "another"):
            assert devices.find_holder(workspace, "cuda") == "another"
        with pytest.raises(ZeroDivisionError), devices.hold(workspace, "cuda", "another"):
            _ = 1 / 0

    assert devices.find_holder(workspace, "cpu") is None
    assert devices.find_holder(workspace, "cuda") is None


def test_a_job_whose_folder_is_deleted_ends_with_a_sentence_and_leaves_it_deleted(job):
    def work(progress):
        shutil.rmtree(job.path)
        progress("Reading photos", 3, 10)

    with pytest.raises(ZapError, match=f"The folder of {job.job_id} was deleted"):
        worker.perform(job, work)

    assert not job.path.exists()


def test_a_file_that_is_deleted_while_a_job_needs_it_is_a_sentence(job):
    with pytest.raises(ZapError, match=r"gone\.npy must be there, but is not"):
        worker.perform(job, lambda progress: Path("/gone.npy").read_bytes())

    assert "gone.npy must be there" in read_status(job).message


def test_auto_is_refused_by_the_device_that_it_came_to(workspace):
    with devices.hold(workspace, "cpu", "the first"):
        devices.refuse_busy(workspace, "auto")  # nobody knows yet
        devices.refuse_busy(workspace, "cuda")
        devices.remember_auto(workspace, "cpu")
        for wanted in ("auto", "cpu"):
            with pytest.raises(RunBusy, match="the first"):
                devices.refuse_busy(workspace, wanted)
    devices.refuse_busy(workspace, "auto")


def test_what_follows_a_training_by_itself_is_waited_for(workspace):
    asked = []

    def progress(phase, done, total):
        asked.append(phase)
        follower.close()  # its work is done

    with contextlib.ExitStack() as follower:
        follower.enter_context(devices.hold(workspace, "cpu", "20260101-100000-check_labels-0001"))
        devices.refuse_busy(workspace, "cpu")
        assert devices.find_rival(workspace, "cpu") is None

        devices.wait_for_following(workspace, "cpu", progress)

    assert len(asked) == 1
    assert devices.find_holder(workspace, "cpu") is None
    with devices.hold(workspace, "cpu", "20260101-100000-resnet18-0001"):
        devices.wait_for_following(workspace, "cpu", progress)  # it is refused instead
    assert len(asked) == 1


def test_the_end_of_the_log(job):
    assert jobs.read_log_tail(job) == ""

    job.log_path.write_bytes(b"\xff broken\n" + "".join(f"line {i}\n" for i in range(99)).encode())

    assert jobs.read_log_tail(job, 2) == "line 97\nline 98"
    assert len(jobs.read_log_tail(job).splitlines()) == 40
    assert jobs.read_log_tail(job, 1000).startswith("� broken\nline 0\n")
    job.log_path.write_text("x" * 10_000_000 + "\nthe last line\n")
    tail = jobs.read_log_tail(job)
    assert tail.endswith("\nthe last line")
    assert len(tail) <= 64_000  # it is read from its end only
