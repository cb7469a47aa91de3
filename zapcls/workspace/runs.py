"""Runs: the trainings in a workspace, and the tables each one leaves."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from zapcls.config import TrainConfig
from zapcls.data.task import Task, read_task
from zapcls.errors import BadInput, Damaged, ZapError
from zapcls.workspace import integrity, jobs, permissions
from zapcls.workspace.answers import find_cut
from zapcls.workspace.layout import Stamp, Workspace, stamp_files, write_json

FORMAT = 2  # of a run's folder; a run of the first format names none
# What `Run.check` looks at.
_CHECKED = (
    "config.json", "status.json", "task.json", "model.json", "metrics.json", "model.safetensors",
)  # fmt: skip
IMPORT = "import"  # the kind of a run whose model was trained elsewhere


@dataclass(frozen=True)
class Run(jobs.Job):
    """A training: a job whose directory also holds its model and its tables.

    `target` is the one that is looked at, of a run about several; "" is the first.
    """

    target: str = ""

    @property
    def run_id(self) -> str:
        return self.job_id

    @property
    def config(self) -> dict[str, Any]:
        return dict(_read_config(self, self.stamp("config.json")))

    @property
    def train_config(self) -> TrainConfig:
        """The settings that were asked for; those that its version had not are at their defaults.

        The classes that it has are those of `task`.
        """
        return _build_settings(self, self.stamp("config.json"))

    @property
    def task(self) -> Task:
        """The target that is looked at; raises as `tasks`."""
        tasks = self.tasks
        return next((task for task in tasks if task.target == self.target), tasks[0])

    def about(self, target: str) -> "Run":
        """Return the same run looked at under another of its targets, "" for the first.

        Raises:
            BadInput: it has no such target.
        """
        known = [task.target for task in self.tasks] if target else [""]
        if target not in known:
            raise BadInput(
                f"The target must be one that {self.run_id} predicts ({', '.join(known)}), got "
                f"{target!r}. Name one of them."
            )
        return replace(self, target=target)

    def alike(self, other: "Run") -> "Run":
        """Return the same run looked at under another run's target, where it has that one."""
        target = other.task.target
        has_it = target in [task.target for task in self.tasks]
        return replace(self, target=target) if has_it else self

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Its targets with their classes, as the training found them in its catalogue.

        Raises:
            ZapError: the run has not begun to train.
            Damaged: the file cannot be used, or an older version trained the run.
        """
        return _read_tasks(self, self.stamp("task.json", "model.json"))

    @property
    def is_imported(self) -> bool:
        """Whether its model was trained elsewhere: it has answers, but no training."""
        return self.kind == IMPORT

    @property
    def origin(self) -> dict[str, Any]:
        """Where an imported run is from; see `imports.build_origin`."""
        return self.config["origin"]

    @property
    def network(self) -> str:
        """The name of its network, or of what it was imported from."""
        return self.origin["name"] if self.is_imported else self.train_config.arch

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
    def remedy(self) -> str:
        """What to do where a file of its evaluation is damaged."""
        if self.is_imported:
            return "Import it again."
        return f"Evaluate it again: python -m zapcls evaluate {self.run_id}."

    @property
    def onnx_path(self) -> Path:
        return self.path / "model.onnx"

    @property
    def weights_path(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def facts(self) -> dict[str, Any]:
        """`model.json`: classes in order, arch, image_size and side in px, catalogue_id, ..."""
        return dict(_read_facts(self, self.stamp("model.json")))

    @property
    def metrics(self) -> dict[str, Any]:
        """`metrics.json`: `targets` (name: `rates`), `onnx_max_difference`, `seconds`."""
        return integrity.read_metrics(self.path / "metrics.json", self.task.target)

    def stamp(self, *names: str) -> tuple[Stamp, ...]:
        """Return the identities of some files, all that tell what it came to unless named."""
        return stamp_files(self.path, *(names or _CHECKED))

    def check(self) -> None:
        """Check the files that no page can do without.

        Raises:
            Damaged: one of them is missing or cannot be used.
        """
        _check_files(self, self.stamp())

    def check_trained(self) -> None:
        """Check the files that an evaluation needs, and that are not made by one.

        Raises:
            Damaged: one of them is missing or cannot be used.
        """
        super().check()
        _ = self.train_config
        if self.weights_path.is_file() or (self.path / "model.json").exists():
            _ = self.facts

    @property
    def cut_file(self) -> str:
        """Which file of its evaluation is cut short, "" where none is."""
        return find_cut(self.path, [task.target for task in self.tasks])

    def check_answers(self) -> None:
        """Check the tables and arrays that an evaluation left.

        Raises:
            Damaged: one of them is cut short.
        """
        if cut := self.cut_file:
            raise Damaged(
                f"{self.run_id} is damaged: its {cut} is damaged or cut short. {self.remedy}"
            )

    @property
    def rates(self) -> dict[str, Any]:
        """What `work.evaluate` counted of its target: `splits`, `balanced`, `classes` and more."""
        return self.metrics["targets"][self.task.target]

    @property
    def balanced_error_rate(self) -> float | None:
        """The mean of the classes' rates, None where the run or its metrics.json has none."""
        return (self.rates.get("balanced") or {}).get("rate") if self.is_evaluated else None


