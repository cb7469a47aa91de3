"""The pixel store: every photo of a catalogue decoded once, with its table and colors."""

import dataclasses
import os
import shutil
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from zapcls import schema
from zapcls.data import clean, color, pixels
from zapcls.data.catalog import Catalogue
from zapcls.data.split import build_split, name_split
from zapcls.errors import RunBusy, ZapError
from zapcls.progress import Progress, silent
from zapcls.workspace.layout import Workspace, read_json, write_json


@dataclass(frozen=True)
class Store:
    """A finished store. Row i of `pixels` is row i of `catalog`; a row without photo is white."""

    path: Path

    @property
    def catalogue_id(self) -> str:
        return self.path.name

    @cached_property
    def facts(self) -> dict:
        """`data_dir, image_root, is_drawn, side` (px), `rows, seconds, images_per_s`."""
        return read_json(self.path / "pixels.json")

    @property
    def side(self) -> int:
        return self.facts["side"]

    @property
    def is_drawn(self) -> bool:
        return self.facts["is_drawn"]

    @cached_property
    def pixels(self) -> np.ndarray:
        """A memory map, uint8, (rows, side, side, 3), RGB."""
        return np.load(self.path / "pixels.npy", mmap_mode="r")

    def read_catalog(self) -> pd.DataFrame:
        """Read the table (`schema.CATALOG`), cleaned for the default target."""
        return pd.read_parquet(self.path / "catalog.parquet")

    def read_colors(self) -> pd.DataFrame:
        """Read each photo's color (`schema.COLORS`), a row for each of the catalogue's."""
        return pd.read_parquet(self.path / "colors.parquet")

    def find_image(self, image_path: str) -> Path:
        """The file behind a row of the catalogue, below the folder it was read from."""
        return Path(self.facts["image_root"]) / image_path


def list_stores(workspace: Workspace) -> list[Store]:
    """List the finished stores, the newest first."""
    if not workspace.store_dir.is_dir():
        return []
    facts = workspace.store_dir.glob("*/pixels.json")
    newest = sorted(facts, key=lambda path: path.stat().st_mtime, reverse=True)
    return [Store(path.parent) for path in newest if not path.parent.name.startswith(".")]


def find_store_of(workspace: Workspace, data_dir: Path) -> Store | None:
    """Find the newest store that was built from a data folder, None when there is none yet."""
    place = str(data_dir.expanduser().resolve())
    stores = list_stores(workspace)
    return next((store for store in stores if store.facts["data_dir"] == place), None)


def find_store(workspace: Workspace, catalogue_id: str) -> Store:
    """Open a store by its id.

    Raises:
        ZapError: there is none in this workspace, or its pixel file is damaged.
    """
    for store in list_stores(workspace):
        if store.catalogue_id == catalogue_id:
            return _check(store)
    raise ZapError(
        f"The pixel store {catalogue_id} is not in {workspace.path}. "
        "Open its data folder on the Data page to build it again."
    )


def open_store(workspace: Workspace, catalogue: Catalogue, progress: Progress = silent) -> Store:
    """Open the catalogue's store, building it first when there is none.

    It is built aside and renamed when whole, so an interrupted build leaves nothing that
    looks finished. The catalogue's table is rewritten when its labels have changed.

    Raises:
        BadInput: no photo can be read.
        RunBusy: another process is building the same store.
    """
    store = Store(workspace.store_dir / catalogue.catalogue_id)
    workspace.store_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(workspace.store_dir / f".{store.catalogue_id}.lock", timeout=1):
            if not store.path.is_dir():
                _build(store, catalogue, progress)
            _refresh(store, catalogue)
    except Timeout:
        raise RunBusy(
            f"One process builds a store at a time, and another is building "
            f"{store.catalogue_id}. Wait until it is done."
        ) from None
    return _check(store)


