"""Small catalogues and tables, made by hand, that the tests of several floors share."""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import mat4py
import pandas as pd
import pytest
from once import prepare
from PIL import Image
from small import small_config

from zapcls import schema
from zapcls.data.sources import read_catalogue
from zapcls.data.sources.zappos import METADATA
from zapcls.data.task import DEFAULT_TASK
from zapcls.errors import BadInput
from zapcls.workspace.layout import Workspace, read_json, write_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.opening import open_store
from zapcls.workspace.runs import list_runs, write_task

PROJECT = Path(__file__).parents[1]
HEADER = ("CID", *METADATA)


def build_jpeg(size=(16, 12), color="black"):
    """Return the bytes of a JPEG of one color."""
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "JPEG")
    return buffer.getvalue()


JPEG = build_jpeg()


def list_path(row):
    """Return what image-path.mat says of a row."""
    if "path" in row:
        return row["path"]
    return f"Shoes/Heels/{row.get('brand', 'Acme')}/{row['CID'].replace('-', '.')}.jpg"


@pytest.fixture(scope="session")
def write_catalogue():
    """Return a function that writes a catalogue in the official format and returns its folder.

    A row is a dict: `CID`, any metadata column (Gender is Women unless given), `brand`, `path`
    (as listed), `disk` (the brand folder's name on disk), `photo` (bytes; None: no file).
    """

    def write(folder, rows, image_folder="ut-zap50k-images"):
        data = folder / "ut-zap50k-data"
        data.mkdir(parents=True, exist_ok=True)
        with (data / "meta-data.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, HEADER, restval="", extrasaction="ignore")
            writer.writeheader()
            defaults = {"Category": "Shoes", "SubCategory": "Heels", "Gender": "Women"}
            writer.writerows(defaults | row for row in rows)
        mat4py.savemat(str(data / "image-path.mat"), {"imagepath": [list_path(r) for r in rows]})
        (folder / image_folder).mkdir(exist_ok=True)
        for row in rows:
            photo = row.get("photo", JPEG)
            if photo is not None:
                _, _, name = list_path(row).rpartition("/")
                brand = row.get("disk", row.get("brand", "Acme"))
                file = folder / image_folder / "Shoes" / "Heels" / brand / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(photo)
        return folder

    return write


@pytest.fixture(scope="session")
def jpeg():
    """Return a function that makes the bytes of a JPEG: `jpeg(size=(16, 12), color="black")`."""
    return build_jpeg


@pytest.fixture(scope="session")
def build_table():
    """Return a function that builds predictions as `read_predictions` joins them.

    A row is a dict with the columns that matter to the test. The image ids are `i0`, `i1`, ...,
    each image is a product of its own, labelled and called Women with 0.8, black, in valid.
    """

    def build(rows):
        table = []
        for number, row in enumerate(rows):
            row = {"label": "Women", "prediction": "Women", "prob": 0.8} | row
            right = row["label"] == row["prediction"]
            defaults = {
                "image_id": f"i{number}",
                "product_id": f"p{number}",
                "target": "gender",
                "split": "valid",
                "source": "run",
                "catalog_label": row["label"],
                "fold": -1,
                "prob_label": row["prob"] if right else 1 - row["prob"],
                "loss": 1.0,
                "correct": right,
                "color": "black",
                "category": "Shoes",
                "sub_category": "Heels",
                "brand": "Acme",
                "image_path": f"Shoes/Heels/Acme/{number}.jpg",
            }
            table.append(defaults | row)
        frame = pd.DataFrame(table)
        known = schema.conform(frame, schema.PREDICTIONS, "predictions")
        return known.join(frame.drop(columns=list(schema.PREDICTIONS)))

    return build


@pytest.fixture(scope="session")
def refuses():
    """Return a context in which a BadInput must be raised whose sentence holds all the words."""

    def context(*words):
        pattern = "".join(f"(?=.*{re.escape(str(word))})" for word in words)
        return pytest.raises(BadInput, match=f"(?s)^{pattern}")

    return context


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A drawn catalogue of 140 shoes, shared by all test processes; do not change it."""
    from zapcls.data.sample import draw_catalogue

    return prepare(tmp_path_factory, "drawings", lambda folder: draw_catalogue(folder, 140, seed=0))


@pytest.fixture(scope="session")
def tiny_settings():
    """The settings of a real training that takes a few seconds; it learns next to nothing."""
    return {
        "arch": "lcnet_050",
        "weights": "none",
        "image_size": 32,
        "batch_size": 16,
        "frozen_epochs": 0,
        "unfrozen_epochs": 1,
        "unfrozen_lr": 3e-3,
        "device": "cpu",
    }


@pytest.fixture(scope="session")
def run_command():
    """Return a function that runs `python -m zapcls ...` as a process and waits for it."""

    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "zapcls", *map(str, words)],
            env=os.environ | {"OMP_NUM_THREADS": "1"},  # the networks are small
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=900,
        )

    return run


@pytest.fixture(scope="session")
def list_options():
    """Return a function that writes settings as the options of a command."""

    def build(settings):
        pairs = ((f"--{name.replace('_', '-')}", str(value)) for name, value in settings.items())
        return [word for pair in pairs for word in pair]

    return build


@pytest.fixture(scope="session")
def trained(drawn, tiny_settings, list_options, run_command, tmp_path_factory):
    """A run that `python -m zapcls train --json` trained: `workspace, run, process`.

    It is shared; do not change it. It takes a real training, so only slow tests may use it.
    """

    def train(folder):
        where = ["--workspace", folder / "workspace", "--data", drawn, "--json"]
        options = ["--preset", "first-try", *list_options(tiny_settings)]
        process = run_command("train", *where, *options)
        assert process.returncode == 0, process.stderr
        write_json(folder / "process.json", {"stdout": process.stdout, "stderr": process.stderr})

    folder = prepare(tmp_path_factory, "trained", train)
    own = tmp_path_factory.mktemp("trained") / "workspace"
    workspace = Workspace(shutil.copytree(folder / "workspace", own))
    [run] = list_runs(workspace)
    process = SimpleNamespace(**read_json(folder / "process.json"))
    return SimpleNamespace(workspace=workspace, run=run, process=process)


def build_facts(**facts):
    """What a training leaves in `model.json`."""
    known = {"arch": "color", "classes": ["Women", "Men"], "side": 32, "is_drawn": False}
    known |= dict.fromkeys(("catalogue_id", "device", "torch", "fastai"), "any")
    return known | facts


@pytest.fixture
def call_evaluated():
    """Return a function that leaves a run as if it was evaluated, as far as its figures go."""

    def call_evaluated(run, **facts):
        write_json(run.path / "model.json", build_facts(**facts))
        valid = {"n": 5, "n_products": 5, "errors": 3, "error_rate": 0.6}
        splits = {"valid": valid | {"error_low": 0.2, "error_high": 0.9}}
        task = DEFAULT_TASK
        write_task(run, task)
        rates = {"splits": splits, "guess_error_rate": 0.5}
        write_json(run.path / "metrics.json", {"targets": {task.target: rates}, "seconds": 1.0})

    return call_evaluated


@pytest.fixture(scope="session", params=[4, 21])
def kinds(request, write_catalogue, tmp_path_factory):
    """A finished run for 4 and one for 21 sub-categories: `workspace, data_dir, store, run`.

    It is shared; do not change it. Nothing was trained: see `planned_run`.
    """
    from planned_run import add_planned, list_kinds

    folder = tmp_path_factory.mktemp("kinds")
    data_dir = write_catalogue(folder / "data", list_kinds(request.param))
    workspace = Workspace(folder / "workspace")
    store = open_store(workspace, read_catalogue(data_dir))
    run = add_planned(workspace, data_dir, store)
    return SimpleNamespace(workspace=workspace, data_dir=data_dir, store=store, run=run)


@pytest.fixture(scope="session")
def several(write_catalogue, tmp_path_factory):
    """A finished run for sub-category and gender: `workspace, data_dir, store, run`.

    It is shared; do not change it. Nothing was trained, and one photo in seven has no gender.
    """
    from planned_run import add_planned, list_kinds

    folder = tmp_path_factory.mktemp("several")
    rows = [row | ({"Gender": ""} if n % 7 == 0 else {}) for n, row in enumerate(list_kinds(4))]
    data_dir = write_catalogue(folder / "data", rows)
    workspace = Workspace(folder / "workspace")
    store = open_store(workspace, read_catalogue(data_dir))
    run = add_planned(workspace, data_dir, store, target="sub_category,gender")
    return SimpleNamespace(workspace=workspace, data_dir=data_dir, store=store, run=run)


@pytest.fixture(scope="session")
def materials(write_catalogue, tmp_path_factory):
    """A finished run for each of three materials as a label: `workspace, data_dir, store, run`.

    It is shared; do not change it. Nothing was trained; see `planned_run.list_materials`.
    """
    from planned_run import add_planned, list_materials

    folder = tmp_path_factory.mktemp("materials")
    data_dir = write_catalogue(folder / "data", list_materials())
    workspace = Workspace(folder / "workspace")
    store = open_store(workspace, read_catalogue(data_dir))
    run = add_planned(workspace, data_dir, store, target="material", cells="labels")
    return SimpleNamespace(workspace=workspace, data_dir=data_dir, store=store, run=run)


@pytest.fixture
def color_run(tmp_path):
    """A finished run without a training: its model calls red photos Women and blue ones Men.

    The logits are 4 x the mean red and 4 x the mean blue, 0..1, of photos of 8 px.
    """
    import onnx
    from onnx import TensorProto, helper

    workspace = Workspace(tmp_path / "workspace")
    run = create_run(workspace, small_config(), tmp_path / "data")
    weights = [4 / 255, 0, 0, 0, 0, 4 / 255]
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pixels"], ["colors"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["colors", "axes"], ["embedding"], keepdims=0),
            helper.make_node("MatMul", ["embedding", "weights"], ["logits"]),
        ],
        "color",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["batch", 8, 8, 3])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 3]),
        ],
        [
            helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2]),
            helper.make_tensor("weights", TensorProto.FLOAT, [3, 2], weights),
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), run.onnx_path)
    write_json(run.path / "model.json", build_facts(side=8))
    write_task(run, DEFAULT_TASK)
    return run
