"""Runs in every state, written by the project's own pipeline; only what needs torch is replaced.

The stand-ins below have the shape of `zapcls.model`, so that a change of what a run leaves on
disk reaches the page tests.
"""

import contextlib
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import onnx
import pandas as pd
from filelock import FileLock
from onnx import TensorProto, helper, numpy_helper
from small import small_config

import zapcls.model  # the floor itself is empty: no torch
from zapcls import schema, work
from zapcls.analysis import lr_curves, metrics
from zapcls.analysis.label_issues import find_label_issues
from zapcls.answer import recolored
from zapcls.answer.classify import open_classifier
from zapcls.config import TrainConfig, build_config
from zapcls.data.task import Task
from zapcls.errors import Stopped, ZapError
from zapcls.progress import silent
from zapcls.work.limits import write_limits
from zapcls.workspace import checks, jobs
from zapcls.workspace.answers import write_answers
from zapcls.workspace.arrays import FilledArray
from zapcls.workspace.layout import write_json
from zapcls.workspace.lr_files import read_found
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.run_tables import read_predictions, read_table
from zapcls.workspace.runs import Run
from zapcls.workspace.splits import read_split
from zapcls.workspace.store import find_store, find_store_of
from zapcls.workspace.worker import Reporter

CLASSES = ("Women", "Men")
SUGGESTIONS = {"valley": 2.1e-3, "slide": 9.5e-3, "steep": 1.1e-3, "minimum": 4.7e-2}
VALLEYS = (1.0e-3, 1.6e-3, 2.1e-3)  # of a finder's seeds
EMBEDDING = 3
WATCHED = range(2, 10)  # rows of the store: wrong after the first epoch, right after the second


