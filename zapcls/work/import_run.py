"""Makes a run of what a model that was trained elsewhere says of a catalogue."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zapcls import schema
from zapcls.analysis import metrics
from zapcls.answer.classify import Classifier
from zapcls.answer.foreign import adopt_onnx
from zapcls.config import Statistics
from zapcls.data import labels
from zapcls.data.predictions_file import match_paths, read_predictions
from zapcls.data.split import has_given
from zapcls.data.task import Task
from zapcls.errors import BadInput
from zapcls.progress import Progress
from zapcls.work.evaluate import summarize
from zapcls.workspace.answers import replace_files, write_answers
from zapcls.workspace.imports import keep_classes
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import open_data
from zapcls.workspace.runs import Run
from zapcls.workspace.store import Store

_BATCH = 32


def import_run(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Take in a file of predictions, or ask a model about every readable photo.

    Raises:
        BadInput: the file or the model cannot be used, or does not fit the catalogue.
        Stopped: a person asked to stop.
    """
    run, started = Run(job.path), time.perf_counter()
    store = open_data(workspace, run.data_dir, progress)
    if run.origin["kind"] == "predictions":
        _take_predictions(run, store, started, progress)
    else:
        _ask_model(run, store, started, progress)


def _take_predictions(run: Run, store: Store, started: float, progress: Progress) -> None:
    progress("Reading the predictions", 0, 0)
    catalog, target = store.read_catalog(), run.train_config.target
    given = read_predictions(Path(run.origin["file"]), _list_labels(catalog, target))
    places = match_paths(given.paths, catalog["image_path"].to_list())
    if (places < 0).all():
        raise BadInput(
            f"The paths of {run.origin['name']} must be those of the catalogue, such as "
            f"{catalog['image_path'].iloc[0]}, but none of its {len(places):,} are, such as "
            f"{given.paths[0]}. Choose the catalogue that it belongs to."
        )
    is_readable = (catalog["image_problem"] == "").to_numpy()
    taken = np.flatnonzero((places >= 0) & is_readable[places])
    taken = taken[np.argsort(places[taken])]  # lines of the file, in the catalogue's order
    rows = places[taken]
    classes = given.classes
    if given.prob is None:  # what was asked for, and what was answered
        classes = tuple(dict.fromkeys([*run.train_config.classes, *classes]))
    _check_classes(classes, None, run.origin["name"])
    task, split = _split_rows(run, store, catalog, classes)
    parts = pd.Series("none", index=split.index)
    parts.iloc[rows] = split["split"].iloc[rows] if given.split is None else given.split[taken]
    split = split.assign(split=parts.where(split["label"] != "", "none"))
    one_hot = given.called[:, None] == np.array(classes)
    prob = (one_hot if given.prob is None else given.prob)[taken].astype(np.float64)
    table, prob = metrics.build_predictions(
        split.iloc[rows], np.log(np.clip(prob, 1e-7, 1)), task.classes, task.target
    )
    counts = {
        "rows": len(places),
        "unmatched_rows": int((places < 0).sum()),
        "photos_without_row": int(is_readable.sum()) - len(rows),
    }
    _write(run, store, task, split, table, None if given.prob is None else prob, started, counts)


def _list_labels(catalog: pd.DataFrame, target: str) -> set[str]:
    values = catalog[target].str.strip()
    return set(values[~values.str.contains(schema.SEVERAL, regex=False)]) - {""}


def _ask_model(run: Run, store: Store, started: float, progress: Progress) -> None:
    progress("Opening the model", 0, 0)
    catalog = store.read_catalog()
    rows = np.flatnonzero(catalog["image_problem"] == "")
    sample = np.asarray(store.pixels[rows[:8]])
    aside = run.path / ".model.onnx"
    try:
        adopt = _adopt_timm if run.origin["kind"] == "timm" else _adopt_onnx
        classes = adopt(run.origin, aside, sample)
        task, split = _split_rows(run, store, catalog, classes)
        logits, embeddings = _answer(Classifier(aside), store, rows, progress)
        aside.rename(run.onnx_path)
    finally:
        aside.unlink(missing_ok=True)
    if run.origin["kind"] == "timm":  # an ONNX model has no known embedding
        np.save(run.path / "embeddings.npy", embeddings)
    table, prob = metrics.build_predictions(split.iloc[rows], logits, task.classes, task.target)
    _write(run, store, task, split, table, prob, started, {"rows": len(rows)})


