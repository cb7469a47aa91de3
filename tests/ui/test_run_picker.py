"""A run's line in the picker follows its files, and costs no reading where they stay the same."""

import os

import pytest
from opened import find_opened
from small import small_config

from zapcls.ui import run_picker
from zapcls.workspace import jobs, worker
from zapcls.workspace.layout import Workspace, hold_lock, read_json, write_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.run_notes import Notes, write_notes
from zapcls.workspace.runs import list_runs


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def run(workspace, tmp_path, call_evaluated):
    """A finished run, 60.0 % of whose valid photos are wrong."""
    run = create_run(workspace, small_config(), tmp_path / "data")
    worker.perform(run, lambda progress: None)
    call_evaluated(run)
    return run


def describe(workspace):
    [run] = list_runs(workspace)
    return run_picker.describe_run(run)


def test_a_line_follows_what_becomes_of_the_run(workspace, run):
    assert describe(workspace).startswith("✓ resnet10t · 60.0 % · ")

    write_notes(run, Notes(name="The best", is_pinned=True))
    assert describe(workspace).startswith("★ ✓ The best · 60.0 % · ")
    write_notes(run, Notes())

    metrics = read_json(run.path / "metrics.json")
    metrics["targets"]["gender"]["splits"]["valid"]["error_rate"] = 0.2
    write_json(run.path / "metrics.json", metrics)
    assert describe(workspace).startswith("✓ resnet10t · 20.0 % · ")

    (run.path / "metrics.json").unlink()
    write_json(run.path / "status.json", {"state": "stopped"})
    assert describe(workspace).startswith("■ resnet10t · ")
    assert "%" not in describe(workspace)


@pytest.mark.parametrize("name", ["config.json", "status.json", "task.json", "metrics.json"])
def test_a_line_tells_of_a_file_that_is_cut_in_place(workspace, run, name):
    assert describe(workspace).startswith("✓")
    os.truncate(run.path / name, 9)
    assert describe(workspace).startswith("!")


def test_a_line_tells_a_process_that_is_gone(workspace, run):
    write_json(run.path / "status.json", {"state": "running"})
    with hold_lock(run.path / "lock", str):
        assert describe(workspace).startswith("▶")
    assert describe(workspace).startswith("✕")


def test_lines_that_stay_the_same_open_no_file(workspace, run):
    names = ("config", "status", "task", "model", "metrics", "notes")
    files = [run.path / f"{name}.json" for name in names]
    write_notes(run, Notes(name="The best"))
    assert set(files) == find_opened(files, lambda: describe(workspace))
    assert find_opened(files, lambda: describe(workspace)) == set()


def test_jobs_of_a_kind_are_found_without_a_file_being_opened(workspace):
    ended = [jobs.create(workspace.jobs_dir, kind, {}) for kind in ("map", "export", "map")]
    for job in ended:
        worker.perform(job, lambda progress: None)
    files = [job.path / name for job in ended for name in ("config.json", "status.json")]

    def find(kind):
        return {job.job_id for job in jobs.list_jobs(workspace.jobs_dir, kind)}

    assert find("map") == {ended[0].job_id, ended[2].job_id}
    assert find_opened(files, lambda: find("map")) == set()
    write_json(ended[1].path / "config.json", {"kind": "map"})
    assert find("map") == {job.job_id for job in ended}
    os.truncate(ended[0].path / "status.json", 9)
    assert find("map") == {job.job_id for job in ended[1:]}
