"""Runs of models that were trained elsewhere: what is given, and what such a run lacks."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zapcls.config import Statistics, build_config, choose_classes
from zapcls.data.sources.table import SUFFIXES
from zapcls.data.task import Task
from zapcls.errors import BadInput
from zapcls.workspace import jobs
from zapcls.workspace.answers import find_probabilities
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.runs import FORMAT, IMPORT, Run, write_task

ONNX = ".onnx"


def build_origin(
    given: Path, is_predictions: bool, classes: Sequence[str], size: int, statistics: Statistics
) -> dict[str, Any]:
    """Build what an imported run keeps of its origin (`Run.origin`), its kind told by the path.

    Raises:
        BadInput: there is no such file or folder, or it is of no kind that can be read.
    """
    path = given.expanduser().resolve()
    if not path.exists():
        raise BadInput(f"What is imported must exist, got {path}. Check the path.")
    origin = {"file": str(path), "name": path.name, "classes": list(classes)}
    if is_predictions:
        if path.suffix.lower() not in SUFFIXES:
            raise BadInput(
                f"Predictions must be in a file that ends in {', '.join(SUFFIXES)}, got "
                f"{path.name}. Save them as one of these."
            )
        return origin | {"kind": "predictions"}
    if path.is_dir():
        return origin | {"kind": "timm"}
    if path.suffix.lower() != ONNX:
        raise BadInput(
            f"A model must be a folder of timm's or a file that ends in {ONNX}, got {path.name}. "
            "Pickled models (.pt, .pth, .pkl) are not opened: export one as ONNX or safetensors."
        )
    if len(classes) < 2:
        raise BadInput(
            f"The classes of an ONNX model must be named, two or more in the order of its answers, "
            f"got {', '.join(classes) or 'none'}. Name them: --classes A,B."
        )
    if not all(value > 0 for value in statistics.std):
        raise BadInput(f"The deviation must be above 0, got {list(statistics.std)}. Correct --std.")
    known = {"size": size, "mean": list(statistics.mean), "std": list(statistics.std)}
    return origin | known | {"kind": "onnx"}


def create_import(workspace: Workspace, data_dir: Path, target: str, origin: dict[str, Any]) -> Run:
    """Create a queued run of what `build_origin` built, about a catalogue and a target.

    Its settings name the network that a label check would take.

    Raises:
        BadInput: the classes are not at least two different names.
    """
    config = build_config(target=target, classes=choose_classes(target, origin["classes"]))
    settings = {
        "format": FORMAT,
        "train": config.to_json(),
        "data_dir": str(data_dir.expanduser().resolve()),
        "origin": origin,
    }
    name = re.sub(r"[^A-Za-z0-9._]+", "-", Path(origin["name"]).stem)[:30].strip("-.")
    return Run(jobs.create(workspace.runs_dir, IMPORT, settings, name).path)


def keep_classes(run: Run, task: Task) -> None:
    """Keep the classes that an imported run turned out to have: in its task and its settings."""
    write_task(run, task)
    settings = run.config["train"] | {"classes": list(task.classes)}
    write_json(run.path / "config.json", run.config | {"train": settings})


def describe_given(run: Run) -> str:
    """Describe what an imported run was made of, and what could not be matched."""
    origin, given = run.origin, run.facts["given"]
    if origin["kind"] != "predictions":
        return f"Imported from the model {origin['name']}, asked about {given['rows']:,} photos."
    return (
        f"Imported from {origin['name']}, {given['rows']:,} rows: {given['unmatched_rows']:,} of "
        f"them match no photo of the catalogue, and {given['photos_without_row']:,} readable "
        "photos of the catalogue have no row."
    )


def name_split(run: Run) -> str:
    """Name how a run's photos were split, as a figure does."""
    return "imported" if run.is_imported else f"{run.train_config.split} split"


def find_lack(run: Run, need: str, what: str) -> str:
    """Find why an imported run cannot serve for something, "" where it can.

    `need` is one of probabilities, model, embeddings and training; `what` needs it.
    """
    if not run.is_imported:
        return ""
    has_probabilities = find_probabilities(run.path, run.task.target).is_file()
    lacks = {
        "probabilities": (has_probabilities, "without probabilities", "needs them"),
        "model": (run.onnx_path.is_file(), "without a model", "needs one"),
        "embeddings": ((run.path / "embeddings.npy").is_file(), "without embeddings", "needs them"),
        "training": (False, "without its training", "needs that"),
    }
    is_there, lack, needs = lacks[need]
    return "" if is_there else f"This run was imported {lack}: {what} {needs}."


def check_has(run: Run, need: str, what: str) -> None:
    """Check that a run has what something needs.

    Raises:
        BadInput: it was imported without; see `find_lack`.
    """
    lack = find_lack(run, need, what)
    if lack:
        raise BadInput(f"{lack} Choose a run that was trained here.")