def _build(store: Store, catalogue: Catalogue, progress: Progress) -> None:
    aside = store.path.with_name(f".{store.path.name}.building")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    started = time.perf_counter()
    table = catalogue.table.copy()
    files = [
        catalogue.image_root / path if size >= 0 else None
        for path, size in zip(table["image_path"], table["file_bytes"], strict=True)
    ]
    side = pixels.choose_side([file for file in files if file])
    array = np.lib.format.open_memmap(
        aside / "pixels.npy", "w+", dtype=np.uint8, shape=(len(table), side, side, 3)
    )
    unreadable = pixels.decode_all(files, array, progress)
    array.flush()
    seconds = time.perf_counter() - started
    table.loc[table.index[unreadable], "image_problem"] = clean.IMAGE_UNREADABLE
    _write_catalog(aside, table)
    colors = color.describe_colors(array, progress)
    colors.insert(0, "image_id", table["image_id"].to_numpy())
    schema.conform(colors, schema.COLORS, "colors").to_parquet(aside / "colors.parquet")
    facts = {
        "data_dir": str(catalogue.data_dir.resolve()),
        "image_root": str(catalogue.image_root.resolve()),
        "is_drawn": catalogue.is_drawn,
        "side": side,
        "rows": len(table),
        "seconds": round(seconds, 2),
        "images_per_s": round(len(table) / seconds, 1),
    }
    write_json(aside / "pixels.json", facts)
    aside.rename(store.path)


def _refresh(store: Store, catalogue: Catalogue) -> None:
    """Take over the labels and the place of a catalogue whose pictures are the same."""
    known = store.read_catalog()
    table = catalogue.table.copy()
    unreadable = known["image_problem"] == clean.IMAGE_UNREADABLE
    table.loc[unreadable.to_numpy(), "image_problem"] = clean.IMAGE_UNREADABLE
    if not clean.label_rows(table).equals(known):
        _write_catalog(store.path, table)
    place = {
        "data_dir": str(catalogue.data_dir.resolve()),
        "image_root": str(catalogue.image_root.resolve()),
    }
    if place.items() - store.facts.items():
        write_json(store.path / "pixels.json", {**store.facts, **place})


def _write_catalog(folder: Path, table: pd.DataFrame) -> None:
    table = schema.conform(clean.label_rows(table), schema.CATALOG, "catalogue")
    table.to_parquet(folder / ".catalog.parquet")
    (folder / ".catalog.parquet").replace(folder / "catalog.parquet")


def _check(store: Store) -> Store:
    """Open the store anew and check that its pixel file is whole."""
    store = dataclasses.replace(store)
    shape = (store.facts["rows"], store.side, store.side, 3)
    try:
        is_whole = store.pixels.shape == shape
    except (OSError, ValueError, EOFError):
        is_whole = False
    if not is_whole:
        raise ZapError(
            f"{store.path / 'pixels.npy'} must hold {shape[0]:,} photos of {store.side} px, but "
            "is damaged. Delete that folder; it is built again at the next start."
        )
    return store


def read_split(
    store: Store, target: str, classes: tuple[str, ...], mode: str, seed: int
) -> pd.DataFrame:
    """Read a split of the store's rows (`schema.SPLIT`), made and kept at its first use.

    A split of labels that have changed since is made anew.

    Raises:
        BadInput: the rows that cleaning keeps cannot be trained on.
    """
    table = clean.label_rows(store.read_catalog(), target, classes)
    clean.check_trainable(table, classes)
    path = store.path / "splits" / f"{name_split(target, classes, mode, seed)}.parquet"
    if path.is_file():
        known = pd.read_parquet(path)
        if known["label"].equals(table["label"]):
            return known
    split = build_split(table, mode, seed)
    path.parent.mkdir(exist_ok=True)
    aside = path.with_name(f".{path.name}-{os.getpid()}")  # two runs may make it at once
    split.to_parquet(aside)
    aside.replace(path)
    return split
