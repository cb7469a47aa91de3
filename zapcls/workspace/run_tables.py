"""The tables that a run leaves: read whole, and written aside before they are renamed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zapcls import schema
from zapcls.config import PHASES
from zapcls.data.task import Task
from zapcls.errors import ZapError
from zapcls.workspace.answers import (
    find_probabilities,
    read_answers,
    read_every_answer,
    spell_target,
)
from zapcls.workspace.layout import Workspace, replace_folder
from zapcls.workspace.runs import Run
from zapcls.workspace.splits import read_split_file
from zapcls.workspace.store import Store, find_store
from zapcls.workspace.tables import looks_whole, read_array, read_facts, read_parquet

KINDS = ("category", "sub_category", "brand")  # "" where a catalogue has none


def read_table(run: Run, name: str, columns: dict[str, str]) -> pd.DataFrame:
    """Read a CSV of a run that may still be growing; empty while it has none.

    A row that is cut or damaged is left out.
    """
    try:
        table = pd.read_csv(run.path / name, on_bad_lines="skip", encoding_errors="replace")
        table = table[table["phase"].isin(PHASES)][list(columns)]
    except (OSError, ValueError, KeyError):  # not begun, just now, or damaged
        return pd.DataFrame({key: pd.Series(dtype=dtype) for key, dtype in columns.items()})
    numbers = [column for column in columns if column != "phase"]
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce")
    return table.dropna(subset=numbers[:1])


def read_history(run: Run) -> pd.DataFrame:
    """Read the epochs so far (`schema.HISTORY`)."""
    return read_table(run, "history.csv", schema.HISTORY)


def read_losses(run: Run) -> pd.DataFrame:
    """Read the smoothed training loss so far, a few rows a second (`schema.LOSSES`)."""
    return read_table(run, "losses.csv", schema.LOSSES)


def read_watched(run: Run) -> pd.DataFrame:
    """Read how the photos that are watched were answered so far (`schema.WATCHED`)."""
    return read_table(run, "watched.csv", schema.WATCHED).dropna().astype(schema.WATCHED)


def read_predictions(run: Run, workspace: Workspace) -> pd.DataFrame:
    """Read a run's predictions with path, category and color of each image beside them.

    `label` is what the run was told; `catalog_label` is what the catalogue said then. The two
    differ where the run was trained on corrections.

    Raises:
        ZapError: the run has not been evaluated, or its catalogue's store is gone.
    """
    path = run.path / "predictions.parquet"
    if not path.is_file():
        raise ZapError(f"The run {run.run_id} has no predictions yet. Evaluate it first.")
    store = find_store(workspace, run.facts["catalogue_id"])
    return join_facts(read_answers(run.path, run.task.target, run.remedy), store)


def read_labels(run: Run) -> dict[Task, pd.DataFrame]:
    """Read the predictions (`schema.PREDICTIONS`) of each label of the column that is looked at.

    There are none where the target is no label.
    """
    column = run.task.labels_of
    if not column:
        return {}
    every = read_every_answer(run.path, run.remedy)
    return {task: every[task.target] for task in run.tasks if task.labels_of == column}


def join_facts(table: pd.DataFrame, store: Store) -> pd.DataFrame:
    """Join what the store knows to predictions: `row` in the pixels, path, attributes, color.

    KINDS are there too, "" where the catalogue has none.

    Raises:
        ZapError: the colors are not named yet.
    """
    catalog = store.read_catalog()
    catalog = catalog.assign(row=range(len(catalog)))
    names = [attribute.name for attribute in store.attributes]
    names += [name for name in KINDS if name not in names]
    catalog = catalog.assign(**{name: "" for name in KINDS if name not in catalog})
    facts = ["image_id", "row", "image_path", *names]
    colors = store.read_colors()[list(schema.COLORS)]
    return table.merge(catalog[facts], on="image_id", how="left", validate="one_to_one").merge(
        colors, on="image_id", how="left", validate="one_to_one"
    )


def read_probabilities(run: Run, is_mapped: bool = False) -> np.ndarray:
    """Read all class probabilities: float32, (rows of predictions, classes)."""
    path = find_probabilities(run.path, run.task.target)
    return read_array(path, run.remedy, is_mapped)


def open_embeddings(run: Run) -> np.ndarray:
    """Map the embeddings into memory: float32, (rows of predictions, width)."""
    return read_array(run.path / "embeddings.npy", run.remedy, is_mapped=True)


def read_split(run: Run) -> pd.DataFrame:
    """Read the split that a run was trained on (`schema.SPLIT`)."""
    remedy = "Put the file back, or train again; the answers of this run stay."
    return read_split_file(run.path / "split.parquet", run.task.target, remedy)


def read_outliers(run: Run) -> pd.DataFrame | None:
    """Read how far images lie from the training images: image_id, outlier (0..2, high is far).

    Of valid, and of what is wrong elsewhere; None for a run that was evaluated without.
    """
    path = run.path / "outliers.parquet"
    return read_parquet(path, run.remedy) if looks_whole(path) else None


def read_familiar(run: Run) -> pd.DataFrame | None:
    """Read how strange photos of tune and valid look; None for a run evaluated without."""
    path = run.path / "familiar.parquet"
    return read_parquet(path, run.remedy) if looks_whole(path) else None


def write_derived(run: Run, kind: str, write: Callable[[Path], object]) -> None:
    """Write what was found out about a run into its `find_derived`, whole or not at all.

    `write` is given an empty folder; one that was there before is replaced.
    """
    replace_folder(find_derived(run, kind), write)


def find_derived(run: Run, kind: str) -> Path:
    """Return where a kind of finding about a run lies: each target after the first has its own.

    What is about the photos or about all targets is shared.
    """
    target = run.task.target
    is_own = kind in ("recolor", "trade", "report") and target != run.tasks[0].target
    return run.path / "derived" / (f"{kind}-{spell_target(target)}" if is_own else kind)


def read_derived(run: Run, kind: str) -> pd.DataFrame | None:
    """Read the table that a job found out about a run, None before, and where it is cut short.

    `kind` is recolor (`schema.RECOLORING`), trade (`schema.TRADE`) or map (image_id, x, y).
    """
    path = find_derived(run, kind) / f"{kind}.parquet"
    return (
        read_parquet(path, f"Delete {path.parent}, and do it again.") if looks_whole(path) else None
    )


def find_trained(run: Run, workspace: Workspace, store: Store) -> pd.Series:
    """Find the photos of a catalogue that a run was trained on, or another of their product: bool.

    Photos are the same by their content. Products are by name only where both catalogues name
    them; elsewhere a name is a photo's path, which says nothing of another catalogue.
    """
    known, catalog = read_split(run), store.read_catalog()
    trained = known[known["split"].isin(["train", "tune"])]
    is_named = catalog["product_id"].isin(set(trained["product_id"]))
    try:
        own = find_store(workspace, run.facts["catalogue_id"])
    except ZapError:  # it is gone, and with it what its photos hold: names are all there is
        return is_named
    photos = own.read_catalog()
    contents = set(photos.loc[photos["image_id"].isin(trained["image_id"]), "content"]) - {""}
    is_seen = catalog["content"].isin(contents)
    if own.group and store.group:
        is_seen |= is_named
    return catalog["product_id"].isin(set(catalog.loc[is_seen, "product_id"]))


def list_elsewhere(run: Run) -> list[dict[str, Any]]:
    """List what evaluations on other catalogues came to, under the target that is looked at.

    Each has `catalogue_id`, the `rates` of `metrics.summarize_splits`, and how many photos were
    left out as the run was trained on them (`excluded_trained`). One in which no photo has a label
    of the target is left out.
    """
    files = sorted((run.path / "derived").glob("evaluate-*/metrics.json"))
    target = run.task.target
    found = [(facts, facts.get("targets", {}).get(target, {})) for facts in map(read_facts, files)]
    return [
        facts | {"rates": counted["splits"]["valid"]}
        for facts, counted in found
        if "valid" in counted.get("splits", {})
    ]


def read_cross_validation(run: Run) -> dict[str, Any] | None:
    """Read what a cross-validation of the run's recipe came to, None before there is one."""
    facts = read_facts(run.path / "derived" / "cross-validation" / "metrics.json")
    if "targets" not in facts:
        return None
    rates = facts.pop("targets")[run.task.target]["splits"]["valid"]
    return facts | rates
