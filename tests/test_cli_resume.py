"""`train --resume RUN`: what it refuses, and a run that goes on."""

import json
import warnings

import pandas as pd
import pytest
from small import small_config

from zapcls import work
from zapcls.__main__ import main
from zapcls.workspace import jobs
from zapcls.workspace.jobs import read_status
from zapcls.workspace.layout import ENVIRONMENT, Workspace, write_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.runs import list_runs
from zapcls.workspace.worker import Reporter


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """The workspace of the commands of a test."""
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "workspace"))
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def run(workspace, tmp_path):
    """A run that was stopped before it did anything."""
    run = create_run(workspace, small_config(seed=3), tmp_path / "data")
    write_json(run.path / "status.json", {"state": "stopped"})
    return run


@pytest.fixture
def refused(capsys):
    """Return a function that resumes with options which must be refused: the sentence."""

    def resume(*words):
        assert main(["train", "--resume", *map(str, words)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("zapcls: ")
        assert err.count("\n") == 1
        return err

    return resume


@pytest.mark.parametrize(
    "option",
    [
        ["--seed", 3],  # the very one that it has
        ["--views", 0],
        ["--preset", "first-try"],
        ["--data", "photos"],
    ],
    ids=lambda option: option[0],
)
def test_a_resumed_run_keeps_its_settings(refused, run, option):
    sentence = refused(run.run_id, *option)

    assert "A resumed run keeps its settings and its photos" in sentence
    assert f"got {option[0]} too" in sentence
    assert read_status(run).state == "stopped"


def test_a_run_that_is_not_there_is_not_resumed(refused, workspace):
    assert "RUN must be a run's id" in refused("no-run")
    assert list_runs(workspace) == []


@pytest.mark.parametrize("by_path", [False, True])
def test_a_run_is_resumed_as_the_job_it_was(run, workspace, monkeypatch, by_path):
    performed = []
    monkeypatch.setattr(work, "perform", lambda job, *_, **__: performed.append(job))
    jobs.request_stop(run)

    assert main(["train", "--resume", str(run.path if by_path else run.run_id)]) == 0

    assert performed == [run]
    assert jobs.read_stored(run).state == "queued"
    assert not run.stop_path.exists()
    assert [run.run_id for run in list_runs(workspace)] == [run.run_id]


@pytest.fixture
def one_thread():
    with warnings.catch_warnings(action="ignore"):
        import torch
    torch.set_num_threads(1)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_stopped_run_goes_on_where_it_ended(
    workspace, drawn, tiny_settings, list_options, monkeypatch, capsys
):
    settings = list_options(tiny_settings | {"unfrozen_epochs": 4})
    train = ["train", "--data", str(drawn), "--preset", "first-try", *settings, "--json"]
    report = Reporter.__call__

    def stop_in_the_third(self, phase, done, total, **detail):
        if detail.get("epoch") == 3:
            jobs.request_stop(self._job)
        report(self, phase, done, total, **detail)

    with monkeypatch.context() as patch:
        patch.setattr(Reporter, "__call__", stop_in_the_third)
        assert main(train) == 130
    [run] = list_runs(workspace)
    assert read_status(run).state == "stopped"
    assert len(pd.read_csv(run.path / "history.csv")) == 2
    before = read_status(run).seconds
    capsys.readouterr()

    assert main(["train", "--resume", run.run_id, "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["run"], told["state"]) == (run.run_id, "done")
    assert told["seconds"] > before
    assert run.metrics["seconds"] > before
    assert not (run.path / "checkpoint.pt").exists()
    assert pd.read_csv(run.path / "history.csv")["epoch"].tolist() == [1, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_run_that_was_evaluated_after_its_stop_is_evaluated_again(
    workspace, drawn, tiny_settings, monkeypatch
):
    run = create_run(workspace, small_config(**tiny_settings), drawn)
    assert main(["train", "--resume", run.run_id]) == 0
    metrics = run.metrics
    rates = {name: known | {"guess_error_rate": 1.0} for name, known in metrics["targets"].items()}
    write_json(run.path / "status.json", {"state": "stopped"})
    write_json(run.path / "metrics.json", metrics | {"targets": rates})

    assert main(["train", "--resume", run.run_id]) == 0

    assert run.metrics["targets"] == metrics["targets"]
