"""Creates runs: queued trainings, anew or on the split of another run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from zapcls.config import TrainConfig
from zapcls.data.split import correct_split
from zapcls.errors import BadInput
from zapcls.workspace import jobs
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import FORMAT, Run, write_task
from zapcls.workspace.splits import read_split_file


def create_run(
    workspace: Workspace,
    config: TrainConfig,
    data_dir: Path,
    origin: dict[str, Any] | None = None,
    fill: Callable[[Path], object] | None = None,
) -> Run:
    """Create a queued run.

    `origin` says of what it is a retraining; `fill` writes what else it starts with.
    """
    place = str(data_dir.expanduser().resolve())
    settings = {"format": FORMAT, "train": config.to_json(), "data_dir": place, **(origin or {})}
    return Run(jobs.create(workspace.runs_dir, "train", settings, config.arch, fill).path)


def create_retraining(
    workspace: Workspace, parent: Run, config: TrainConfig, corrections: pd.DataFrame
) -> Run:
    """Create a queued run on the very split of `parent`, with labels of its target corrected.

    The corrections (`schema.CORRECTIONS`) are kept with the run, so that it never changes.

    Raises:
        BadInput: `parent` has no split yet, or is about other classes than `config`.
    """
    if not (parent.path / "model.json").is_file():
        raise BadInput(
            f"A retraining uses its parent's split, but {parent.run_id} has not begun to train. "
            "Choose a run that has."
        )
    asked, known = config, parent.train_config
    if (asked.target, asked.classes, asked.cells) != (known.target, known.classes, known.cells):
        raise BadInput(
            f"A retraining keeps its parent's target and classes ({known.target}: "
            f"{', '.join(known.classes)}), got {asked.target}: {', '.join(asked.classes)}. "
            "Start a new run for those."
        )
    origin = {
        "parent": parent.run_id,
        "catalogue_id": parent.facts["catalogue_id"],
        "corrected": len(corrections),
    }

    def fill(folder: Path) -> None:
        write_task(Run(folder), *parent.tasks)
        corrections.to_parquet(folder / "corrections.parquet")
        remedy = f"Choose another run than {parent.run_id}, or put the file back."
        target = parent.task.target
        split = read_split_file(parent.path / "split.parquet", target, remedy)
        correct_split(split, corrections, target).to_parquet(folder / "split.parquet")

    return create_run(workspace, config, parent.data_dir, origin, fill)
