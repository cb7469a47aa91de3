"""Every kind of job, on a small trained run: how it is created, and what it leaves when it is done.

`Place` is a workspace with a trained run, beside it what a person would bring along.
"""

import hashlib
import shutil
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from safetensors.numpy import load_file

from zapcls import work
from zapcls.answer.many import ANSWERS, ZIP
from zapcls.config import build_config
from zapcls.config.priors import LEARNED
from zapcls.data.sample import draw_catalogue
from zapcls.workspace import jobs, worker
from zapcls.workspace.imports import build_origin, create_import
from zapcls.workspace.layout import Workspace, read_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.runs import Run, list_runs

SETTINGS = {
    "arch": "lcnet_050", "image_size": 32, "batch_size": 16, "frozen_epochs": 1,
    "unfrozen_epochs": 2, "unfrozen_lr": 3e-3, "frozen_lr": 3e-3, "views": 1, "device": "cpu",
}  # fmt: skip
OTHER_SHOES = 60  # of a catalogue that is read anew
_KEPT = (".parquet", ".npy", ".safetensors", ".csv")  # of what is compared; the rest names times
_TIMED = ("history.csv", "losses.csv")


@dataclass(frozen=True)
class Place:
    """A folder: `workspace`, `data` (a catalogue), `other` (another), `photos.zip`."""

    path: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.path / "workspace")

    @property
    def run(self) -> Run:
        return list_runs(self.workspace)[-1]

    def copy(self, to: Path) -> "Place":
        """Copy the whole place; the runs of the copy are about the data of the first one."""
        return Place(shutil.copytree(self.path, to))


def build_place(folder: Path, drawn: Path) -> None:
    """Train a run whose network starts from weights in a file, which draws nothing from outside."""
    with warnings.catch_warnings(action="ignore"):
        import timm
        import torch
        from safetensors.torch import save_file

    torch.manual_seed(0)
    save_file(timm.create_model(SETTINGS["arch"]).state_dict(), folder / "weights.safetensors")
    shutil.copytree(drawn, folder / "data")
    draw_catalogue(folder / "other", OTHER_SHOES, seed=1)
    with zipfile.ZipFile(folder / ZIP, "w") as archive:
        for file in sorted((folder / "data").rglob("*.jpg"))[:40]:
            archive.write(file, file.name)
    workspace = Workspace(folder / "workspace")
    run = create_run(workspace, _configure(folder), folder / "data")
    with warnings.catch_warnings(action="ignore"):
        worker.perform(run, lambda progress: work.train.train(run, workspace, progress))


def _configure(folder: Path, **settings: object) -> object:
    weights = {"weights": str(folder / "weights.safetensors")}
    return build_config("laptop", **(SETTINGS | weights | settings))


@dataclass(frozen=True)
class Kind:
    """`create` makes a queued job in a place; `find` returns the folder of what it leaves."""

    create: Callable[[Place], jobs.Job]
    find: Callable[[Place, jobs.Job], Path]
    needs_torch: bool = True


def _create(kind: str, **config: object) -> Callable[[Place], jobs.Job]:
    def create(place: Place) -> jobs.Job:
        about = {"run": str(place.run.path), "target": ""} | config
        return jobs.create(place.workspace.jobs_dir, kind, about)

    return create


def _read_other(place: Place) -> jobs.Job:
    config = {"data_dir": str(place.path / "other")}
    return jobs.create(place.workspace.jobs_dir, "build_store", config)


def _fetch(place: Place) -> jobs.Job:
    """The zips lie where they would be fetched to."""
    for folder in ("ut-zap50k-data", "ut-zap50k-images"):
        square = f"{folder}-square" if folder.endswith("images") else folder
        with zipfile.ZipFile(place.path / f"{square}.zip", "w") as archive:
            for file in sorted((place.path / "other" / folder).rglob("*")):
                archive.write(file, f"{square}/{file.relative_to(place.path / 'other' / folder)}")
    config = {"dest": str(place.path)}
    return jobs.create(place.workspace.jobs_dir, "download", config)


def _classify(place: Place) -> jobs.Job:
    config = {"run": str(place.run.path), "target": "gender", "name": ZIP, "prior": LEARNED}
    fill = lambda folder: shutil.copy(place.path / ZIP, folder / ZIP)  # noqa: E731
    return jobs.create(place.workspace.jobs_dir, "classify", config, fill=fill)


