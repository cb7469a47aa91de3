"""Runs listed, refused, deleted and archived."""

import json

import pytest
from filelock import FileLock

from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import list_runs

pytestmark = pytest.mark.usefixtures("workspace_dir")

NOWHERE = (
    *(["errors"], ["label-issues"], ["slices"], ["cross-validate"], ["color-bias"], ["trade"]),
    *(["evaluate"], ["compare", "other"], ["classify", "a.jpg"], ["report", "-o", "a.html"]),
    ["reviews export"],
)


def test_no_run_yet(answer):
    assert "No run yet" in answer("runs")
    assert answer("runs", "--json") == ""


def test_runs_are_told_a_line_each(answer, color_run):
    [line] = answer("runs", "--json").splitlines()

    facts = json.loads(line)
    keys = [
        "run", "state", "error_rate", "error_low", "error_high", "n_valid", "balanced_error_rate",
        "class_error_rates", "seconds",
    ]  # fmt: skip
    assert list(facts) == keys
    assert (facts["run"], facts["state"], facts["error_rate"]) == (color_run.run_id, "lost", None)
    assert answer("runs") == f"{color_run.run_id}  lost\n"


@pytest.mark.parametrize("file", ["config.json", "status.json", "model.json"])
def test_a_damaged_run_is_listed_and_refused(answer, refused, color_run, file):
    (color_run.path / file).write_text("{")

    facts = json.loads(answer("runs", "--json"))

    known = {"run": color_run.run_id, "state": "damaged"}
    assert facts == dict.fromkeys(facts) | known
    assert answer("runs") == f"{color_run.run_id}  damaged\n"
    assert file in refused("classify", color_run.run_id, "a.jpg", code=1)


@pytest.mark.parametrize("words", NOWHERE, ids=lambda words: words[0])
def test_a_run_that_is_not_there(refused, words):
    command, *rest = words

    assert refused(*command.split(), "no-run", *rest).startswith("RUN must be a run's id")


def test_a_run_that_is_not_evaluated(refused, color_run):
    sentence = refused("errors", color_run.run_id)

    assert "resume it (python -m zapcls train --resume" in sentence  # it was lost
    assert f"delete it (python -m zapcls delete {color_run.run_id})" in sentence
    color_run.weights_path.touch()
    assert "Evaluate it first: python -m zapcls evaluate" in refused("errors", color_run.run_id)


def test_a_report_s_name_is_checked_before_the_run(refused):
    assert "FILE must end in .html or .pdf" in refused("report", "any", "-o", "report.txt")


def test_a_deleted_run_lies_in_the_trash(refused, answer, color_run):
    workspace = open_workspace(color_run.path.parents[1])
    with FileLock(color_run.path / "lock"):
        assert "is at work" in refused("delete", color_run.run_id, code=1)

    assert str(workspace.trash_dir / color_run.run_id) in answer("delete", color_run.run_id)

    assert list_runs(workspace) == []
    assert (workspace.trash_dir / color_run.run_id / "config.json").is_file()
    assert "RUN must be a run's id" in refused("delete", color_run.run_id)


def test_an_archived_run_is_listed_apart_and_comes_back(answer, color_run):
    workspace = open_workspace(color_run.path.parents[1])
    assert str(workspace.archive_dir / color_run.run_id) in answer("archive", color_run.run_id)

    assert "No run yet" in answer("runs")
    assert answer("runs", "--archived").split() == [color_run.run_id]
    assert json.loads(answer("runs", "--archived", "--json")) == {"run": color_run.run_id}
    answer("restore", color_run.run_id)
    assert list_runs(workspace) == [color_run]
