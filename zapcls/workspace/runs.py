"""Runs: the trainings in a workspace, and the tables each one leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zapcls.config import TrainConfig
from zapcls.data.split import correct_split
from zapcls.data.task import Task, read_task
from zapcls.errors import BadInput, RunBusy, ZapError
from zapcls.workspace import integrity, jobs
from zapcls.workspace.layout import Workspace, write_json

FORMAT = 2  # of a run's folder; a run of the first format names none


@dataclass(frozen=True)
class Run(jobs.Job):
    """A training: a job whose directory also holds its model and its tables."""

    @property
    def run_id(self) -> str:
        return self.job_id

    @property
    def config(self) -> dict[str, Any]:
        return integrity.read_run_config(self.path, FORMAT)

    @property
    def train_config(self) -> TrainConfig:
        """The settings that were asked for; those that its version had not are at their defaults.

        The classes that it has are those of `task`.
        """
        return integrity.build_settings(self.path, self.config["train"])

    @property
    def task(self) -> Task:
        """The target with its classes, as the training found them in its catalogue.

        Raises:
            ZapError: the run has not begun to train.
            Damaged: the file cannot be used, or an older version trained the run.
        """
        path = self.path / "task.json"
        if not path.exists() and not (self.path / "model.json").exists():
            raise ZapError(
                f"The run {self.run_id} has no classes yet. Wait until it begins to train."
            )
        return read_task(integrity.read_checked(path, integrity.TASK))

    @property
    def data_dir(self) -> Path:
        return Path(self.config["data_dir"])

    @property
    def parent_id(self) -> str:
        """The run whose split this one uses; "" for a run with a split of its own."""
        return self.config.get("parent", "")

    @property
    def is_evaluated(self) -> bool:
        """Whether its predictions, metrics and ONNX model are there, and it is not damaged."""
        return (self.path / "metrics.json").is_file() and not jobs.is_damaged(self)

    @property
    def onnx_path(self) -> Path:
        return self.path / "model.onnx"

    @property
    def weights_path(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def facts(self) -> dict[str, Any]:
        """`model.json`: classes in order, arch, image_size and side in px, catalogue_id, ..."""
        return integrity.read_checked(self.path / "model.json", integrity.FACTS)

    @property
    def metrics(self) -> dict[str, Any]:
        """`metrics.json`: `targets` (name: `rates`), `onnx_max_difference`, `seconds`."""
        return integrity.read_metrics(self.path / "metrics.json", self.task.target)

    def check(self) -> None:
        """Check the files that no page can do without.

        Raises:
            Damaged: one of them is missing or cannot be used.
        """
        super().check()
        _ = self.train_config
        is_done = jobs.read_stored(self).state == "done"
        has_metrics = is_done or (self.path / "metrics.json").exists()
        if has_metrics:
            _ = self.task, self.metrics
        if has_metrics or self.weights_path.is_file() or (self.path / "model.json").exists():
            _ = self.facts

    @property
    def rates(self) -> dict[str, Any]:
        """What `work.evaluate` counted of its target: `splits`, `balanced`, `classes` and more."""
        return self.metrics["targets"][self.task.target]

    @property
    def balanced_error_rate(self) -> float | None:
        """The mean of the classes' rates, None where the run or its metrics.json has none."""
        return self.rates.get("balanced", {}).get("rate") if self.is_evaluated else None


def create_run(workspace: Workspace, config: TrainConfig, data_dir: Path) -> Run:
    """Create a queued run."""
    return _create(workspace, config, data_dir)


def _create(
    workspace: Workspace,
    config: TrainConfig,
    data_dir: Path,
    origin: dict[str, Any] | None = None,
    fill: Callable[[Path], object] | None = None,
) -> Run:
    place = str(data_dir.expanduser().resolve())
    settings = {"format": FORMAT, "train": config.to_json(), "data_dir": place, **(origin or {})}
    return Run(jobs.create(workspace.runs_dir, "train", settings, config.arch, fill).path)


