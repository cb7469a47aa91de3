"""The story from photos to an evaluated run, composed from the floors below.

`zapcls.model` is imported inside the functions that train, because torch and fastai take
seconds to load and most commands need neither.
"""

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from zapcls.analysis import metrics
from zapcls.analysis.neighbors import outlier_scores
from zapcls.config import TrainConfig
from zapcls.data import clean, sample
from zapcls.data.catalog import read_catalogue
from zapcls.data.download import download_zappos
from zapcls.errors import BadInput, RunBusy
from zapcls.progress import Progress, silent
from zapcls.workspace import jobs
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.runs import Run, find_run
from zapcls.workspace.store import Store, find_store, name_colors, open_store, read_split


def open_data(
    workspace: Workspace, data_dir: Path, progress: Progress, with_colors: bool = True
) -> Store:
    """Open a catalogue's pixel store, building it at its first use.

    The workspace's own drawings are drawn when they are not there yet.

    Raises:
        BadInput: the folder holds no usable catalogue.
        RunBusy: another process is drawing, or building the store.
    """
    if data_dir == workspace.drawings_dir and not data_dir.exists():
        _draw(data_dir, progress)
    progress("Reading the catalogue", 0, 0)
    return open_store(workspace, read_catalogue(data_dir), progress, with_colors)


def _draw(drawings_dir: Path, progress: Progress) -> None:
    drawings_dir.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(drawings_dir.with_name(f".{drawings_dir.name}.lock"), timeout=1):
            if not drawings_dir.exists():
                sample.draw_catalogue(drawings_dir, progress=progress)
    except Timeout:
        raise RunBusy(
            "One process draws the shoes at a time, and another is drawing them. "
            "Wait until it is done."
        ) from None


