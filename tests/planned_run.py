"""A catalogue of any number of kinds, and a finished run on it whose answers are planned."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw
from small import small_config

from zapcls.analysis import metrics
from zapcls.answer.classify import name_output
from zapcls.work.evaluate import summarize, summarize_targets
from zapcls.workspace import worker
from zapcls.workspace.answers import write_answers
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.runs import Run, write_task
from zapcls.workspace.splits import build_tasks, read_split
from zapcls.workspace.store import Store

PAINTS = {"pink": (244, 143, 177), "black": (20, 20, 20), "brown": (120, 70, 30)}
TARGET = "sub_category"
MATERIALS = ("Leather;Rubber", "Leather", "Suede;Rubber", "Suede", "")  # of product after product
THRESHOLD = 0.9  # of each label


def draw_photo(paint: str, number: int) -> bytes:
    """An ellipse of one paint on white; the number changes its height, so that photos differ."""
    photo = Image.new("RGB", (32, 32), "white")
    ImageDraw.Draw(photo).ellipse((3, 8 + number % 6, 29, 24), fill=PAINTS[paint])
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    return buffer.getvalue()


def list_kinds(kinds: int, products: int = 12) -> list[dict]:
    """List rows of so many kinds: kind 0 has the most products, and `Rare` has three."""
    sizes = {f"Kind {kind}": products + (kinds - kind) % 4 for kind in range(kinds)} | {"Rare": 3}
    owners = [kind for kind, size in sizes.items() for _ in range(size)]
    return [
        {"CID": f"{1000 + product}-{place}", "SubCategory": kind, "brand": f"Brand {product % 3}",
         "Gender": ("Women", "Men")[product % 2], "photo": draw_photo(paint, product)}
        for product, kind in enumerate(owners)
        for place, paint in enumerate(PAINTS)
        if place < 1 + product % 3
    ]  # fmt: skip


def list_materials(products: int = 80) -> list[dict]:
    """List rows whose materials are MATERIALS in turn, some of them several; nothing else varies.

    `Wool` has too few products to be a label.
    """
    return [
        {"CID": f"{1000 + product}-{place}", "brand": f"Brand {product % 3}",
         "Material": "Wool;Leather" if product < 3 else MATERIALS[product % len(MATERIALS)],
         "photo": draw_photo(paint, product)}
        for product in range(products)
        for place, paint in enumerate(PAINTS)
        if place < 1 + product % 2
    ]  # fmt: skip


def plan_logits(split: pd.DataFrame, classes: tuple[str, ...]) -> np.ndarray:
    """Answer every fifth photo with the class after its own, at growing margins."""
    place = np.arange(len(split))
    code = pd.Index(classes).get_indexer(pd.Index(split["label"]))
    called = np.where(place % 5 == 1, code + 1, np.maximum(code, 0)) % len(classes)
    logits = np.zeros((len(split), len(classes)), dtype=np.float32)
    logits[place, called] = 1 + 4 * place / len(split)
    return logits


def write_onnx(path: Path, side: int, sizes: dict[str, int]) -> None:
    """Write a model whose answers follow from the mean color of a photo.

    `sizes` are the numbers of classes by output.
    """
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(0, 0.1, (3, n)).astype(np.float32) for name, n in sizes.items()}
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["floats", "axes"], ["embedding"], keepdims=0),
            *(helper.make_node("MatMul", ["embedding", f"to {x}"], [x]) for x in sizes),
        ],
        "planned",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["batch", side, side, 3])],
        [
            *(
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", n])
                for name, n in sizes.items()
            ),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 3]),
        ],
        [
            numpy_helper.from_array(np.array([1, 2]), "axes"),
            *(numpy_helper.from_array(value, f"to {name}") for name, value in weights.items()),
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)


def add_planned(workspace: Workspace, data_dir: Path, store: Store, **settings) -> Run:
    """Add a finished run for all frequent sub-categories, or as `settings` say."""
    config = small_config(**{"target": TARGET, "classes": (), **settings})
    run = create_run(workspace, config, data_dir)
    worker.perform(run, lambda progress: _write(run, store))
    return run


def _write(run: Run, store: Store) -> None:
    config = run.train_config
    tasks, split, rates = build_tasks(store, config), read_split(store, config), {}
    tasks = tuple(replace(one, threshold=THRESHOLD) if one.labels_of else one for one in tasks)
    tables = {}
    write_task(run, *tasks)
    split.to_parquet(run.path / "split.parquet")
    for task in tasks:
        told = split[split["target"] == task.target]
        logits = plan_logits(told, task.classes)
        table, prob = metrics.build_predictions(
            told, logits, task.classes, task.target, task.decide
        )
        tables[task.target] = table
        write_answers(run.path, table, prob, task.target)
        rates[task.target] = {
            "splits": metrics.summarize_splits(table),
            "guess_error_rate": metrics.guess_error_rate(table, "valid"),
        }
    task = tasks[0]
    np.save(run.path / "embeddings.npy", np.random.default_rng(0).normal(size=(len(table), 3)))
    pd.DataFrame({"image_id": table["image_id"], "outlier": 0.5}).to_parquet(
        run.path / "outliers.parquet"
    )
    is_one, sizes = len(tasks) == 1, {one.target: len(one.classes) for one in tasks}
    outputs = {"logits" if is_one else name_output(name): n for name, n in sizes.items()}
    write_onnx(run.onnx_path, store.side, outputs)
    facts = {
        "arch": config.arch, "weights": config.weights, "target": task.target,
        "classes": list(task.classes), "image_size": config.image_size, "side": store.side,
        "catalogue_id": store.catalogue_id, "is_drawn": False, "device": "cpu",
        "torch": "0.0", "fastai": "0.0", "batch_size": config.batch_size,
    }  # fmt: skip
    write_json(run.path / "model.json", facts)
    summary = {"targets": rates, "onnx_max_difference": 0.0, "seconds": 1.0}
    if tasks[0].labels_of:
        summary |= summarize_targets(tables, tasks, summarize)
    write_json(run.path / "metrics.json", summary)
