"""Trains a run, from photos to an evaluated model.

`zapcls.model` is imported inside the functions that train, because torch and fastai take
seconds to load and most commands need neither.
"""

import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from zapcls.progress import Progress, silent
from zapcls.work.device import hold_device
from zapcls.work.evaluate import evaluate_run
from zapcls.workspace import devices, jobs, run_tables
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, replace_file, write_json
from zapcls.workspace.opening import name_colors, open_data
from zapcls.workspace.runs import Run, write_task
from zapcls.workspace.splits import build_tasks, read_split
from zapcls.workspace.store import Store, find_store


def train(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Train a run, then evaluate it; one that was stopped or lost goes on where it ended.

    Where several processes were launched, this one is the first of them and tells the others.

    Raises:
        ZapError: the photos that a resumed run was trained on are gone.
    """
    run = Run(job.path)
    config = run.train_config
    devices.refuse_busy(workspace, config.device)
    started = time.perf_counter() - jobs.read_status(run).seconds_before
    (run.path / "metrics.json").unlink(missing_ok=True)  # of a stopped run that is resumed
    store, split = _open_training(run, workspace, progress)
    if config.needs_colors:
        name_colors(workspace, store, progress)
    with hold_device(run, workspace, progress, config.device) as device:
        from zapcls.model import processes
        from zapcls.model.trainings import build_recipe

        with processes.joined(device):
            write_json(run.path / "model.json", _describe_model(run, store, device.type))
            processes.tell({"run": str(run.path), "store": str(store.path)})
            recipe = build_recipe(config, run.tasks, run.path, store, split, progress)
            network = recipe.train()
            write_json(run.path / "model.json", run.facts | {"batch_size": recipe.batch_size})
            del recipe  # and with it the photos that lie on a GPU
            name_colors(workspace, store, progress)
            evaluate_run(run, store, split, network, device, progress, started)
    (run.path / "checkpoint.pt").unlink(missing_ok=True)


def help_training(device_name: str) -> None:
    """Train along as one of several processes; all that is written, the first one writes."""
    from zapcls.model import processes
    from zapcls.model.learner import choose_device
    from zapcls.model.trainings import build_recipe

    device = choose_device(device_name)
    with processes.joined(device):
        told = processes.tell(None)
        run, store = Run(Path(told["run"])), Store(Path(told["store"]))
        split = run_tables.read_split(run)
        build_recipe(run.train_config, run.tasks, run.path, store, split, silent).train()


def _open_training(
    run: Run, workspace: Workspace, progress: Progress
) -> tuple[Store, pd.DataFrame]:
    """Open a run's photos and split, and name its classes.

    A run that has begun keeps its own ones, whatever has come since; a retraining has its parent's.
    """
    if run.parent_id:
        return find_store(workspace, run.config["catalogue_id"]), run_tables.read_split(run)
    if (run.path / "checkpoint.pt").is_file():
        return find_store(workspace, run.facts["catalogue_id"]), run_tables.read_split(run)
    config = run.train_config
    store = open_data(workspace, run.data_dir, progress, with_colors=False)
    split = read_split(store, config)
    write_task(run, *build_tasks(store, config))
    replace_file(run.path / "split.parquet", split.to_parquet())
    return store, split


def _describe_model(run: Run, store: Store, device: str) -> dict[str, Any]:
    config, [task, *others] = run.train_config, run.tasks
    every = {one.target: list(one.classes) for one in (task, *others)}
    return {
        "arch": config.arch,
        "head": config.head,
        "weights": config.weights,
        "target": task.target,
        "classes": list(task.classes),
        **({"targets": every} if others else {}),
        "image_size": config.image_size,
        "side": store.side,
        "catalogue_id": store.catalogue_id,
        "is_drawn": store.is_drawn,
        "device": device,
        "torch": version("torch"),
        "fastai": version("fastai"),
    }
