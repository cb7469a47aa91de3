"""Two trainings compared: what is told of their settings, and curves of files that grow."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
from hand_made import GENDER, HandMade

from zapcls import schema
from zapcls.config import TrainConfig
from zapcls.evidence import open_evidence
from zapcls.findings import compare_trainings, find_between
from zapcls.findings.ask import Ask
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import Run


def test_of_a_file_of_weights_the_name_alone_is_told(build_table):
    files = ("/srv/me/first.safetensors", "/srv/me/second.safetensors")
    runs = [
        SimpleNamespace(
            train_config=TrainConfig(weights=file), is_imported=False, path=Path("nowhere")
        )
        for file in files
    ]

    found = compare_trainings.find(*(HandMade(build_table([{}]), run=run) for run in runs), GENDER)

    names = [["weights", "first.safetensors", "second.safetensors"]]
    assert found.settings.to_numpy().tolist() == names


def test_curves_are_read_again_once_a_training_goes_on(kinds, tmp_path):
    copied = shutil.copytree(kinds.workspace.path, tmp_path / "workspace")
    run = Run(copied / "runs" / kinds.run.run_id)
    both = [open_evidence(run, Workspace(copied))] * 2
    epochs = pd.DataFrame({key: [1.0, 2.0] for key in schema.HISTORY} | {"phase": "frozen"})

    for count in (1, 2):
        epochs.head(count).to_csv(run.path / "history.csv", index=False)
        found = find_between("compare_trainings", *both, Ask(run.task))
        assert [len(history) for history in found.histories] == [count, count]
