"""A job's log stays within its bound, whoever writes to it meanwhile."""

import pytest

from zapcls.workspace import job_logs, jobs, worker
from zapcls.workspace.job_logs import bound_log


@pytest.fixture
def job(tmp_path):
    return jobs.create(tmp_path / "jobs", "build_store", {"data_dir": "/data"})


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(job_logs, "MOST_BYTES", 1000)


def test_a_log_within_its_bound_stays_as_it_is(job):
    bound_log(job.log_path)
    assert not job.log_path.exists()
    job.log_path.write_text("a line\n")
    bound_log(job.log_path)
    assert jobs.read_log_tail(job) == "a line"


def test_a_job_that_says_much_keeps_the_end_of_it(job):
    def work(progress):
        with job.log_path.open("ab") as log:  # as its process has it
            for number in range(500):
                log.write(b"line %d\n" % number)
                log.flush()
                progress(f"Step {number}", number, 500)  # a new phase is always reported
            log.write(b"the last\n")

    worker.perform(job, work)

    kept = job.path / "job.log.1"
    sizes = [path.stat().st_size for path in (job.log_path, kept)]
    assert max(sizes) <= 1000 + len("line 499\n")
    assert jobs.read_log_tail(job).endswith("line 499\nthe last")
    together = (kept.read_text() + job.log_path.read_text()).splitlines()
    assert together[-100:] == [*(f"line {number}" for number in range(401, 500)), "the last"]


def test_a_log_grown_over_many_starts_is_bounded_at_the_next(job, tmp_path, monkeypatch):
    script = tmp_path / "job"  # called as Python is: -m zapcls work JOB_DIR ...
    script.write_text('#!/bin/sh\necho \'{"state": "done"}\' > "$4/status.json"\necho new\n')
    script.chmod(0o755)
    monkeypatch.setattr(jobs.sys, "executable", str(script))
    job.log_path.write_text("old\n" * 1000)

    jobs.launch(job, jobs.Workspace(tmp_path))

    assert "old" not in job.log_path.read_text()
    assert (job.path / "job.log.1").read_text() == "old\n" * 250
