"""A real training of labels, from the catalogue to the answers."""

import json
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
from planned_run import list_materials

from zapcls.answer.classify import name_output
from zapcls.workspace.layout import Workspace
from zapcls.workspace.run_tables import read_predictions, read_probabilities
from zapcls.workspace.runs import list_runs

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def learned(write_catalogue, tiny_settings, list_options, run_command, tmp_path_factory):
    """A run on three materials as labels: `workspace, run, summary, data_dir`; shared."""
    folder = tmp_path_factory.mktemp("learned")
    data_dir = write_catalogue(folder / "data", list_materials())
    workspace = Workspace(folder / "workspace")
    where = ["--workspace", workspace.path, "--data", data_dir, "--json"]
    asked = tiny_settings | {"target": "material", "cells": "labels"}
    process = run_command("train", *where, *list_options(asked))
    assert process.returncode == 0, process.stderr
    [run] = list_runs(workspace)
    summary = json.loads(process.stdout)
    return SimpleNamespace(workspace=workspace, run=run, summary=summary, data_dir=data_dir)


def test_the_summary_has_each_labels_threshold_and_average_precision(learned):
    targets = learned.summary["targets"]

    assert list(targets) == [task.target for task in learned.run.tasks]
    for task in learned.run.tasks:
        assert 0 < task.threshold < 1
        assert targets[task.target]["threshold"] == task.threshold
        assert targets[task.target]["average_precision"]["rate"] > 0
    assert learned.summary["labels"]["material"]["labels"] == 3


def test_every_answer_follows_from_the_probability_and_the_threshold(learned):
    for task in learned.run.tasks:
        run = learned.run.about(task.target)
        table, prob = read_predictions(run, learned.workspace), read_probabilities(run)

        is_given = prob[:, 0] >= task.threshold

        called = np.where(is_given, *task.classes)
        assert (table["prediction"].to_numpy() == called).all()
        assert table["prob"].to_numpy() == pytest.approx(np.where(is_given, *prob.T))


def test_all_labels_stand_in_one_part_of_the_split(learned):
    tables = [
        read_predictions(learned.run.about(task.target), learned.workspace)
        for task in learned.run.tasks
    ]

    for table in tables[1:]:
        assert table["split"].equals(tables[0]["split"])
    assert set(tables[0].loc[tables[0]["label"] == "", "split"]) == {"none"}


def test_the_model_and_the_command_answer_as_the_run_did(learned, run_command):
    image = read_predictions(learned.run, learned.workspace).query("label != ''").iloc[0]
    photo = next(learned.data_dir.rglob(image["image_path"].rpartition("/")[2]))

    process = run_command(
        "classify", learned.run.run_id, photo, "--json", "--workspace", learned.workspace.path
    )

    targets = json.loads(process.stdout)["targets"]
    outputs = [
        out.name for out in onnxruntime.InferenceSession(learned.run.onnx_path).get_outputs()
    ]
    assert outputs == [*(name_output(task.target) for task in learned.run.tasks), "embedding"]
    for task in learned.run.tasks:
        run = learned.run.about(task.target)
        table = read_predictions(run, learned.workspace).set_index("image_id")
        row, answer = table.loc[image["image_id"]], targets[task.target]
        assert answer["label"] == row["prediction"]
        assert answer["prob"][answer["label"]] == pytest.approx(row["prob"], abs=1e-3)


def test_the_exported_model_names_its_labels_and_thresholds(learned, run_command, tmp_path):
    where = ["--workspace", learned.workspace.path]

    process = run_command(
        "export", learned.run.run_id, "-o", tmp_path / "model", "--onnx-only", *where
    )

    assert process.returncode == 0, process.stderr
    card = (tmp_path / "model" / "README.md").read_text()
    for task in learned.run.tasks:
        assert f"{task.target!r}: ({list(task.classes)!r}, {task.threshold!r})" in card
    assert "which of 3 labels fit a photo of one shoe" in card