def _adopt_timm(origin: dict[str, Any], target: Path, sample: np.ndarray) -> tuple[str, ...]:
    from zapcls.model.export import export_onnx
    from zapcls.model.timm_import import TimmClassifier, read_timm

    model = read_timm(Path(origin["file"]))
    classes = tuple(origin["classes"]) or model.classes
    _check_classes(classes, model.net.num_classes, origin["name"])
    export_onnx(TimmClassifier(model, sample.shape[1]), sample, target)
    return classes


def _adopt_onnx(origin: dict[str, Any], target: Path, sample: np.ndarray) -> tuple[str, ...]:
    classes = tuple(origin["classes"])
    _check_classes(classes, None, origin["name"])
    statistics = Statistics(tuple(origin["mean"]), tuple(origin["std"]))
    adopt_onnx(Path(origin["file"]), target, sample, classes, origin["size"], statistics)
    return classes


def _check_classes(classes: tuple[str, ...], count: int | None, name: str) -> None:
    if len(set(classes)) != len(classes) or len(classes) != (count or max(2, len(classes))):
        raise BadInput(
            f"The classes of {name} must be {count or 'two or more'} different names, in the order "
            f"of its answers, got {', '.join(classes) or 'none'}. Name them: --classes A,B."
        )


def _answer(
    classifier: Classifier, store: Store, rows: np.ndarray, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    parts = []
    for start in range(0, len(rows), _BATCH):
        progress("Predicting every photo", start, len(rows))
        parts.append(classifier.answer(np.asarray(store.pixels[rows[start : start + _BATCH]])))
    logits, embeddings = map(np.concatenate, zip(*parts, strict=True))
    if not np.isfinite(logits).all():
        raise BadInput(
            "A model must give finite numbers for each photo, but does not for "
            f"{int((~np.isfinite(logits)).any(axis=1).sum()):,} of them. Choose another model."
        )
    return logits, embeddings


def _split_rows(
    run: Run, store: Store, catalog: pd.DataFrame, classes: tuple[str, ...]
) -> tuple[Task, pd.DataFrame]:
    """Label the catalogue's rows by the model's classes.

    What has a label is valid, unless the catalogue brings a split along.
    """
    task = Task(run.train_config.target, classes, store.facts["thing"], store.facts["things"])
    table = labels.label_rows(catalog, task)
    if not table["kept"].any():
        raise BadInput(
            f"The classes of a model must be values of {task.word} in the catalogue, but none of "
            f"{', '.join(classes[:5])} is. Choose another target, or name the classes as the "
            "catalogue does."
        )
    parts = table[schema.GIVEN_SPLIT] if has_given(table[table["kept"]]) else "valid"
    table = table.assign(split=np.where(table["kept"], parts, "none"))
    table = table.assign(split=table["split"].replace("", "none"), catalog_label=table["label"])
    return task, schema.conform(table, schema.SPLIT, "split")


def _write(
    run: Run, store: Store, task: Task, split: pd.DataFrame, table: pd.DataFrame,
    prob: np.ndarray | None, started: float, counts: dict[str, int],
) -> None:  # fmt: skip
    """Write all that the pages read, `metrics.json` last."""
    if metrics.labelled(table, "valid").empty:
        raise BadInput(
            f"{run.origin['name']} must have an answer for a valid photo with a label, but has "
            "none. Choose the catalogue that it belongs to."
        )
    if prob is None:
        table = table.assign(prob=np.nan, prob_label=np.nan, loss=np.nan)
        table = schema.conform(table, schema.PREDICTIONS, "predictions")

    def write(folder: Path) -> None:
        write_answers(folder, table, prob, task.target)
        split.to_parquet(folder / "split.parquet")
        write_json(folder / "model.json", {
            "arch": run.origin["name"], "target": task.target, "classes": list(task.classes),
            "side": store.side, "catalogue_id": store.catalogue_id, "is_drawn": store.is_drawn,
            "device": "", "torch": "", "fastai": "", "given": counts,
        })  # fmt: skip
        summary = {
            "targets": {task.target: summarize(table, task)},
            "seconds": round(time.perf_counter() - started, 1),
        }
        write_json(folder / "metrics.json", summary)

    keep_classes(run, task)
    replace_files(run.path, write, last="metrics.json")