def create_retraining(
    workspace: Workspace, parent: Run, config: TrainConfig, corrections: pd.DataFrame
) -> Run:
    """Create a queued run on the very split of `parent`, with labels corrected.

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
    if (asked.target, asked.classes) != (known.target, known.classes):
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
        write_task(Run(folder), parent.task)
        corrections.to_parquet(folder / "corrections.parquet")
        split = pd.read_parquet(parent.path / "split.parquet")
        correct_split(split, corrections).to_parquet(folder / "split.parquet")

    return _create(workspace, config, parent.data_dir, origin, fill)


def write_task(run: Run, task: Task) -> None:
    """Keep a run's task with it, so that it never changes."""
    write_json(run.path / "task.json", task.to_json())


def list_runs(workspace: Workspace) -> list[Run]:
    """List the runs, the newest first."""
    return [Run(job.path) for job in jobs.list_jobs(workspace.runs_dir)]


def find_run(workspace: Workspace, name: str) -> Run:
    """Find a run by its id in the workspace, else by its path.

    Raises:
        BadInput: there is none.
        Damaged: its files cannot be used.
    """
    named = [run for run in list_runs(workspace) if run.run_id == name]
    path = Path(name).expanduser()
    if not named and not (path / "config.json").is_file():
        raise BadInput(
            f"RUN must be a run's id in {workspace.path} or its folder, got {name!r}. "
            "`python -m zapcls runs` lists them."
        )
    run = named[0] if named else Run(path.resolve())
    run.check()
    return run


def find_evaluated(workspace: Workspace, name: str) -> Run:
    """Find a run that is evaluated.

    Raises:
        BadInput: there is no such run, or it is not evaluated.
    """
    run = find_run(workspace, name)
    if (run.path / "model.json").is_file():
        run.task  # noqa: B018 - an older version's run is a sentence
    if not run.is_evaluated:
        raise BadInput(
            f"A run can be looked into once it is evaluated, but {run.run_id} is not. "
            f"{_advise(run)}"
        )
    return run


def _advise(run: Run) -> str:
    """Say what brings a run nearer to its evaluation, by its state."""
    state = jobs.read_status(run).state
    if state not in jobs.FINAL_STATES:
        return "Wait until its training is done."
    if run.weights_path.is_file():
        return f"Evaluate it first: python -m zapcls evaluate {run.run_id}."
    return (
        f"It {'was lost' if state == 'lost' else state} before an epoch was done: resume it "
        f"(python -m zapcls train --resume {run.run_id}) or delete it (python -m zapcls delete "
        f"{run.run_id})."
    )


def delete_run(workspace: Workspace, run_id: str) -> Path:
    """Move a run into the workspace's trash folder, and return where it lies now.

    Raises:
        BadInput: there is no such run in the workspace.
        RunBusy: it is at work.
    """
    found = [run for run in list_runs(workspace) if run.run_id == run_id]
    if not found:
        raise BadInput(
            f"RUN must be a run's id in {workspace.path}, got {run_id!r}. "
            "`python -m zapcls runs` lists them."
        )
    [run] = found
    if jobs.is_held(run):
        raise RunBusy(
            f"A run is deleted once it has ended, but {run_id} is at work. Stop it first."
        )
    place = workspace.trash_dir / run_id
    while place.exists():  # one of this name was deleted before
        place = place.with_name(f"{place.name}-again")
    place.parent.mkdir(parents=True, exist_ok=True)
    run.path.rename(place)
    return place


def summarize_run(run: Run) -> dict[str, Any]:
    """Summarize a training: state, rates on valid with n and interval, seconds.

    The rates of a run that is not evaluated are None, and so are the `balanced_error_rate` and the
    `class_error_rates` {class: rate} of one that an older version evaluated.
    """
    status = jobs.read_status(run)
    known = run.rates if run.is_evaluated else {}
    valid, classes = known.get("splits", {}).get("valid", {}), known.get("classes")
    rates = {name: valid.get(name) for name in ("error_rate", "error_low", "error_high")}
    return {
        "run": run.run_id,
        "state": status.state,
        **rates,
        "n_valid": valid.get("n"),
        "balanced_error_rate": run.balanced_error_rate,
        "class_error_rates": {name: row["rate"] for name, row in classes.items()}
        if classes
        else None,
        "seconds": None if status.seconds is None else round(status.seconds, 1),
    }
