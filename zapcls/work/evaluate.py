"""Evaluates a run on its own catalogue, or on another one."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zapcls.analysis import metrics, ranking
from zapcls.analysis.neighbors import outlier_scores
from zapcls.config import TrainConfig
from zapcls.data import labels
from zapcls.data.framing import measure_closeness
from zapcls.data.split import align_targets
from zapcls.data.task import Task, gather_labels
from zapcls.errors import BadInput
from zapcls.progress import Progress
from zapcls.work.device import hold_device
from zapcls.work.limits import (
    choose_photos,
    cool,
    cool_again,
    set_thresholds,
    write_familiarity,
    write_limits,
)
from zapcls.workspace.answers import replace_files, write_every_answer
from zapcls.workspace.imports import check_has
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import name_colors, open_data
from zapcls.workspace.run_tables import find_trained, read_split, write_derived
from zapcls.workspace.runs import Run, find_run, write_task
from zapcls.workspace.store import Store, find_store
from zapcls.workspace.summaries import summarize_rates


def evaluate(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Evaluate a run: on another catalogue, or, for one that was stopped, on its own."""
    run = find_run(workspace, job.config["run"], is_to_evaluate=True)
    check_has(run, "training", "another evaluation")
    run = run.about(job.config.get("target", ""))
    if not run.weights_path.is_file():
        raise BadInput(
            f"A run is evaluated once it has trained an epoch, but {run.run_id} has not. "
            "Train again."
        )
    started = time.perf_counter()
    data_dir = job.config.get("data_dir")
    store = (
        open_data(workspace, Path(data_dir), progress)
        if data_dir
        else find_store(workspace, run.facts["catalogue_id"])
    )
    with hold_device(job, workspace, progress) as device:
        from zapcls.model.learner import load_network

        network = load_network(run.facts, run.weights_path)
        if not data_dir:
            split = read_split(run)
            name_colors(workspace, store, progress)
            evaluate_run(run, store, split, network, device, progress, started)
            return
        cool_again(network, run)
        is_trained = find_trained(run, workspace, store)
        result = _evaluate_elsewhere(run, store, is_trained, network, device, progress, started)
        write_json(job.path / "result.json", result)


def evaluate_run(
    run: Run,
    store: Store,
    split: pd.DataFrame,
    network: Any,
    device: Any,
    progress: Progress,
    started: float,
) -> None:
    """Predict every readable photo once, and write all that the pages read.

    `network` is as the training left it; its last layer is divided by the temperature that tune
    asks for. What an earlier evaluation left is replaced once all is there.
    """
    tasks, config = run.tasks, run.train_config
    is_readable = (store.read_catalog()["image_problem"] == "").to_numpy()
    parts, codes = align_targets(split, tasks)
    train, tune = (
        choose_photos(is_readable & (parts == name), config.seed) for name in ("train", "tune")
    )

    def tell(phase: str, done: int, total: int, **detail: object) -> None:
        progress("Asking tune how sure to be", done, total, **detail)

    logits, *_ = predict_rows(network, config, store, tune, device, tell, tasks)
    temperatures = cool(network, logits, codes[tune], tasks)
    tasks = set_thresholds(tasks, logits, codes[tune], temperatures)

    def write(folder: Path) -> None:
        rows = np.flatnonzero(is_readable)
        logits, embeddings, difference = predict_rows(
            network, config, store, rows, device, progress, tasks, folder / run.onnx_path.name
        )
        tables = _write_targets(folder, tasks, split, rows, logits)
        is_even = config.class_weights == "balanced"
        closeness = measure_closeness(store.pixels[row] for row in train)
        is_again = (run.path / "last_layer.json").is_file()  # after all epochs, if none was stopped
        colors = store.read_colors().set_index("image_id")["color"] if is_again else None
        write_limits(folder, tables, tasks, temperatures, is_even, closeness, colors)
        np.save(folder / "embeddings.npy", embeddings)
        progress("Comparing with the training photos", 0, 0)
        _score_outliers(list(tables.values()), embeddings).to_parquet(folder / "outliers.parquet")
        write_familiarity(folder, tables[tasks[0].target], rows, store, progress)
        if any(task.labels_of for task in tasks):
            write_task(Run(folder), *tasks)  # with the thresholds
        summary = {
            **summarize_targets(tables, tasks, summarize),
            "onnx_max_difference": difference,
            "seconds": round(time.perf_counter() - started, 1),
        }
        write_json(folder / "metrics.json", summary)

    replace_files(run.path, write, last="metrics.json")


def summarize_targets(
    tables: Mapping[str, pd.DataFrame],
    tasks: Sequence[Task],
    summarize_one: Callable[[pd.DataFrame, Task], dict[str, Any]],
) -> dict[str, Any]:
    """Summarize the answers under each target; `labels` has the means of each column of labels."""
    columns = {
        gathered[0].column: _average_labels(tables, gathered)
        for gathered in gather_labels(tasks)
        if gathered[0].labels_of
    }
    targets = {task.target: summarize_one(tables[task.target], task) for task in tasks}
    return {"targets": targets} | ({"labels": columns} if columns else {})


def summarize(table: pd.DataFrame, task: Task) -> dict[str, Any]:
    """Summarize the answers of a run's target, as `metrics.json` holds them."""
    counted = _count(table, task)
    guess = metrics.guess_error_rate(table, "valid")
    known = None if math.isnan(guess) else guess
    return {"splits": counted["splits"], "guess_error_rate": known, **counted}


