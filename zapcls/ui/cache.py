"""What the pages read, read once: keyed by what tells a file from another version of it."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from zapcls.answer.classify import Classifier, open_classifier
from zapcls.answer.limits import LIMITS, Limits, find_limits
from zapcls.config import TrainConfig
from zapcls.data.split import build_split, count_leaks
from zapcls.errors import BadInput
from zapcls.evidence import Evidence
from zapcls.schema import GIVEN_SPLIT
from zapcls.workspace import layout
from zapcls.workspace.layout import Stamp, Workspace, stamp_file
from zapcls.workspace.runs import Run
from zapcls.workspace.splits import build_task, label_catalog
from zapcls.workspace.store import Store, find_store_of

Identity = tuple[Stamp, ...]  # of files, see `identify`


@st.cache_resource
def workspace() -> Workspace:
    """The server's workspace; at its first use the folder of $ZAPCLS_DATA becomes the data."""
    opened = layout.open_workspace()
    wanted = os.environ.get(layout.DATA_ENVIRONMENT)
    if wanted and layout.read_chosen_data(opened) != Path(wanted):
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


def evidence(run: Run) -> Evidence:
    """What is known of a run: shared by all visitors, and never stale (see `Evidence`)."""
    return _evidence(str(workspace().path), str(run.path), run.target)


@st.cache_resource(max_entries=8)
def _evidence(workspace_path: str, run_path: str, target: str) -> Evidence:
    return Evidence(Run(Path(run_path), target), Workspace(Path(workspace_path)))


def identify(*paths: Path) -> Identity:
    """What tells files from other versions of them."""
    return tuple(stamp_file(path) for path in paths)


# A resource is shared, not copied at each visit; nobody changes one in place.
@st.cache_resource(
    max_entries=4, show_spinner="Reading the catalogue…",
    hash_funcs={
        Store: lambda store: identify(store.path / "catalog.parquet", store.path / "colors.parquet")
    },
)  # fmt: skip
def catalog(store: Store) -> pd.DataFrame:
    """A store's catalogue with the colors beside it; row i is row i of the pixels."""
    table = label_catalog(store, TrainConfig(target=store.target))
    table = table.merge(store.read_colors(), on="image_id", validate="one_to_one")
    return table.assign(row=range(len(table)))


@st.cache_resource(
    max_entries=4, show_spinner=False,
    hash_funcs={Store: lambda store: identify(store.path / "catalog.parquet")},
)  # fmt: skip
def splits(store: Store) -> tuple[pd.DataFrame, tuple[int, int]]:
    """The product split with seed 0; how many products a random split leaks, and of how many."""
    table = label_catalog(store, TrainConfig(target=store.target))
    return build_split(table, "product"), count_leaks(build_split(table, "random"))


@st.cache_data(
    max_entries=4, show_spinner=False,
    hash_funcs={Store: lambda store: identify(store.path / "catalog.parquet")},
)  # fmt: skip
def count_columns(store: Store) -> dict[str, tuple[int, int]]:
    """Count the classes, and their photos, of each column that a training can be about."""
    counts = {}
    for attribute in store.attributes:
        name = attribute.name
        if name == GIVEN_SPLIT or "," in name:  # which stands between targets
            continue
        with contextlib.suppress(BadInput):  # too few classes
            config = TrainConfig(target=name)
            classes = build_task(store, config).classes
            counts[name] = len(classes), int(label_catalog(store, config)["kept"].sum())
    return counts


def identify_model(run: Run) -> Identity:
    """What tells a run's exported model from another version of it, and from another target."""
    return *identify(run.onnx_path), (run.target,)


def classifier(run: Run, for_all: bool = False) -> Classifier:
    """A run's exported model, for one of its targets or for all, its session kept open."""
    opened = _open_classifier(run)
    return opened if for_all else opened.about(run.task.target)


@st.cache_resource(
    max_entries=4, show_spinner="Opening the model…",
    hash_funcs={Run: lambda run: identify(run.onnx_path)},
)  # fmt: skip
def _open_classifier(run: Run) -> Classifier:
    return open_classifier(run, for_all=True)


@st.cache_resource(
    max_entries=4, show_spinner=False, hash_funcs={Run: lambda run: identify(run.path / LIMITS)}
)
def limits(run: Run) -> Limits | None:
    """Which of a run's answers are sure, and what is familiar to it; None where unknown."""
    return find_limits(run)


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
