"""Trains a run's recipe once a fold, so that every image is answered by a run that never saw it."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit

from zapcls.analysis import heads, metrics
from zapcls.config import TrainConfig
from zapcls.data.split import align_targets
from zapcls.data.task import Task
from zapcls.progress import Progress, begin_with
from zapcls.work.device import hold_device
from zapcls.work.evaluate import predict_rows
from zapcls.work.limits import set_thresholds
from zapcls.workspace.answers import write_answers
from zapcls.workspace.imports import check_has
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.run_tables import read_split
from zapcls.workspace.runs import find_job_run
from zapcls.workspace.store import Store, find_store

SPLIT_OF_FOLDS = "valid"  # each image is held out once
TUNE_SHARE = 0.1  # of the products that a fold trains on


def cross_validate(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Train a run's recipe once a fold, each time on all other products: an answer for every image.

    A fold that is done is not trained again when the job is started anew.
    """
    run = find_job_run(workspace, job)
    check_has(run, "training", "a cross-validation")
    store = find_store(workspace, run.facts["catalogue_id"])
    config, tasks, folds = run.train_config, run.tasks, int(job.config["folds"])
    started = time.perf_counter()
    split = read_split(run)
    codes = _choose_codes(split, tasks)
    rows = np.flatnonzero(codes >= 0)
    codes, products = codes[rows], split["product_id"].to_numpy()[rows]
    fold = heads.assign_folds(codes, products, folds, config.seed)
    working = run.path / "derived" / f".cross-validation-{folds}"
    ends = np.cumsum([len(task.classes) for task in tasks])
    logits = np.empty((len(rows), ends[-1]), dtype=np.float32)
    with hold_device(job, workspace, progress, config.device) as device:
        for number in range(folds):
            path = working / f"logits-{number}.npy"
            if not path.is_file():
                parts = np.full(len(split) // len(tasks), "none", dtype=object)
                parts[rows] = split_fold(fold, codes, products, number, config.seed)
                every = split.assign(split=np.tile(parts, len(tasks)))
                in_fold = begin_with(f"Fold {number + 1} of {folds}", progress)
                folder = working / f"fold-{number}"
                _train_fold(config, tasks, folder, store, every, device, path, in_fold)
            logits[fold == number] = np.load(path, allow_pickle=False)
    targets = {}
    for task, part in zip(tasks, np.split(logits, ends[:-1], axis=1), strict=True):
        told = split[split["target"] == task.target].iloc[rows].assign(split=SPLIT_OF_FOLDS)
        predictions, prob = metrics.build_predictions(told, part, task.classes, task.target)
        write_answers(working, predictions.assign(source="cv", fold=fold), prob, task.target)
        targets[task.target] = {"splits": metrics.summarize_splits(predictions)}
    result = {
        "run": run.run_id,
        "folds": folds,
        "targets": targets,
        "seconds": round(time.perf_counter() - started, 1),
    }
    write_json(working / "metrics.json", result)
    folder = working.with_name("cross-validation")
    shutil.rmtree(folder, ignore_errors=True)
    working.rename(folder)


def _choose_codes(split: pd.DataFrame, tasks: Sequence[Task]) -> np.ndarray:
    """Choose what folds hold each photo's class by, -1 for none: the first target that has one."""
    _, every = align_targets(split, tasks)
    every = every.reshape(len(every), -1)
    first, starts = (every >= 0).argmax(axis=1), np.cumsum([0, *(len(t.classes) for t in tasks)])
    code = every[np.arange(len(every)), first]
    return np.where(code >= 0, code + starts[first], -1)


def split_fold(
    fold: np.ndarray, codes: np.ndarray, products: np.ndarray, number: int, seed: int
) -> np.ndarray:
    """Return the part of each image when a fold is held out: valid, tune or train.

    A tenth of the other products is tune, one of them at least, in the classes' proportion.
    """
    rest = np.flatnonzero(fold != number)
    count = min(round(1 / TUNE_SHARE), len(np.unique(products[rest])))
    inner = heads.assign_folds(codes[rest], products[rest], count, seed)
    parts = np.full(len(fold), "valid", dtype=object)
    parts[rest] = np.where(inner == 0, "tune", "train")
    return parts


def _find_shifts(logits: np.ndarray, codes: np.ndarray, tasks: Sequence[Task]) -> np.ndarray:
    """Find what to take from each logit so that a label is the likeliest from its threshold on.

    `logits` and `codes` are those of a fold's own tune; only answers are counted of it.
    """
    judged = set_thresholds(tasks, logits, codes, {task.target: 1.0 for task in tasks})
    shifts = [
        [logit(task.threshold), 0.0] if task.threshold else [0.0] * len(task.classes)
        for task in judged
    ]
    return np.concatenate(shifts).astype(np.float32)


def _train_fold(
    config: TrainConfig,
    tasks: Sequence[Task],
    folder: Path,
    store: Store,
    split: pd.DataFrame,
    device: Any,
    path: Path,
    progress: Progress,
) -> None:
    """Train on a fold's train and tune, and leave the logits of its valid rows at `path`."""
    from zapcls.model.trainings import build_recipe

    folder.mkdir(parents=True, exist_ok=True)
    network = build_recipe(config, tasks, folder, store, split, progress).train()
    parts = split["split"][: len(split) // len(tasks)]
    rows, tune = (np.flatnonzero(parts == name) for name in ("valid", "tune"))
    onnx_path = folder / "model.onnx"
    logits, *_ = predict_rows(network, config, store, rows, device, progress, tasks, onnx_path)
    if any(task.labels_of for task in tasks):
        known, *_ = predict_rows(network, config, store, tune, device, progress, tasks)
        logits -= _find_shifts(known, align_targets(split, tasks)[1][tune], tasks)
    aside = path.with_name(f"{path.name}.part")
    with aside.open("wb") as file:
        np.save(file, logits)
    shutil.rmtree(folder)
    aside.rename(path)
