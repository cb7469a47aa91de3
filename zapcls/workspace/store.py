"""The pixel store: every photo of a catalogue decoded once, with its table and colors."""

import dataclasses
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from zapcls.data import clean
from zapcls.data.catalog import Catalogue
from zapcls.data.split import build_split, name_split
from zapcls.errors import RunBusy, ZapError
from zapcls.progress import Progress, silent
from zapcls.workspace import store_build
from zapcls.workspace.layout import Workspace, read_json


@dataclass(frozen=True)
class Store:
    """A finished store. Row i of `pixels` is row i of `catalog`; a row without photo is white."""

    path: Path

    @property
    def catalogue_id(self) -> str:
        return self.path.name

    @cached_property
    def facts(self) -> dict:
        """`data_dir, image_root, is_drawn, side` (px), `rows, seconds, images_per_s, fingerprint`.

        `seconds` and `images_per_s` are of the last build, which decoded `decoded` photos.
        """
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

    @property
    def bodies_dir(self) -> Path:
        """Where the features of frozen bodies are kept."""
        return self.path / "bodies"

    @property
    def has_colors(self) -> bool:
        """Whether the colors are named; a training leaves that for its end."""
        return (self.path / "colors.parquet").is_file()

    def read_catalog(self) -> pd.DataFrame:
        """Read the table (`schema.CATALOG`), cleaned for the default target."""
        return pd.read_parquet(self.path / "catalog.parquet")

    def read_colors(self) -> pd.DataFrame:
        """Read each photo's color (`schema.COLORS`), a row for each of the catalogue's.

        Raises:
            ZapError: they are not named yet.
        """
        if not self.has_colors:
            raise ZapError(
                f"The colors of the photos in {self.facts['data_dir']} are not named yet. "
                "Open that folder on the Data page to name them."
            )
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


def open_store(
    workspace: Workspace,
    catalogue: Catalogue,
    progress: Progress = silent,
    with_colors: bool = True,
) -> Store:
    """Open the catalogue's store, building it first when there is none.

    A build that was interrupted goes on where it ended, and photos that another store of this
    workspace holds are copied from there: only what is new or has changed is decoded. Colors
    can be left for later, as a training does not need them.

    Raises:
        BadInput: no photo can be read.
        RunBusy: another process is building the same store.
        ZapError: the disk has no room for it, or its pixel file is damaged.
    """
    store = Store(workspace.store_dir / catalogue.catalogue_id)
    workspace.store_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(workspace.store_dir / f".{store.catalogue_id}.lock", timeout=1):
            if not store.path.is_dir() or store_build.find_changed(store, catalogue.table).any():
                store_build.build_pixels(store, catalogue, _list_whole(workspace), progress)
            store_build.refresh(store, catalogue)
            _check(store)
            if with_colors and not store.has_colors:
                store_build.name_colors(store, _list_whole(workspace), progress)
    except Timeout:
        raise RunBusy(
            f"One process builds a store at a time, and another is building "
            f"{store.catalogue_id}. Wait until it is done."
        ) from None
    return _check(store)


def name_colors(workspace: Workspace, store: Store, progress: Progress = silent) -> None:
    """Name the colors of a store that was opened without them; nothing is done where they are.

    A job that is at work on the same store is waited for, as what this ends may have taken hours.

    Raises:
        Stopped: a person asked to stop.
    """
    lock = FileLock(workspace.store_dir / f".{store.catalogue_id}.lock")
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            progress("Waiting for another job that reads the photos", 0, 0)
    try:
        if not store.has_colors:
            store_build.name_colors(store, _list_whole(workspace), progress)
    finally:
        lock.release()


def _list_whole(workspace: Workspace) -> list[Store]:
    """List the stores that photos may be copied from."""
    return [store for store in list_stores(workspace) if _is_whole(store)]


def _check(store: Store) -> Store:
    """Open the store anew and check that its pixel file is whole and its own."""
    store = dataclasses.replace(store)
    if not _is_whole(store):
        raise ZapError(
            f"{store.path / 'pixels.npy'} must hold {store.facts['rows']:,} photos of "
            f"{store.side} px, but is damaged or of another catalogue. Delete that folder; it is "
            "built again at the next start."
        )
    return store


def _is_whole(store: Store) -> bool:
    try:
        shape = (store.facts["rows"], store.side, store.side, 3)
        return (
            store.pixels.shape == shape
            and store_build.take_fingerprint(store) == store.facts["fingerprint"]
        )
    except (OSError, ValueError, EOFError, KeyError, ZapError):
        return False


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
