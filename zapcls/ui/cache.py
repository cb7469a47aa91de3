"""What the pages read, read once: keyed by path and time of change, so that it is never stale."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from zapcls.analysis.decisions import settle
from zapcls.answer.classify import Classifier, open_classifier
from zapcls.data.labels import label_rows
from zapcls.data.split import build_split, count_leaks
from zapcls.data.task import DEFAULT_TASK, Task
from zapcls.evidence import Evidence
from zapcls.workspace import checks, layout, runs
from zapcls.workspace.checks import LabelCheck
from zapcls.workspace.layout import Workspace
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run
from zapcls.workspace.store import Store, find_store, find_store_of

Identity = tuple[tuple[str, int, int], ...]  # of files, see `identify`


@st.cache_resource
def workspace() -> Workspace:
    """The server's workspace; at its first use the folder of $ZAPCLS_DATA becomes the data."""
    opened = layout.open_workspace()
    wanted = os.environ.get(layout.DATA_ENVIRONMENT)
    if wanted:
        layout.choose_data(opened, Path(wanted))
    return opened


def chosen_store() -> Store | None:
    """The store of the data in use, None before it is built and its colors are named."""
    store = _find_chosen()
    return store if store and store.has_colors else None


def lacks_colors() -> bool:
    """Whether the photos in use are read without their colors, as a training leaves them."""
    store = _find_chosen()
    return store is not None and not store.has_colors


def _find_chosen() -> Store | None:
    return find_store_of(workspace(), layout.read_chosen_data(workspace()))


def store_of(run: Run) -> Store:
    """The store that a run was trained on."""
    catalogue_id = run.facts["catalogue_id"]
    folder = workspace().store_dir / catalogue_id
    changed = identify(folder / "pixels.json", folder / "pixels.npy")
    return _store(str(workspace().path), catalogue_id, changed)


@st.cache_resource(max_entries=8)
def _store(workspace_path: str, catalogue_id: str, changed: Identity) -> Store:
    return find_store(Workspace(Path(workspace_path)), catalogue_id)


def evidence(run: Run) -> Evidence:
    """What is known of a run: shared by all visitors, and never stale (see `Evidence`)."""
    return _evidence(str(workspace().path), str(run.path))


@st.cache_resource(max_entries=4)
def _evidence(workspace_path: str, run_path: str) -> Evidence:
    return Evidence(Run(Path(run_path)), Workspace(Path(workspace_path)))


def task_of(run: Run) -> Task:
    """What a run was trained to tell, and how that is worded."""
    return run.task


def identify(*paths: Path) -> Identity:
    """What tells a file from another version of it: path, time of change (ns) and size (bytes)."""
    found = ((str(path), path.stat() if path.is_file() else None) for path in paths)
    return tuple((path, s.st_mtime_ns, s.st_size) if s else (path, 0, 0) for path, s in found)


def _identify_catalog(run: Run) -> Identity:
    folder = workspace().store_dir / run.facts["catalogue_id"]
    return identify(folder / "catalog.parquet", folder / "colors.parquet")


def predictions(run: Run) -> pd.DataFrame:
    """A run's predictions with paths, categories and colors beside them."""
    changed = identify(run.path / "predictions.parquet") + _identify_catalog(run)
    return _predictions(str(run.path), changed)


# A resource is shared, not copied: no page may change such a table in place.
@st.cache_resource(max_entries=8, show_spinner="Reading the predictions…")
def _predictions(run_path: str, changed: Identity) -> pd.DataFrame:
    return runs.read_predictions(Run(Path(run_path)), workspace())


def check(run: Run) -> LabelCheck:
    """The label check that goes with a run's network; `is_done` tells whether it is there."""
    return checks.find_check(store_of(run), run.train_config)


def checked_predictions(run: Run) -> pd.DataFrame:
    """The out-of-fold predictions of the run's label check, as `predictions` gives them."""
    found = check(run)
    return _checked(str(run.path), str(found.path), _identify_check(run, found))[0]


def label_issues(run: Run) -> pd.DataFrame:
    """What is held against each label (`schema.LABEL_ISSUES`)."""
    found = check(run)
    return _checked(str(run.path), str(found.path), _identify_check(run, found))[1]


