"""Evaluates a run on its own catalogue, or on another one."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zapcls.analysis import metrics
from zapcls.analysis.neighbors import outlier_scores
from zapcls.config import TrainConfig
from zapcls.data import labels
from zapcls.data.task import Task
from zapcls.errors import BadInput
from zapcls.progress import Progress
from zapcls.work.device import hold_device
from zapcls.workspace.answers import replace_files, write_answers
from zapcls.workspace.imports import check_has
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import name_colors, open_data
from zapcls.workspace.run_tables import read_split, write_derived
from zapcls.workspace.runs import Run, find_run
from zapcls.workspace.store import Store, find_store


def evaluate(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Evaluate a run: on another catalogue, or, for one that was stopped, on its own."""
    run = find_run(workspace, job.config["run"], is_to_evaluate=True)
    check_has(run, "training", "another evaluation")
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
        result = _evaluate_elsewhere(run, store, network, device, progress, started)
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

    What an earlier evaluation left is replaced once all is there.
    """

    def write(folder: Path) -> None:
        rows, task = np.flatnonzero(store.read_catalog()["image_problem"] == ""), run.task
        logits, embeddings, difference = predict_rows(
            network, run.train_config, store, rows, device, progress, folder / run.onnx_path.name
        )
        table, prob = metrics.build_predictions(split.iloc[rows], logits, task.classes, task.target)
        write_answers(folder, table, prob, task.target)
        np.save(folder / "embeddings.npy", embeddings)
        progress("Comparing with the training photos", 0, 0)
        _score_outliers(table, embeddings).to_parquet(folder / "outliers.parquet")
        summary = {
            "targets": {task.target: summarize(table, task)},
            "onnx_max_difference": difference,
            "seconds": round(time.perf_counter() - started, 1),
        }
        write_json(folder / "metrics.json", summary)

    replace_files(run.path, write, last="metrics.json")


def summarize(table: pd.DataFrame, task: Task) -> dict[str, Any]:
    """Summarize the answers of a run's target, as `metrics.json` holds them."""
    return {
        "splits": metrics.summarize_splits(table),
        "guess_error_rate": metrics.guess_error_rate(table, "valid"),
        **metrics.summarize_classes(table, task.classes),
    }


def predict_rows(
    network: Any,
    config: TrainConfig,
    store: Store,
    rows: np.ndarray,
    device: Any,
    progress: Progress,
    onnx_path: Path | None = None,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Predict rows of a store; with `onnx_path` by the exported model, which is written there.

    Returns:
        Logits (n, classes), embeddings (n, width), and how far the exported probabilities are
        from torch's.
    """
    from zapcls.model.export import export_onnx
    from zapcls.model.predict import predict
    from zapcls.model.preprocess import ShoeClassifier

    size, difference = config.image_size, 0.0
    classifier = ShoeClassifier(network, store.side, size, config.statistics)
    if onnx_path:
        progress("Exporting the model", 0, 0)
        difference = export_onnx(classifier, store.pixels[rows[:32]], onnx_path)
    logits, embeddings = predict(classifier, store.pixels, rows, device, onnx_path, progress)
    return logits, embeddings, difference


def _score_outliers(table: pd.DataFrame, embeddings: np.ndarray) -> pd.DataFrame:
    """Score what a cause of errors may be asked of: valid, and what is wrong elsewhere."""
    is_wrong = (table["split"] != "none") & ~table["correct"]
    rows = np.flatnonzero((table["split"] == "valid") | is_wrong)
    scores = outlier_scores(embeddings, (table["split"] == "train").to_numpy(), rows)
    return pd.DataFrame({"image_id": table["image_id"].to_numpy()[rows], "outlier": scores})


def _evaluate_elsewhere(
    run: Run, store: Store, network: Any, device: Any, progress: Progress, started: float
) -> dict[str, Any]:
    """Predict another catalogue's labelled photos of products that the run never saw."""
    task = run.task
    known = read_split(run)
    seen = set(known.loc[known["split"].isin(["train", "tune"]), "product_id"])
    catalog = labels.label_rows(store.read_catalog(), task)
    readable = catalog["image_problem"] == ""
    was_seen = readable & catalog["kept"] & catalog["product_id"].isin(seen)
    chosen = readable & catalog["kept"] & ~was_seen
    if not chosen.any():
        raise BadInput(
            f"A catalogue to evaluate on needs {task.things} of the classes of {run.run_id} that "
            f"it was not trained on, but of its {len(catalog):,} rows "
            f"{int(was_seen.sum()):,} were trained on and none is left. Give another catalogue."
        )
    rows = np.flatnonzero(chosen)
    logits, *_ = predict_rows(network, run.train_config, store, rows, device, progress)
    split = catalog.iloc[rows].assign(split="valid")
    table, prob = metrics.build_predictions(split, logits, task.classes, task.target)
    splits = metrics.summarize_splits(table)
    by_class = metrics.summarize_classes(table, task.classes)
    valid = splits["valid"]
    counts = {
        "seconds": round(time.perf_counter() - started, 1),
        "excluded_trained": int(was_seen.sum()),
        "unknown_label": int((readable & ~catalog["kept"]).sum()),
    }
    targets = {task.target: {"splits": splits, **by_class}}
    facts = {"run": run.run_id, "catalogue_id": store.catalogue_id, "targets": targets, **counts}

    def write(folder: Path) -> None:
        write_answers(folder, table, prob, task.target)
        write_json(folder / "metrics.json", facts)

    write_derived(run, f"evaluate-{store.catalogue_id}", write)
    return {
        "run": run.run_id,
        "state": "done",
        **{name: valid[name] for name in ("error_rate", "error_low", "error_high")},
        "n_valid": valid["n"],
        "balanced_error_rate": by_class["balanced"]["rate"],
        "class_error_rates": {name: row["rate"] for name, row in by_class["classes"].items()},
        **counts,
    }