def plan_logits(split, classes=CLASSES):
    """Answer every fourth photo of each split and label wrongly, at seeded margins."""
    rng = np.random.default_rng(0)
    place = split.groupby(["split", "label"]).cumcount().to_numpy()
    label = np.maximum(pd.Index(list(classes)).get_indexer(split["label"]), 0)
    step = np.where(place % 4 == 1, 1 + place // 4 % (len(classes) - 1), 0)
    margin = rng.uniform(0.2, 4.0, len(split))
    logits = np.repeat(-margin[:, None], len(classes), axis=1)
    logits[np.arange(len(split)), (label + step) % len(classes)] = margin
    return logits.astype(np.float32)


def weigh_colors(classes=2):
    """Return weights under which what is redder than it is blue is of the first class."""
    weights = np.zeros((EMBEDDING, classes), dtype=np.float32)
    weights[:, :2] = [[0.1, -0.1], [0.0, 0.0], [-0.1, 0.1]]
    return weights


def write_onnx(path, side, classes=2, embedding="embedding"):
    """Write a model that calls what is redder than it is blue the first class, else the second."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], [embedding], keepdims=0),
        helper.make_node("MatMul", [embedding, "weights"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "redness",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["batch", side, side, 3])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", classes]),
            helper.make_tensor_value_info(embedding, TensorProto.FLOAT, ["batch", EMBEDDING]),
        ],
        [
            numpy_helper.from_array(np.array([1, 2], dtype=np.int64), "axes"),
            numpy_helper.from_array(weigh_colors(classes), "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, path)


class FakeRecipe:
    """Leaves the curves and the weights of a training in no time, and may end badly.

    A batch of more than `largest_batch` images does not fit in memory.
    """

    ending = None
    keeps_weights = True
    valleys = VALLEYS
    largest_batch = 4096

    def __init__(self, config, task, folder, store, split, progress):
        self.config, self.folder, self.progress = config, folder, progress
        self.batch_size = min(config.batch_size, self.largest_batch)

    def train(self):
        self.progress("Training the whole network", 3, 10, epoch=1, epochs=2, batch=3, batches=5)
        if self.keeps_weights:
            epochs = [("unfrozen", 1, 0.6, 0.5, 0.3, 90, 2), ("unfrozen", 2, 0.4, 0.45, 0.2, 91, 2)]
            steps = [("unfrozen", 0.5, 0.7, 88), ("unfrozen", 1.5, 0.5, 90)]
            write_csv(self.folder / "history.csv", schema.HISTORY, epochs)
            write_csv(self.folder / "losses.csv", schema.LOSSES, steps)
            watched = [
                ("unfrozen", epoch, row, row % 2, answer, 0.75, 0.75 if answer == row % 2 else 0.25)
                for epoch in (1, 2)
                for row in WATCHED
                for answer in [(row + epoch) % 2]
            ]
            write_csv(self.folder / "watched.csv", schema.WATCHED, watched)
            (self.folder / "model.safetensors").write_bytes(b"weights")
            (self.folder / "checkpoint.pt").write_bytes(b"checkpoint")
        self.find_rate_only("unfrozen")

    def find_rate_only(self, phase):
        if self.ending:
            raise self.ending
        rates = np.geomspace(1e-7, 10, 20)
        curve = [
            (phase, seed, rate, abs(np.log10(rate) + 1) + 0.1 * seed)
            for seed in range(len(self.valleys))
            for rate in rates
        ]
        write_csv(self.folder / "lr_curve.csv", schema.LR_CURVE, curve)
        faults = lr_curves.find_faults(
            read_table(Run(self.folder), "lr_curve.csv", schema.LR_CURVE), self.valleys
        )
        facts = {"rates": SUGGESTIONS, "valleys": list(self.valleys), "faults": faults}
        write_json(self.folder / "lr_suggestions.json", {phase: facts})


def write_csv(path, columns, rows):
    pd.DataFrame(rows, columns=list(columns)).astype(columns).to_csv(path, index=False)


@contextlib.contextmanager
def replace_model(store, config, recipe):
    """Put stand-ins of the modules that import torch in their place."""
    split = read_split(store, config)
    logits = plan_logits(split)

    def predict(classifier, pixels, rows, device, onnx_path=None, progress=silent):
        return logits[rows], np.zeros((len(rows), EMBEDDING), dtype=np.float32)

    def export_onnx(classifier, sample, path, sizes):
        write_onnx(path, store.side)
        return 0.0

    def look(path, pixels, rows, progress):
        features = pixels[rows].mean(axis=(1, 2), dtype=np.float32)
        return features, features @ weigh_colors()

    thousand = SimpleNamespace(
        export_thousand=lambda side, path: write_onnx(path, side, embedding="features"), look=look
    )
    modules = {
        "thousand": thousand,
        "temperature": SimpleNamespace(divide_last_layer=lambda network, temperature: None),
        "learner": SimpleNamespace(
            choose_device=lambda name: SimpleNamespace(type="cpu"),
            load_network=lambda facts, path: None,
        ),
        "processes": SimpleNamespace(joined=contextlib.nullcontext, tell=lambda facts: facts),
        "trainings": SimpleNamespace(build_recipe=recipe),
        "predict": SimpleNamespace(predict=predict),
        "export": SimpleNamespace(export_onnx=export_onnx),
        "preprocess": SimpleNamespace(ShoeClassifier=lambda *_: None),
    }
    named = {f"{zapcls.model.__name__}.{name}": module for name, module in modules.items()}
    with patch.dict(sys.modules, named):
        yield


def perform(job, workspace, ending, weights, **traits):
    """Do a training or a finder in this process, as the job process does."""
    store = find_store_of(workspace, Path(job.config["data_dir"]))
    traits |= {"ending": ending, "keeps_weights": weights}
    recipe = type("Recipe", (FakeRecipe,), traits)
    with (
        replace_model(store, TrainConfig(**job.config["train"]), recipe),
        contextlib.suppress(type(ending) if ending else Stopped),
    ):
        work.perform(job, workspace)


def evaluate(job, run, workspace):
    """Evaluate a stopped run in this process, as the job process does."""
    store = find_store_of(workspace, run.data_dir)
    with replace_model(store, run.train_config, FakeRecipe):
        work.perform(job, workspace)


def add_run(workspace, minute, **settings):
    """Create a run that is as old as `minute` says: a later one is newer."""
    config = small_config(**settings)
    run = create_run(workspace, config, workspace.drawings_dir)
    place = run.path.with_name(f"20260102-10{minute:02}00-{config.arch}-{minute:04}")
    return Run(run.path.rename(place))


def add_finished(workspace, minute=0, largest_batch=4096, **settings):
    run = add_run(workspace, minute, **settings)
    perform(run, workspace, None, weights=True, largest_batch=largest_batch)
    assert jobs.read_status(run).state == "done"
    assert all(not found.read_curves().empty for found in read_found(run))
    return run


def add_stopped(workspace, minute=0, weights=True, **settings):
    run = add_run(workspace, minute, **settings)
    perform(run, workspace, Stopped("Stopped as asked."), weights)
    return run


def add_failed(workspace, minute=0, error=None):
    """A run that failed by its first epoch; the log holds what the process printed."""
    run = add_run(workspace, minute)
    run.log_path.write_text("line one of the log\n")
    default = ZapError("The training loss must stay finite, but did not. Choose a smaller rate.")
    perform(run, workspace, error or default, weights=False)
    return run


def add_lost(workspace, minute=0):
    """A run whose process reported and then vanished."""
    run = add_run(workspace, minute)
    report_epoch(run)
    return run


@contextlib.contextmanager
def hold_running(job):
    """Keep a job running: it has reported, and its lock is held."""
    with FileLock(job.path / "lock"):
        report_epoch(job)
        yield job


def report_epoch(job):
    detail = {"epoch": 2, "epochs": 8, "batch": 3, "batches": 5, "images_per_s": 120.4}
    Reporter(job)("Training the whole network", 8, 40, seconds_left=32.0, **detail)


def add_curve(workspace, phase="unfrozen", valleys=VALLEYS, **settings):
    """A finished learning-rate finder, with a seed a valley."""
    job = add_finder(workspace, phase, **settings)
    perform(job, workspace, None, weights=True, valleys=valleys)
    assert jobs.read_status(job).state == "done"
    return job


def add_finder(workspace, phase="unfrozen", preset="", **settings):
    config = build_config(preset, **settings) if preset else small_config(**settings)
    facts = {"train": config.to_json(), "data_dir": str(workspace.drawings_dir), "phase": phase}
    return jobs.create(workspace.jobs_dir, "lr_find", facts)


def relabel(run, store, target, classes):
    """Turn a finished run, and its own store, into one that tells these classes of a target."""
    catalog, task = store.read_catalog(), Task(target, tuple(classes))
    values = pd.Series(np.resize(list(classes), catalog["product_id"].nunique()))
    value = values.to_numpy()[pd.factorize(catalog["product_id"])[0]]
    catalog.assign(**{target: value}).to_parquet(store.path / "catalog.parquet")
    labels = pd.Series(value, index=catalog["image_id"])
    split = pd.read_parquet(run.path / "split.parquet")
    is_kept = split["label"] != ""
    split["label"] = split["image_id"].map(labels).where(is_kept, "")
    split["catalog_label"] = split["label"]
    known = pd.read_parquet(run.path / "predictions.parquet", columns=["image_id"])["image_id"]
    asked = split[split["image_id"].isin(known)]
    predictions, prob = metrics.build_predictions(
        asked, plan_logits(asked, classes), classes, target
    )
    split.to_parquet(run.path / "split.parquet")
    (run.path / "predictions.parquet").unlink()  # a run about one target answers under it alone
    write_answers(run.path, predictions, prob, target)
    write_limits(
        run.path, {target: predictions}, [task], {target: 1.0}, is_even=False, closeness=None
    )
    write_onnx(run.onnx_path, store.side, len(classes))
    rates = run.rates | {"splits": metrics.summarize_splits(predictions)}
    write_json(run.path / "metrics.json", run.metrics | {"targets": {target: rates}})
    write_json(run.path / "task.json", task.to_json())
    write_json(run.path / "model.json", run.facts | {"target": target, "classes": list(classes)})
    settings = run.config["train"] | {"target": target, "classes": list(classes)}
    write_json(run.path / "config.json", run.config | {"train": settings})
    return Run(run.path)


def add_check(run, store):
    """A finished label check of a run: the heads doubt every tenth photo of each label."""
    config, classes = run.train_config, list(run.task.classes)
    split = pd.read_parquet(run.path / "split.parquet")
    table = split[split["label"] != ""].reset_index(drop=True).assign(split="valid")
    is_doubted = table.groupby("label").cumcount().to_numpy() % 10 == 3
    codes = pd.Index(classes).get_indexer(table["label"])
    prob = np.full((len(table), len(classes)), 0.1 / (len(classes) - 1))
    prob[np.arange(len(table)), (codes + is_doubted) % len(classes)] = 0.9
    predictions, prob = metrics.build_predictions(table, np.log(prob), classes, config.target)
    pairs = pd.DataFrame({"image_id": [], "other_id": [], "difference": []}, dtype="str")
    shop = store.read_catalog().rename(columns={config.target: "value"})
    issues = find_label_issues(table, prob, classes, shop, pairs)
    facts = {
        "target": config.target,
        "classes": classes,
        "suspects": int(issues["is_suspect"].sum()),
        **metrics.summarize_splits(predictions)["valid"],
    }
    check = checks.find_check(store, config)
    checks.write(check, predictions.assign(source="oof", fold=0), prob, issues, pairs, facts)
    return check


def add_map(run):
    """A map of a run's photos, in a row."""
    table = pd.read_parquet(run.path / "predictions.parquet")[["image_id"]]
    places = table.assign(x=np.arange(len(table), dtype=float), y=0.0)
    (run.path / "derived" / "map").mkdir(parents=True)
    places.to_parquet(run.path / "derived" / "map" / "map.parquet")
    return places


def ask_recolored(run, workspace, photos=12):
    """What a run says of its first valid photos recolored: the real edits, asked of its model."""
    store = find_store(workspace, run.facts["catalogue_id"])
    chosen = recolored.choose_photos(read_predictions(run, workspace), seed=0).head(photos)
    return recolored.ask(open_classifier(run), store.pixels, chosen, run.task, silent)


def add_features(store, name="mobilenet_v2-128-0123456789ab"):
    """Features of a frozen network for half of the photos; returns their folder."""
    folder = store.bodies_dir / name
    rows = np.arange(len(store.pixels) // 2)
    array = FilledArray(folder / "pooled-plain.npy", (len(store.pixels), 2560), np.float32)
    array.fill(rows, np.ones((len(rows), 2560), dtype=np.float32))
    array.flush()
    write_json(folder / "speed.json", {"images": len(rows), "images_per_s": 236})
    return folder
