"""The pixel store: every photo of a catalogue decoded once, with its table and colors."""

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from zapcls.config import DEFAULT_TARGET
from zapcls.data.catalog import Attribute
from zapcls.errors import Damaged, ZapError
from zapcls.workspace.contents import recall_store
from zapcls.workspace.layout import Workspace, read_json
from zapcls.workspace.tables import looks_whole, read_array, read_facts, read_parquet

VERSION = 2  # of what a store's folder holds
_FINGERPRINT_ROWS = 64


@dataclass(frozen=True)
class Store:
    """A finished store. Row i of `pixels` is row i of `catalog`; a row without photo is white."""

    path: Path

    @property
    def catalogue_id(self) -> str:
        return self.path.name

    @cached_property
    def facts(self) -> dict:
        """`pixels.json`: `version, data_dir, image_root, taken_for, notes, is_drawn, thing, things,
        target, group, attributes` (name: kind), `side` (px), `rows, decoded, seconds, images_per_s,
        fingerprint`.

        `data_dir` is where the photos were last opened; `seconds` and `images_per_s` are of the
        build, which decoded `decoded` photos.
        """
        return read_json(self.path / "pixels.json")

    @property
    def remedy(self) -> str:
        """What to do where a file of it is damaged."""
        return (
            "Open its data folder on the Data page (or with the command catalog): the photos are "
            "read again, and what people decided stays."
        )

    @property
    def side(self) -> int:
        return self.facts["side"]

    @property
    def is_drawn(self) -> bool:
        return self.facts["is_drawn"]

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The columns of the table that its source declared."""
        return tuple(Attribute(name, kind) for name, kind in self.facts["attributes"].items())

    @property
    def target(self) -> str:
        """The column that is learned where none is named."""
        return self.facts.get("target", DEFAULT_TARGET)  # an older version's are UT Zappos

    @property
    def group(self) -> str:
        """What a split keeps together, as a column is called; "" for near-duplicates."""
        return self.facts.get("group", "product_id")

    @cached_property
    def pixels(self) -> np.ndarray:
        """A memory map, uint8, (rows, side, side, 3), RGB."""
        return read_array(self.path / "pixels.npy", self.remedy, is_mapped=True)

    @property
    def bodies_dir(self) -> Path:
        """Where the features of frozen bodies are kept."""
        return self.path / "bodies"

    @property
    def color_labels_path(self) -> Path:
        """What a person called the colors; the file may be absent."""
        return self.path / "color_labels.csv"

    @property
    def has_colors(self) -> bool:
        """Whether the colors are named; a training leaves that for its end.

        Where their file is cut short they are not, and are named anew.
        """
        return looks_whole(self.path / "colors.parquet")

    def read_catalog(self) -> pd.DataFrame:
        """Read the facts of each photo (`schema.CATALOG`) and its attributes."""
        return read_parquet(self.path / "catalog.parquet", self.remedy)

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
        path = self.path / "colors.parquet"
        return read_parquet(path, f"Delete the file and open {self.facts['data_dir']} again.")

    def find_image(self, image_path: str) -> Path:
        """The file behind a row of the catalogue, below the folder it was read from."""
        return Path(self.facts["image_root"]) / image_path


def list_stores(workspace: Workspace) -> list[Store]:
    """List the finished stores of this version, the newest first."""
    if not workspace.store_dir.is_dir():
        return []
    facts = workspace.store_dir.glob("*/pixels.json")
    newest = sorted(facts, key=lambda path: path.stat().st_mtime, reverse=True)
    stores = [Store(path.parent) for path in newest if not path.parent.name.startswith(".")]
    return [store for store in stores if _is_current(store)]


def _is_current(store: Store) -> bool:
    return read_facts(store.path / "pixels.json").get("version") == VERSION


def find_store_of(workspace: Workspace, data_dir: Path) -> Store | None:
    """Find the store that a data folder was last opened as, None when there is none whole."""
    stores, catalogue_id = list_stores(workspace), recall_store(workspace, data_dir)
    place = str(data_dir.expanduser().resolve())
    found = next(
        (store for store in stores if store.catalogue_id == catalogue_id),
        next((store for store in stores if store.facts["data_dir"] == place), None),
    )
    return found if found and has_all(found) else None


def name_catalogue(workspace: Workspace, catalogue_id: str) -> str:
    """Name a catalogue by its folder; by its id where its store is gone."""
    known = (store for store in list_stores(workspace) if store.catalogue_id == catalogue_id)
    return next((Path(store.facts["data_dir"]).name for store in known), catalogue_id)


def find_store(workspace: Workspace, catalogue_id: str) -> Store:
    """Open a store by its id.

    Raises:
        ZapError: there is none in this workspace, an older version wrote it, or its pixel file
            is damaged.
    """
    store = Store(workspace.store_dir / catalogue_id)
    if not (store.path / "pixels.json").is_file():
        raise ZapError(
            f"The pixel store {catalogue_id} is not in {workspace.path}. "
            "Open its data folder on the Data page to build it again."
        )
    if not read_facts(store.path / "pixels.json"):
        raise Damaged(f"{store.path / 'pixels.json'} is damaged or cut short. {store.remedy}")
    if not _is_current(store):
        raise ZapError(
            f"The pixel store {catalogue_id} was written by an older version of zapcls. Open its "
            "data folder on the Data page to build it again, and train its runs again."
        )
    return check_whole(store)


def check_whole(store: Store) -> Store:
    """Open the store anew and check that its pixel file is whole and its own.

    Raises:
        ZapError: it is damaged.
    """
    store = dataclasses.replace(store)
    if not is_whole(store):
        raise ZapError(
            f"{store.path} must hold {store.facts['rows']:,} photos of {store.side} px and their "
            f"table, but is damaged or of another catalogue. {store.remedy}"
        )
    return store


def is_whole(store: Store) -> bool:
    """Whether nothing is cut, and the pixels have the shape and fingerprint of the facts."""
    if not has_all(store):
        return False
    try:
        shape = (store.facts["rows"], store.side, store.side, 3)
        fingerprint = take_fingerprint(store.pixels, store.catalogue_id)
        return store.pixels.shape == shape and fingerprint == store.facts["fingerprint"]
    except (OSError, ValueError, EOFError, KeyError, ZapError):
        return False


def has_all(store: Store) -> bool:
    """Whether its facts, its table and its pixels are there, none of them cut short."""
    files = (store.path / "catalog.parquet", store.path / "pixels.npy")
    return bool(read_facts(store.path / "pixels.json")) and all(map(looks_whole, files))


def take_fingerprint(pixels: np.ndarray, catalogue_id: str) -> str:
    """Digest evenly spread photos and the catalogue's id: cheap, and of no other store."""
    rows = np.linspace(0, len(pixels) - 1, min(_FINGERPRINT_ROWS, len(pixels))).astype(int)
    digest = hashlib.blake2b(catalogue_id.encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels[rows]).data)
    return digest.hexdigest()