def _count(table: pd.DataFrame, task: Task) -> dict[str, Any]:
    """Count the errors by split and class; of a label also its threshold, and how it ranks."""
    classes = metrics.summarize_classes(table, task.classes)
    means = {name: _unless_nan(classes[name]) for name in ("balanced", "macro_f1")}
    counted = {"splits": metrics.summarize_splits(table), **classes, **means}
    if task.labels_of:
        precision = ranking.average_precision(ranking.read_scores(table, task.classes, "valid"))
        counted |= {"threshold": task.threshold, "average_precision": _unless_nan(precision)}
    return counted


def _average_labels(tables: Mapping[str, pd.DataFrame], tasks: Sequence[Task]) -> dict[str, Any]:
    scores = [ranking.read_scores(tables[one.target], one.classes, "valid") for one in tasks]
    mean = _unless_nan(ranking.mean_average_precision(scores))
    return {"labels": len(tasks), "mean_average_precision": mean}


def _unless_nan(rates: dict[str, float]) -> dict[str, float] | None:
    """Return the rates, None where there is nothing to count: JSON has no NaN."""
    return None if math.isnan(rates["rate"]) else rates


def _write_targets(
    folder: Path, tasks: Sequence[Task], split: pd.DataFrame, rows: np.ndarray, logits: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Write the answers of each target for some of the store's rows, and return its predictions.

    `split` (`schema.SPLIT`) has the store's rows for each target; `logits` has a row for each of
    `rows`, and the classes of the targets side by side.
    """
    tables, probs, ends = {}, {}, np.cumsum([len(task.classes) for task in tasks])[:-1]
    for task, part in zip(tasks, np.split(logits, ends, axis=1), strict=True):
        told = split[split["target"] == task.target].iloc[rows]
        tables[task.target], probs[task.target] = metrics.build_predictions(
            told, part, task.classes, task.target, task.decide
        )
    write_every_answer(folder, tables, probs)
    return tables


def predict_rows(
    network: Any,
    config: TrainConfig,
    store: Store,
    rows: np.ndarray,
    device: Any,
    progress: Progress,
    tasks: Sequence[Task],
    onnx_path: Path | None = None,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Predict rows of a store; with `onnx_path` by the exported model, which is written there.

    Returns:
        Logits (n, classes; those of several tasks side by side), embeddings (n, width), and how
        far the exported probabilities are from torch's.
    """
    from zapcls.model.export import export_onnx
    from zapcls.model.predict import predict
    from zapcls.model.preprocess import ShoeClassifier

    size, difference = config.image_size, 0.0
    views = config.answer_views
    classifier = ShoeClassifier(network, store.side, size, config.statistics, views)
    if onnx_path:
        progress("Exporting the model", 0, 0)
        sizes = {task.target: len(task.classes) for task in tasks}
        difference = export_onnx(classifier, store.pixels[rows[:32]], onnx_path, sizes)
    logits, embeddings = predict(classifier, store.pixels, rows, device, onnx_path, progress)
    return logits, embeddings, difference


def _score_outliers(tables: Sequence[pd.DataFrame], embeddings: np.ndarray) -> pd.DataFrame:
    """Score what a cause of errors may be asked of: valid, and what is wrong elsewhere.

    `tables` are the predictions of each target, with the rows of `embeddings`.
    """
    parts = np.stack([table["split"].to_numpy(object) for table in tables])
    is_wrong = (parts != "none") & ~np.stack([table["correct"] for table in tables])
    rows = np.flatnonzero(((parts == "valid") | is_wrong).any(axis=0))
    scores = outlier_scores(embeddings, (parts == "train").any(axis=0), rows)
    return pd.DataFrame({"image_id": tables[0]["image_id"].to_numpy()[rows], "outlier": scores})


def _evaluate_elsewhere(
    run: Run,
    store: Store,
    is_trained: pd.Series,
    network: Any,
    device: Any,
    progress: Progress,
    started: float,
) -> dict[str, Any]:
    """Predict another catalogue's labelled photos, but for those that the run was trained on."""
    tasks, catalog = run.tasks, store.read_catalog()
    labelled = pd.concat([labels.label_rows(catalog, task) for task in tasks])
    readable, is_kept = catalog["image_problem"] == "", labelled["kept"].groupby(level=0).any()
    was_seen = readable & is_kept & is_trained
    chosen = readable & is_kept & ~was_seen
    if not chosen.any():
        raise BadInput(
            f"A catalogue to evaluate on needs {tasks[0].things} of the classes of {run.run_id} "
            f"that it was not trained on, but of its {len(catalog):,} rows "
            f"{int(was_seen.sum()):,} were trained on and none is left. Give another catalogue."
        )
    rows = np.flatnonzero(chosen)
    logits, *_ = predict_rows(network, run.train_config, store, rows, device, progress, tasks)
    counts = {
        "seconds": round(time.perf_counter() - started, 1),
        "excluded_trained": int(was_seen.sum()),
        "unknown_label": int((readable & ~is_kept).sum()),
    }
    found: dict[str, Any] = {}

    def write(folder: Path) -> None:
        tables = _write_targets(folder, tasks, labelled.assign(split="valid"), rows, logits)
        found.update(summarize_targets(tables, tasks, _count))
        facts = {"run": run.run_id, "catalogue_id": store.catalogue_id, **found}
        write_json(folder / "metrics.json", facts | counts)

    write_derived(run, f"evaluate-{store.catalogue_id}", write)
    several = {name: summarize_rates(rates) for name, rates in found["targets"].items()}
    return {
        "run": run.run_id,
        "state": "done",
        **several[run.task.target],
        **({"targets": several} if len(several) > 1 else {}),
        **({"labels": found["labels"]} if "labels" in found else {}),
        **counts,
    }
