"""Every file of a workspace damaged, one at a time: no traceback, what can be made again is made
again, and what a person did is never lost.
"""

import random
from functools import partial

import fake_run
import pytest
import streamlit as st
from attempts import Tried, describe, list_lost
from faces import call, find_command_fault, list_reading, read_work
from opened import find_opened

from zapcls.errors import ZapError
from zapcls.ui import navigation
from zapcls.workspace import jobs
from zapcls.workspace.opening import open_data
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.splits import read_split
from zapcls.workspace.store import find_store

pytestmark = pytest.mark.slow
WAYS = {
    "empty": lambda content, rng: b"",
    "half": lambda content, rng: content[: len(content) // 2],
    "end": lambda content, rng: content[:-9],
    "zeros": lambda content, rng: content[: len(content) // 2] + bytes(-(-len(content) // 2)),
    "garbage": lambda content, rng: rng.randbytes(len(content)),
}
NEEDS_NO_CUT = (".lock", "lock", ".jpg", ".mat", "meta-data.csv")  # the last are the source's
WORK = ("reviews.sqlite", "color_labels.csv")  # a person's
SOME = 10  # files and ways that the suite tries, and faces that it looks at
OF_STORE = ("catalog.parquet", "pixels.npy", "pixels.json", "colors.parquet")
OF_EVALUATION = (
    "predictions.parquet", "embeddings.npy", "metrics.json", "gender.npy", "model.onnx",
    "answer.json", "familiar.onnx", "familiar.npz", "familiar.parquet", "outliers.parquet",
)  # fmt: skip


@pytest.fixture
def faces(finished, workspace, open_page, drawn, tmp_path):
    """Every page and every command that looks into the run, by name: what is wrong with it."""
    (tmp_path / "out").mkdir()
    image_id = read_predictions(finished, workspace)["image_id"].iloc[0]
    photo = next(drawn.rglob("*.jpg"))

    def show(page, params, is_whole):
        app = open_page(workspace, page, run=finished.run_id, **params)
        said = [error.value for error in app.error] if is_whole else []
        return f"it says {said[0]}" if said else "" if app.title else "it is empty"

    def command(words, is_whole):
        code, err = call(words, workspace)
        fault = find_command_fault(words, code, err)
        return fault or (f"it says {err}" if is_whole and code else "")

    shown = [(page, {}) for page in navigation.PAGES]
    shown += [("errors", {"view": view}) for view in ("Suspects", "Slices", "Map")]
    shown += [("errors", {"image": image_id})]
    reading = list_reading(finished, image_id, photo, tmp_path / "out")
    return {
        **{f"{page} {params}": partial(show, page, params) for page, params in shown},
        **{" ".join(words): partial(command, words) for words in reading},
    }


def forget():
    st.cache_data.clear()
    st.cache_resource.clear()


def list_files(workspace):
    found = [path for path in workspace.path.rglob("*") if path.is_file() and path.stat().st_size]
    return [path for path in sorted(found) if not path.name.endswith(NEEDS_NO_CUT)]


def find_fault(faces, is_whole=False):
    """Look at faces: what is wrong with the first that is, "" where none is.

    Where all files are whole again, an error in a sentence is wrong too.
    """
    for name, look in faces.items():
        try:
            fault = look(is_whole)
        except (Exception, SystemExit) as error:
            fault = describe(error)
        if fault:
            return f"{name}: {fault}"
    return ""


def mend(path, run, workspace):
    """Take the step that the product names for a damaged file; return whether it names one."""
    store = find_or_read(workspace, run)
    if (path.is_relative_to(store.path) and path.name in OF_STORE) or path.parent.name == "splits":
        read_split(store, run.train_config)
    elif path.is_relative_to(run.path) and path.name in OF_EVALUATION:
        about = {"run": str(run.path), "target": "", "data_dir": None}
        fake_run.evaluate(jobs.create(workspace.jobs_dir, "evaluate", about), run, workspace)
    elif path.name == "reviews.sqlite":
        path.rename(path.with_name("moved.sqlite"))
    elif path.name == "color_labels.csv":
        path.rename(path.with_name("moved.csv"))
    else:
        return False
    return True


def find_or_read(workspace, run):
    """Open the run's store, reading its photos again where it cannot be opened."""
    try:
        store = find_store(workspace, run.facts["catalogue_id"])
        store.read_colors()
    except ZapError:
        store = open_data(workspace, workspace.drawings_dir, lambda *_, **__: None)
    return store


def try_cut(path, way, faces, run, workspace, rng):
    """Damage a file, look at all that opens it, and mend it: what people did stays."""
    whole, work = path.read_bytes(), read_work(workspace, run)
    cut = WAYS[way](whole, rng)
    path.write_bytes(cut)
    fault = find_fault(faces)
    is_work = path.name in WORK
    if is_work and path.read_bytes() != cut:
        fault = fault or "a face wrote over it"
    if not fault and mend(path, run, workspace):
        forget()
        fault = find_fault(faces, is_whole=True)
        if not fault and not is_work and read_work(workspace, run) != work:
            fault = "what people did is lost"
    path.write_bytes(whole)
    return Tried(f"{path.relative_to(workspace.path)} {way}", fault)


def test_a_damaged_file_is_named_or_made_again(finished, workspace, faces, record, is_full, seed):
    rng = random.Random(seed)
    files = list_files(workspace)
    assert len(files) > 60
    if not is_full:
        faces = {name: faces[name] for name in rng.sample(sorted(faces), SOME)}
    opened, faults = {}, []
    for name, look in faces.items():
        forget()
        opened[name] = find_opened(files, lambda: faults.append(look(True)))  # noqa: B023
    assert not any(faults)
    cases = dict.fromkeys(WAYS, files)
    if not is_full:
        chosen = rng.sample(files, SOME)
        cases = {way: chosen[number :: len(WAYS)] for number, way in enumerate(WAYS)}
    tried = {}
    for way, paths in cases.items():
        tried[way] = [
            try_cut(
                path, way, {name: look for name, look in faces.items() if path in opened[name]},
                finished, workspace, rng,
            )
            for path in paths
        ]  # fmt: skip
        record(f"damaged files: {way}", tried[way])
    lost = [one for some in tried.values() for one in some if one.fault]
    assert not lost, list_lost(lost)