@lru_cache(maxsize=4096)
def _check_files(run: Run, stamp: tuple[Stamp, ...]) -> None:
    """Check a run's files, once for each version of them: lists ask it of every run, often."""
    run.check_trained()
    is_done = jobs.read_stored(run).state == "done"
    if is_done or (run.path / "metrics.json").exists():
        _ = run.task, run.facts, run.metrics


# What is read of a run is kept by the identity of its files: lists ask it of every run.


@lru_cache(maxsize=4096)
def _read_config(run: Run, stamp: tuple[Stamp, ...]) -> dict[str, Any]:
    return integrity.read_run_config(run.path, FORMAT)


@lru_cache(maxsize=4096)
def _build_settings(run: Run, stamp: tuple[Stamp, ...]) -> TrainConfig:
    return integrity.build_settings(run.path, run.config["train"])


@lru_cache(maxsize=4096)
def _read_facts(run: Run, stamp: tuple[Stamp, ...]) -> dict[str, Any]:
    return integrity.read_checked(run.path / "model.json", integrity.FACTS)


@lru_cache(maxsize=4096)
def _read_tasks(run: Run, stamp: tuple[Stamp, ...]) -> tuple[Task, ...]:
    path = run.path / "task.json"
    if not path.exists() and not (run.path / "model.json").exists():
        raise ZapError(f"The run {run.run_id} has no classes yet. Wait until it begins to train.")
    content = integrity.read_checked(path, integrity.TASK, {"targets": list})
    return tuple(map(read_task, content.get("targets", [content])))


def write_task(run: Run, first: Task, *others: Task) -> None:
    """Keep a run's tasks with it, so that they never change."""
    every = [task.to_json() for task in (first, *others)]
    write_json(run.path / "task.json", every[0] | ({"targets": every} if others else {}))


def list_runs(workspace: Workspace) -> list[Run]:
    """List the runs, the newest first; in a demo those that are evaluated and shown."""
    runs = [Run(job.path) for job in jobs.list_jobs(workspace.runs_dir)]
    if permissions.may("start"):
        return runs
    shown = permissions.list_shown_runs()
    return [run for run in runs if run.is_evaluated and (not shown or run.run_id in shown)]


def find_run(workspace: Workspace, name: str, is_to_evaluate: bool = False) -> Run:
    """Find a run by its id in the workspace, else by its path.

    One that is to be evaluated needs no whole files of an evaluation.

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
    run.check_trained() if is_to_evaluate else run.check()
    return run


def find_evaluated(workspace: Workspace, name: str, target: str = "") -> Run:
    """Find a run that is evaluated, looked at under one of its targets, the first unless named.

    Raises:
        BadInput: there is no such run, it is not evaluated, or it has no such target.
    """
    run = find_run(workspace, name)
    if (run.path / "model.json").is_file():
        run.task  # noqa: B018 - an older version's run is a sentence
    if not run.is_evaluated:
        raise BadInput(
            f"A run can be looked into once it is evaluated, but {run.run_id} is not. "
            f"{jobs.advise(run, run.weights_path.is_file())}"
        )
    run.check_answers()
    return run.about(target)


def find_job_run(workspace: Workspace, job: jobs.Job) -> Run:
    """Find the evaluated run, under the target, that a job is about; raises as `find_evaluated`."""
    return find_evaluated(workspace, job.config["run"], job.config.get("target", ""))
