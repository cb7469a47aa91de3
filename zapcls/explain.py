"""What is found out about a run after it is evaluated: its labels, its map, its recipe's rate."""

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zapcls.analysis import duplicates, heads, label_issues, metrics
from zapcls.config import TrainConfig
from zapcls.data import clean
from zapcls.pipeline import build_recipe, summarize_splits
from zapcls.progress import Progress
from zapcls.workspace import checks, jobs
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.runs import find_evaluated, write_derived
from zapcls.workspace.store import Store, find_store, name_colors

SPLIT_OF_FOLDS = "valid"  # each image is held out once, from heads that never saw its product
MAP_STEPS = 500
TUNE_SHARE = 0.1  # of the products that a fold trains on


def check_labels(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Predict every labelled image out of fold and find the suspected label errors."""
    run = find_evaluated(workspace, job.config["run"])
    store = find_store(workspace, run.facts["catalogue_id"])
    config, started = run.train_config, time.perf_counter()
    name_colors(workspace, store, progress)
    catalog = clean.label_rows(store.read_catalog(), config.target, config.classes)
    rows = np.flatnonzero(catalog["kept"])
    table = catalog.iloc[rows].reset_index(drop=True)
    features = _read_features(job, config, workspace, store, rows, progress)

    progress("Reducing the features", 0, 0)
    reduced = heads.reduce(features)
    codes = pd.Index(config.classes).get_indexer(pd.Index(table["label"]))
    products = table["product_id"].to_numpy()
    fold = heads.assign_folds(codes, products)
    prob = heads.cross_validate(reduced, codes, fold, len(config.classes), progress)
    split = table.assign(split=SPLIT_OF_FOLDS)
    predictions, prob = metrics.build_predictions(
        split, np.log(np.clip(prob, 1e-7, 1)), config.classes, config.target
    )
    progress("Looking for near-duplicates", 0, 0)
    readable = np.flatnonzero(catalog["image_problem"] == "")
    pairs = _find_duplicates(store, catalog, readable)
    shop = catalog.iloc[readable].rename(columns={config.target: "value"})
    issues = label_issues.find_label_issues(table, prob, config.classes, shop, pairs)
    facts = {
        "arch": config.arch,
        "image_size": config.image_size,
        "weights": config.weights,
        "target": config.target,
        "classes": list(config.classes),
        "folds": heads.FOLDS,
        "suspects": int(issues["is_suspect"].sum()),
        **summarize_splits(predictions)[SPLIT_OF_FOLDS],
        "seconds": round(time.perf_counter() - started, 1),
    }
    predictions = predictions.assign(source="oof", fold=fold)
    check = checks.find_check(store, config)
    checks.write(check, predictions, prob, issues, pairs, facts)


def _read_features(
    job: Job,
    config: TrainConfig,
    workspace: Workspace,
    store: Store,
    rows: np.ndarray,
    progress: Progress,
) -> np.ndarray:
    """Read the frozen body's features of some rows, computing those that are not kept yet."""
    progress("Loading torch and the network", 0, 0)

    from zapcls.model.architectures import build_body
    from zapcls.model.features import POOLED, FrozenBody
    from zapcls.model.learner import choose_device
    from zapcls.model.loaders import seed_random

    device = choose_device("auto")
    with jobs.hold_device(workspace, device.type, job.job_id):
        seed_random(config.seed)  # of a body without weights
        body, _ = build_body(config.arch, config.weights)
        frozen = FrozenBody(config, body, store.pixels, store.bodies_dir, device, progress)
        return np.asarray(frozen.read_plain(POOLED, rows)[rows])


def _find_duplicates(store: Store, catalog: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Find the near-duplicates among some rows: image_id, other_id, difference; both ways."""
    pairs = duplicates.find_pairs(duplicates.shrink(store.pixels, rows))
    ids = catalog["image_id"].to_numpy()[rows]
    one = pd.DataFrame(
        {
            "image_id": ids[pairs["first"]],
            "other_id": ids[pairs["second"]],
            "difference": pairs["difference"],
        }
    )
    other = one.rename(columns={"image_id": "other_id", "other_id": "image_id"})
    return pd.concat([one, other[one.columns]], ignore_index=True)


def build_map(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Lay a run's embeddings out in a plane: image_id, x, y."""
    from openTSNE import TSNE

    run = find_evaluated(workspace, job.config["run"])
    table = pd.read_parquet(run.path / "predictions.parquet", columns=["image_id"])
    embeddings = np.load(run.path / "embeddings.npy", allow_pickle=False)
    progress("Finding neighbors", 0, 0)

    def report(iteration: int, error: float, embedding: Any) -> bool:
        progress("Laying out the map", iteration, MAP_STEPS)
        return False

    tsne = TSNE(
        metric="cosine",
        perplexity=min(30, max(2, len(table) // 4)),
        n_iter=MAP_STEPS,
        random_state=0,
        n_jobs=-1,
        callbacks=report,
        callbacks_every_iters=10,
    )
    places = np.asarray(tsne.fit(heads.reduce(embeddings, 50)))
    laid_out = table.assign(x=places[:, 0], y=places[:, 1])
    write_derived(run, "map", lambda folder: laid_out.to_parquet(folder / "map.parquet"))


def cross_validate(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Train a run's recipe once a fold, each time on all other products: an answer for every image.

    A fold that is done is not trained again when the job is started anew.
    """
    run = find_evaluated(workspace, job.config["run"])
    store = find_store(workspace, run.facts["catalogue_id"])
    config, folds = run.train_config, int(job.config["folds"])
    started = time.perf_counter()
    split = pd.read_parquet(run.path / "split.parquet")
    rows = np.flatnonzero(split["label"] != "")
    table = split.iloc[rows].reset_index(drop=True)
    codes = pd.Index(config.classes).get_indexer(pd.Index(table["label"]))
    products = table["product_id"].to_numpy()
    fold = heads.assign_folds(codes, products, folds, config.seed)
    working = run.path / "derived" / f".cross-validation-{folds}"
    logits = np.empty((len(rows), len(config.classes)), dtype=np.float32)
    progress("Loading torch and the network", 0, 0)

    from zapcls.model.learner import choose_device

    device = choose_device(config.device)
    with jobs.hold_device(workspace, device.type, job.job_id):
        for number in range(folds):
            path = working / f"logits-{number}.npy"
            if not path.is_file():
                parts = split_fold(fold, codes, products, number, config.seed)
                every = split.assign(split="none")
                every.iloc[rows, every.columns.get_loc("split")] = parts
                in_fold = _name_fold(progress, number, folds)
                _train_fold(config, working / f"fold-{number}", store, every, path, in_fold)
            logits[fold == number] = np.load(path, allow_pickle=False)
    predictions, prob = metrics.build_predictions(
        table.assign(split=SPLIT_OF_FOLDS), logits, config.classes, config.target
    )
    result = {
        "run": run.run_id,
        "folds": folds,
        **summarize_splits(predictions)[SPLIT_OF_FOLDS],
        "seconds": round(time.perf_counter() - started, 1),
    }
    predictions.assign(source="cv", fold=fold).to_parquet(working / "predictions.parquet")
    np.save(working / "probs.npy", prob)
    write_json(working / "metrics.json", result)
    folder = working.with_name("cross-validation")
    shutil.rmtree(folder, ignore_errors=True)
    working.rename(folder)


def split_fold(
    fold: np.ndarray, codes: np.ndarray, products: np.ndarray, number: int, seed: int
) -> np.ndarray:
    """Give the part of each image when a fold is held out: valid, tune or train.

    A tenth of the other products is tune, in the classes' proportion.
    """
    rest = np.flatnonzero(fold != number)
    inner = heads.assign_folds(codes[rest], products[rest], round(1 / TUNE_SHARE), seed)
    parts = np.full(len(fold), "valid", dtype=object)
    parts[rest] = np.where(inner == 0, "tune", "train")
    return parts


def _name_fold(progress: Progress, number: int, folds: int) -> Progress:
    def report(phase: str, done: int, total: int, **detail: object) -> None:
        progress(f"Fold {number + 1} of {folds}: {phase}", done, total, **detail)

    return report


def _train_fold(
    config: TrainConfig,
    folder: Path,
    store: Store,
    split: pd.DataFrame,
    path: Path,
    progress: Progress,
) -> None:
    """Train on a fold's train and tune, and leave the logits of its valid rows at `path`."""
    from zapcls.model.export import export_onnx
    from zapcls.model.learner import choose_device
    from zapcls.model.predict import predict
    from zapcls.model.preprocess import ShoeClassifier

    folder.mkdir(parents=True, exist_ok=True)
    network = build_recipe(config, folder, store, split, progress).train()
    rows = np.flatnonzero(split["split"] == "valid")
    classifier = ShoeClassifier(network, store.side, config.image_size)
    onnx_path = folder / "model.onnx"
    export_onnx(classifier, store.pixels[rows[:32]], onnx_path)
    device = choose_device(config.device)
    logits, _ = predict(classifier, store.pixels, rows, device, onnx_path, progress)
    aside = path.with_name(f"{path.name}.part")
    with aside.open("wb") as file:
        np.save(file, logits)
    shutil.rmtree(folder)
    aside.rename(path)