def _find_rate(place: Place) -> jobs.Job:
    config = _configure(place.path).to_json()
    facts = {"train": config, "data_dir": str(place.path / "data"), "phase": "unfrozen"}
    return jobs.create(place.workspace.jobs_dir, "lr_find", facts)


def _train(place: Place) -> jobs.Job:
    config = _configure(place.path, seed=3, unfrozen_epochs=6)
    return create_run(place.workspace, config, place.path / "data")


def _take_in(place: Place) -> jobs.Job:
    table = pd.read_parquet(place.run.path / "predictions.parquet")
    store = next(path for path in place.workspace.store_dir.iterdir() if path.name[0] != ".")
    paths = pd.read_parquet(store / "catalog.parquet").set_index("image_id")["image_path"]
    given = place.path / "given.csv"
    table.assign(path=table["image_id"].map(paths))[["path", "prediction"]].to_csv(
        given, index=False
    )
    origin = build_origin(given, True, (), 0, None)
    return create_import(place.workspace, place.path / "data", "gender", origin)


def _find_own(place: Place, job: jobs.Job) -> Path:
    return job.path


def _find_store(place: Place, job: jobs.Job) -> Path:
    result = job.path / "result.json"
    name = read_json(result)["catalogue_id"] if result.is_file() else "not-there-yet"
    return place.workspace.store_dir / name


def _find_known_store(place: Place, job: jobs.Job) -> Path:
    return place.workspace.store_dir / place.run.facts["catalogue_id"]


def _find_derived(name: str) -> Callable[[Place, jobs.Job], Path]:
    return lambda place, job: place.run.path / "derived" / name


KINDS = {
    "train": Kind(_train, _find_own),
    "lr_find": Kind(_find_rate, _find_own),
    "evaluate": Kind(_create("evaluate", data_dir=None), lambda place, job: place.run.path),
    "build_store": Kind(_read_other, _find_store, needs_torch=False),
    "download": Kind(_fetch, _find_store, needs_torch=False),
    "check_labels": Kind(_create("check_labels"), _find_known_store),
    "classify": Kind(_classify, _find_own, needs_torch=False),
    "map": Kind(_create("map"), _find_derived("map"), needs_torch=False),
    "describe": Kind(_create("describe"), _find_known_store),
    "cross_validate": Kind(_create("cross_validate", folds=2), _find_derived("cross-validation")),
    "recolor": Kind(_create("recolor"), _find_derived("recolor"), needs_torch=False),
    "trade": Kind(_create("trade", options=["hue-jitter"], seeds=2), _find_derived("trade")),
    "export": Kind(_create("export"), _find_derived("export")),
    "import": Kind(_take_in, _find_own, needs_torch=False),
    "report": Kind(_create("report"), _find_derived("report"), needs_torch=False),
}


def perform(
    job: jobs.Job, place: Place, watch: Callable[[jobs.Status], None] | None = None
) -> None:
    """Do a job in this process."""
    with warnings.catch_warnings(action="ignore"):
        work.perform(
            job if job.kind not in ("train", "import") else Run(job.path), place.workspace, watch
        )


def digest(folder: Path) -> dict[str, str]:
    """Digest the files of a folder that must be the same bits each time, by their names."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in _KEPT)
    shown = [path for path in files if not _is_aside(path.relative_to(folder))]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in shown
        if path.name not in _TIMED
    }


def _is_aside(path: Path) -> bool:
    return any(part.startswith(".") or part.endswith(".part") for part in path.parts)


def list_halves(folder: Path) -> list[str]:
    """List the files that go by their own name but are not whole."""
    halves = []
    for path in sorted(folder.rglob("*")):
        reader = _READERS.get(path.suffix)
        if reader and path.is_file() and not _is_aside(path.relative_to(folder)):
            try:
                reader(path)
            except Exception as error:
                halves.append(f"{path.relative_to(folder)} ({type(error).__name__})")
    return halves


_READERS = {
    ".parquet": pd.read_parquet,
    ".npy": lambda path: np.load(path, mmap_mode="r", allow_pickle=False),
    ".json": read_json,
    ".safetensors": load_file,
    ".onnx": lambda path: onnx.checker.check_model(str(path)),
    ".zip": lambda path: zipfile.ZipFile(path).testzip(),
}
assert set(KINDS) == set(work.WORK)
assert ANSWERS.endswith(".csv")
