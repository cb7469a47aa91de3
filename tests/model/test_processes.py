"""One model trained by two real processes on this machine, over gloo."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from zapcls.config import DEFAULT_CLASSES
from zapcls.workspace.jobs import read_status
from zapcls.workspace.layout import Workspace
from zapcls.workspace.run_tables import read_history, read_predictions
from zapcls.workspace.runs import list_runs

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
STILL = Path(__file__).with_name("still_training.py")
MEASURES = ["train_loss", "tune_loss", "tune_error_rate"]


@pytest.fixture(scope="module")
def launch():
    """Return a function that runs words with `accelerate launch` in so many processes."""

    def run(count, *words):
        command = [sys.executable, "-m", "accelerate.commands.launch"]
        command += ["--multi_gpu"] if count > 1 else ["--cpu"]  # torchrun, on a CPU too
        command += ["--num_processes", str(count), "--num_machines", "1"]
        command += ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]
        return subprocess.run(
            [*command, *map(str, words)],
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=900,
        )

    return run


def test_two_processes_train_as_one_does_at_the_same_batch(launch, tmp_path, torch):
    from safetensors.torch import load_file

    histories, weights = [], []
    for count in (1, 2):
        folder = tmp_path / str(count)
        folder.mkdir()
        process = launch(count, STILL, folder)
        assert process.returncode == 0, process.stderr
        histories.append(pd.read_csv(folder / "history.csv"))
        weights.append(load_file(folder / "model.safetensors"))

    one, two = histories
    assert two["epoch"].tolist() == [1, 2, 3]
    pd.testing.assert_frame_equal(one[MEASURES], two[MEASURES], atol=2e-4)
    assert one["train_loss"].nunique() == 3  # it did learn something
    for key, value in weights[0].items():
        torch.testing.assert_close(value.float(), weights[1][key].float(), atol=1e-3, rtol=1e-2)


@pytest.fixture(scope="module")
def together(launch, drawn, tiny_settings, list_options, tmp_path_factory):
    """A run that two processes trained by the command."""
    workspace = Workspace(tmp_path_factory.mktemp("together") / "workspace")
    where = ["--workspace", workspace.path, "--data", drawn, "--preset", "first-try"]
    options = list_options(tiny_settings | {"unfrozen_epochs": 2})
    return workspace, launch(2, "-m", "zapcls", "train", *where, *options, "--json")


def test_the_command_leaves_one_whole_run(together):
    workspace, process = together

    assert process.returncode == 0, process.stderr
    [run] = list_runs(workspace)
    answers = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
    assert [answer["run"] for answer in answers] == [run.run_id]
    assert read_status(run).state == "done"
    assert read_history(run)["epoch"].tolist() == [1, 2]
    table = read_predictions(run, workspace)
    assert set(table["prediction"]) <= set(DEFAULT_CLASSES)
    assert answers[0]["n_valid"] == (table["split"] == "valid").sum()
