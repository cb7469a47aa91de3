"""Checks the labels of a run's catalogue by heads that never saw the product."""

import time

import numpy as np
import pandas as pd

from zapcls.analysis import heads, label_issues, metrics
from zapcls.data import duplicates, labels
from zapcls.progress import Progress
from zapcls.work.device import hold_device
from zapcls.workspace import checks
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import name_colors
from zapcls.workspace.runs import find_job_run
from zapcls.workspace.store import Store, find_store

SPLIT_OF_FOLDS = "valid"  # each image is held out once, from heads that never saw its product


def check_labels(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Predict every labelled image out of fold and find the suspected label errors."""
    run = find_job_run(workspace, job)
    store = find_store(workspace, run.facts["catalogue_id"])
    task, started = run.task, time.perf_counter()
    config = run.train_config.about(task.column)
    name_colors(workspace, store, progress)
    catalog = labels.label_rows(store.read_catalog(), task)
    rows = np.flatnonzero(catalog["kept"])
    table = catalog.iloc[rows].reset_index(drop=True)
    with hold_device(job, workspace, progress):
        from zapcls.model.pooled import open_body

        features, _ = open_body(config, store.pixels, rows, store.bodies_dir, progress)

    progress("Reducing the features", 0, 0)
    reduced = heads.reduce(features)
    codes = pd.Index(task.classes).get_indexer(pd.Index(table["label"]))
    products = table["product_id"].to_numpy()
    fold = heads.assign_folds(codes, products)
    prob = heads.cross_validate(reduced, codes, fold, len(task.classes), progress)
    split = table.assign(split=SPLIT_OF_FOLDS)
    predictions, prob = metrics.build_predictions(
        split, np.log(np.clip(prob, 1e-7, 1)), task.classes, task.target
    )
    progress("Looking for near-duplicates", 0, 0)
    readable = np.flatnonzero(catalog["image_problem"] == "")
    pairs = _find_duplicates(store, catalog, readable)
    shop = catalog.iloc[readable]
    shop = shop.assign(value=shop["label"].mask(shop["label"] == "", shop[task.column]))
    issues = label_issues.find_label_issues(table, prob, task.classes, shop, pairs)
    facts = {
        "arch": config.arch,
        "image_size": config.image_size,
        "weights": config.weights,
        "target": task.target,
        "classes": list(task.classes),
        "folds": heads.FOLDS,
        "seed": checks.choose_seed(config),
        "suspects": int(issues["is_suspect"].sum()),
        **metrics.summarize_splits(predictions)[SPLIT_OF_FOLDS],
        "seconds": round(time.perf_counter() - started, 1),
    }
    predictions = predictions.assign(source="oof", fold=fold)
    check = checks.find_check(store, config, task.target)
    checks.write(check, predictions, prob, issues, pairs, facts)


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