def train(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Train a run, then evaluate it; one that was stopped or lost goes on where it ended.

    Where several processes were launched, this one is the first of them and tells the others.

    Raises:
        ZapError: the photos that a resumed run was trained on are gone.
    """
    run = Run(job.path)
    config = run.train_config
    started = time.perf_counter() - jobs.read_status(run).seconds_before
    (run.path / "metrics.json").unlink(missing_ok=True)  # of a stopped run that is resumed
    store, split = _open_training(run, workspace, progress)
    progress("Loading torch and the network", 0, 0)

    from zapcls.model import processes
    from zapcls.model.learner import choose_device

    if config.needs_colors:
        name_colors(workspace, store, progress)
    device = choose_device(config.device)
    with jobs.hold_device(workspace, device.type, run.run_id), processes.joined(device):
        write_json(run.path / "model.json", _describe_model(config, store, device.type))
        processes.tell({"run": str(run.path), "store": str(store.path)})
        recipe = build_recipe(config, run.path, store, split, progress)
        network = recipe.train()
        write_json(run.path / "model.json", run.facts | {"batch_size": recipe.batch_size})
        del recipe  # and with it the photos that lie on a GPU
        name_colors(workspace, store, progress)
        _evaluate(run, store, split, network, device, progress, started)
    (run.path / "checkpoint.pt").unlink(missing_ok=True)


def help_training(device_name: str) -> None:
    """Train along as one of several processes; all that is written, the first one writes."""
    from zapcls.model import processes
    from zapcls.model.learner import choose_device

    device = choose_device(device_name)
    with processes.joined(device):
        told = processes.tell(None)
        run, store = Run(Path(told["run"])), Store(Path(told["store"]))
        split = pd.read_parquet(run.path / "split.parquet")
        build_recipe(run.train_config, run.path, store, split, silent).train()


def find_rate(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Run the learning-rate finder of one phase; the curve is left in the job's folder."""
    config = TrainConfig(**job.config["train"])
    data_dir = Path(job.config["data_dir"])
    store = open_data(workspace, data_dir, progress, with_colors=config.needs_colors)
    split = read_split(store, config.target, config.classes, config.split, config.seed)
    progress("Loading torch and the network", 0, 0)

    from zapcls.model.learner import choose_device

    device = choose_device(config.device)
    with jobs.hold_device(workspace, device.type, job.job_id):
        recipe = build_recipe(config, job.path, store, split, progress)
        recipe.find_rate_only(job.config["phase"])
        for name in ("model.safetensors", "checkpoint.pt"):
            (job.path / name).unlink(missing_ok=True)


def _open_training(
    run: Run, workspace: Workspace, progress: Progress
) -> tuple[Store, pd.DataFrame]:
    """Open a run's photos and split.

    A run that has begun keeps its own ones, whatever has come since; a retraining has its parent's.
    """
    path = run.path / "split.parquet"
    if run.parent_id:
        return find_store(workspace, run.config["catalogue_id"]), pd.read_parquet(path)
    if (run.path / "checkpoint.pt").is_file():
        return find_store(workspace, run.facts["catalogue_id"]), pd.read_parquet(path)
    config = run.train_config
    store = open_data(workspace, run.data_dir, progress, with_colors=False)
    split = read_split(store, config.target, config.classes, config.split, config.seed)
    split.to_parquet(path)
    return store, split


def build_recipe(
    config: TrainConfig, folder: Path, store: Store, split: pd.DataFrame, progress: Progress
) -> Any:
    """Build the training; the colors of the store must be named where the config needs them."""
    from zapcls.model.recipe import Recipe

    codes = pd.Index(config.classes).get_indexer(pd.Index(split["label"]))
    parts = split["split"].to_numpy()
    known = {"colors": store.read_colors()["color"].to_numpy(str)} if config.needs_colors else {}
    return Recipe(config, folder, store.pixels, parts, codes, store.bodies_dir, progress, **known)


def evaluate(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Evaluate a run: on another catalogue, or, for one that was stopped, on its own."""
    run = find_run(workspace, job.config["run"])
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
    progress("Loading torch and the network", 0, 0)

    from zapcls.model.learner import choose_device, load_network

    device = choose_device("auto")
    with jobs.hold_device(workspace, device.type, job.job_id):
        network = load_network(run.facts, run.weights_path)
        if not data_dir:
            split = pd.read_parquet(run.path / "split.parquet")
            name_colors(workspace, store, progress)
            _evaluate(run, store, split, network, device, progress, started)
            return
        result = _evaluate_elsewhere(run, store, network, device, progress, started)
        write_json(job.path / "result.json", result)


def build_store(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Read a catalogue and build its pixel store."""
    store = open_data(workspace, Path(job.config["data_dir"]), progress)
    write_json(job.path / "result.json", {"catalogue_id": store.catalogue_id})


def download(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Fetch the official files, and build their pixel store."""
    data_dir = download_zappos(Path(job.config["dest"]), progress)
    store = open_data(workspace, data_dir, progress)
    write_json(job.path / "result.json", {"catalogue_id": store.catalogue_id})


def summarize_run(run: Run) -> dict[str, Any]:
    """What a training came to: run, state, error_rate, error_low, error_high, n_valid, seconds."""
    status = jobs.read_status(run)
    valid = run.metrics["splits"]["valid"] if run.is_evaluated else {}
    return {
        "run": run.run_id,
        "state": status.state,
        "error_rate": valid.get("error_rate"),
        "error_low": valid.get("error_low"),
        "error_high": valid.get("error_high"),
        "n_valid": valid.get("n"),
        "seconds": None if status.seconds is None else round(status.seconds, 1),
    }


def _describe_model(config: TrainConfig, store: Store, device: str) -> dict[str, Any]:
    import fastai
    import torch

    return {
        "arch": config.arch,
        "weights": config.weights,
        "target": config.target,
        "classes": list(config.classes),
        "image_size": config.image_size,
        "side": store.side,
        "catalogue_id": store.catalogue_id,
        "is_drawn": store.is_drawn,
        "device": device,
        "torch": torch.__version__,
        "fastai": fastai.__version__,
    }


def _readable_rows(store: Store) -> np.ndarray:
    return np.flatnonzero(store.read_catalog()["image_problem"] == "")


def _evaluate(
    run: Run,
    store: Store,
    split: pd.DataFrame,
    network: Any,
    device: Any,
    progress: Progress,
    started: float,
) -> None:
    """Predict every readable photo once, and write all that the pages read."""
    from zapcls.model.export import export_onnx
    from zapcls.model.predict import predict
    from zapcls.model.preprocess import ShoeClassifier

    config = run.train_config
    classifier = ShoeClassifier(network, store.side, config.image_size)
    rows = _readable_rows(store)
    progress("Exporting the model", 0, 0)
    difference = export_onnx(classifier, store.pixels[rows[:32]], run.onnx_path)
    logits, embeddings = predict(
        classifier, store.pixels, rows, device, run.onnx_path, progress=progress
    )
    table, prob = metrics.build_predictions(split.iloc[rows], logits, config.classes, config.target)
    table.to_parquet(run.path / "predictions.parquet")
    np.save(run.path / "probs.npy", prob)
    np.save(run.path / "embeddings.npy", embeddings)
    progress("Comparing with the training photos", 0, 0)
    _score_outliers(table, embeddings).to_parquet(run.path / "outliers.parquet")
    summary = {
        "splits": summarize_splits(table),
        "guess_error_rate": metrics.guess_error_rate(table, "valid"),
        "onnx_max_difference": difference,
        "seconds": round(time.perf_counter() - started, 1),
    }
    write_json(run.path / "metrics.json", summary)


def _score_outliers(table: pd.DataFrame, embeddings: np.ndarray) -> pd.DataFrame:
    """Score what a cause of errors may be asked of: valid, and what is wrong elsewhere."""
    is_wrong = (table["split"] != "none") & ~table["correct"]
    rows = np.flatnonzero((table["split"] == "valid") | is_wrong)
    scores = outlier_scores(embeddings, (table["split"] == "train").to_numpy(), rows)
    return pd.DataFrame({"image_id": table["image_id"].to_numpy()[rows], "outlier": scores})


def summarize_splits(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    rates = metrics.error_by_split(table)
    return {
        str(row.split): {
            "n": row.n,
            "n_products": row.n_products,
            "errors": row.hits,
            "error_rate": row.rate,
            "error_low": row.low,
            "error_high": row.high,
        }
        for row in rates.itertuples()
    }


def _evaluate_elsewhere(
    run: Run, store: Store, network: Any, device: Any, progress: Progress, started: float
) -> dict[str, Any]:
    """Predict another catalogue's labelled photos of products that the run never saw."""
    from zapcls.model.predict import predict
    from zapcls.model.preprocess import ShoeClassifier

    config = run.train_config
    known = pd.read_parquet(run.path / "split.parquet")
    seen = set(known.loc[known["split"].isin(["train", "tune"]), "product_id"])
    catalog = clean.label_rows(store.read_catalog(), config.target, config.classes)
    readable = catalog["image_problem"] == ""
    was_seen = readable & catalog["kept"] & catalog["product_id"].isin(seen)
    chosen = readable & catalog["kept"] & ~was_seen
    if not chosen.any():
        raise BadInput(
            f"A catalogue to evaluate on needs photos of {' or '.join(config.classes)} shoes that "
            f"{run.run_id} was not trained on, but of its {len(catalog):,} rows "
            f"{int(was_seen.sum()):,} were trained on and none is left. Give another catalogue."
        )
    rows = np.flatnonzero(chosen)
    classifier = ShoeClassifier(network, store.side, config.image_size)
    logits, _ = predict(classifier, store.pixels, rows, device, progress=progress)
    split = catalog.iloc[rows].assign(split="valid")
    table, prob = metrics.build_predictions(split, logits, config.classes, config.target)
    valid = summarize_splits(table)["valid"]
    result = {
        "run": run.run_id,
        "state": "done",
        "error_rate": valid["error_rate"],
        "error_low": valid["error_low"],
        "error_high": valid["error_high"],
        "n_valid": valid["n"],
        "seconds": round(time.perf_counter() - started, 1),
        "excluded_trained": int(was_seen.sum()),
        "unknown_label": int((readable & ~catalog["kept"]).sum()),
    }
    _write_derived(run, store, table, prob, result)
    return result


def _write_derived(
    run: Run, store: Store, table: pd.DataFrame, prob: np.ndarray, result: dict[str, Any]
) -> None:
    """Keep an evaluation elsewhere: written aside, then renamed, so that it is whole or absent."""
    folder = run.path / "derived" / f"evaluate-{store.catalogue_id}"
    aside = folder.with_name(f".{folder.name}.part")
    aside.mkdir(parents=True, exist_ok=True)
    table.to_parquet(aside / "predictions.parquet")
    np.save(aside / "probs.npy", prob)
    write_json(aside / "metrics.json", {**result, "catalogue_id": store.catalogue_id})
    shutil.rmtree(folder, ignore_errors=True)  # an earlier one, under labels that may have changed
    aside.rename(folder)