def _identify_check(run: Run, found: LabelCheck) -> Identity:
    tables = (found.path / f"{name}.parquet" for name in ("predictions", "issues"))
    return identify(*tables) + _identify_catalog(run)


@st.cache_resource(max_entries=4, show_spinner="Reading the label check…")
def _checked(
    run_path: str, check_path: str, changed: Identity
) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = LabelCheck(Path(check_path))
    table = checks.read_predictions(found, store_of(Run(Path(run_path))))
    return table, found.read_issues()


def recoloring(run: Run) -> pd.DataFrame | None:
    """What the run says of its photos recolored (`schema.RECOLORING`), None before the job."""
    path = run.path / "derived" / "recolor" / "recolor.parquet"
    return _recoloring(str(run.path), path.stat().st_mtime_ns) if path.is_file() else None


@st.cache_resource(max_entries=4, show_spinner=False)
def _recoloring(run_path: str, changed: int) -> pd.DataFrame | None:
    return runs.read_recoloring(Run(Path(run_path)))


def decisions(run: Run) -> pd.DataFrame:
    """The reviewers' decisions on the run's catalogue and target (`schema.DECISIONS`)."""
    reviews = open_reviews(workspace())
    catalogue_id, target = run.facts["catalogue_id"], run.train_config.target
    return _decisions(str(reviews.path), catalogue_id, target, reviews.version())


@st.cache_resource(max_entries=8, show_spinner=False)
def _decisions(path: str, catalogue_id: str, target: str, version: int) -> pd.DataFrame:
    return open_reviews(workspace()).read(catalogue_id, target)


def verdicts(run: Run) -> pd.DataFrame:
    """What the decisions on each image come to (`schema.VERDICTS`)."""
    reviews = open_reviews(workspace())
    catalogue_id, target = run.facts["catalogue_id"], run.train_config.target
    return _verdicts(str(reviews.path), catalogue_id, target, reviews.version())


@st.cache_resource(max_entries=8, show_spinner=False)
def _verdicts(path: str, catalogue_id: str, target: str, version: int) -> pd.DataFrame:
    return settle(_decisions(path, catalogue_id, target, version))


def catalog(store: Store) -> pd.DataFrame:
    """A store's catalogue, labelled for the default target, with the colors; as the pixels."""
    return _catalog(str(store.path), (store.path / "catalog.parquet").stat().st_mtime_ns)


@st.cache_data(max_entries=4, show_spinner="Reading the catalogue…")
def _catalog(store_path: str, changed: int) -> pd.DataFrame:
    store = Store(Path(store_path))
    table = label_rows(store.read_catalog(), DEFAULT_TASK)
    table = table.merge(store.read_colors(), on="image_id", validate="one_to_one")
    return table.assign(row=range(len(table)))


@st.cache_data(max_entries=4, show_spinner=False)
def _splits(store_path: str, changed: int) -> tuple[pd.DataFrame, tuple[int, int]]:
    table = label_rows(Store(Path(store_path)).read_catalog(), DEFAULT_TASK)
    return build_split(table, "product"), count_leaks(build_split(table, "random"))


def splits(store: Store) -> tuple[pd.DataFrame, tuple[int, int]]:
    """The product split with seed 0; how many products a random split leaks, and of how many."""
    return _splits(str(store.path), (store.path / "catalog.parquet").stat().st_mtime_ns)


def classifier(run: Run) -> Classifier:
    """A run's exported model, its session kept open."""
    return _classifier(str(run.path), run.onnx_path.stat().st_mtime_ns)


@st.cache_resource(max_entries=4, show_spinner="Opening the model…")
def _classifier(run_path: str, changed: int) -> Classifier:
    return open_classifier(Run(Path(run_path)))


def devices() -> dict[str, str]:
    """This machine's devices, name -> description; empty for the seconds until torch has answered.

    A process of its own asks, so that the app need not load torch, and nobody waits for it.
    """
    process = _ask_devices()
    if process.poll() is None:
        return {}
    return _read_devices()


@st.cache_resource
def _ask_devices() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "zapcls", "devices", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)


@st.cache_resource
def _read_devices() -> dict[str, str]:
    answer, _ = _ask_devices().communicate()
    lines = answer.splitlines()
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return found.get("devices", {})
