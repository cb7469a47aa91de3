"""The pixel store: every photo of a catalogue decoded once, with its table and colors."""

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from zapcls.config import DEFAULT_TARGET, TrainConfig
from zapcls.data import labels
from zapcls.data.catalog import Attribute
from zapcls.data.split import build_split, name_split
from zapcls.data.task import DEFAULT_TASK, Task
from zapcls.errors import Damaged, ZapError
from zapcls.schema import GIVEN_SPLIT
from zapcls.workspace.contents import recall_store
from zapcls.workspace.layout import Workspace, read_json, replace_file
from zapcls.workspace.tables import looks_whole, read_array, read_facts, read_parquet

VERSION = 2  # of what a store's folder holds
_FINGERPRINT_ROWS = 64
# Of a labelled catalogue, what a split is made of; with many labels the rest would fill the memory.
_SPLIT_NEEDS = [
    "image_id", "product_id", "target", "label", "kept", "drop_reason", GIVEN_SPLIT,
]  # fmt: skip


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
            "data folder on the Data page to build it anew, and train its runs again."
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


def build_task(store: Store, config: TrainConfig) -> Task:
    """Build the task that a config asks of a catalogue, all of its classes named.

    Raises:
        BadInput: the catalogue has no such column, or too few classes in it.
    """
    return labels.resolve(store.read_catalog(), _ask(store, config))


def default_task(store: Store) -> Task:
    """Build the task of what a catalogue is learned for where nothing is named.

    Raises:
        BadInput: too few classes have enough photos.
    """
    return build_task(store, TrainConfig(target=store.target))


def label_catalog(store: Store, config: TrainConfig) -> pd.DataFrame:
    """Label the rows of a catalogue as a config asks (`labels.label_rows`).

    Raises:
        BadInput: the catalogue has no such column.
    """
    return labels.label_rows(store.read_catalog(), _ask(store, config))


def build_tasks(store: Store, config: TrainConfig) -> tuple[Task, ...]:
    """Build the task of each target that a config asks for, or of each label of these columns.

    Raises:
        BadInput: as `build_task`, or as `labels.list_labels`.
    """
    catalog = store.read_catalog()
    return tuple(labels.resolve(catalog, asked) for asked in _ask_all(store, config, catalog))


def _ask_all(store: Store, config: TrainConfig, catalog: pd.DataFrame) -> list[Task]:
    """Ask for each target, or for each label of these columns."""
    columns = [_ask(store, config.about(target)) for target in config.targets]
    if config.cells == "drop":
        return columns
    return [label for column in columns for label in labels.list_labels(catalog, column)]


def _ask(store: Store, config: TrainConfig) -> Task:
    thing, classes = store.facts["thing"], config.classes
    if thing != DEFAULT_TASK.thing and classes == DEFAULT_TASK.classes:
        classes = ()  # UT Zappos' own; another catalogue's genders are all learned
    other = "other" if config.rare == "other" and not classes else ""
    return Task(config.target, classes, thing, store.facts["things"], other)


def read_split(store: Store, config: TrainConfig) -> pd.DataFrame:
    """Read the split that a config asks for (`schema.SPLIT`), made and kept at its first use.

    Its rows are those of the catalogue, for each target in turn.

    Raises:
        BadInput: the rows that have a label cannot be trained on.
    """
    catalog, tables = store.read_catalog(), []
    for asked in _ask_all(store, config, catalog):
        tables.append(labels.label_rows(catalog, asked).filter(_SPLIT_NEEDS))
        labels.check_trainable(tables[-1], labels.resolve(catalog, asked).classes)
    ways = [way for way in (config.rare, config.cells) if way != "drop"]
    name = name_split(config.target, config.classes, config.split, config.seed, ways)
    path = store.path / "splits" / f"{name}.parquet"
    if looks_whole(path):
        return read_split_file(path, config.target, "Delete the file; it is made again.")
    split = build_split(pd.concat(tables, ignore_index=True), config.split, config.seed)
    replace_file(path, split.to_parquet())  # two runs may make it at once
    return split


def read_split_file(path: Path, target: str, remedy: str) -> pd.DataFrame:
    """Read a split (`schema.SPLIT`); an older one, of one target, does not name it.

    Raises:
        ZapError: the file is damaged; `remedy` says what to do.
    """
    split = read_parquet(path, remedy)
    return split if "target" in split else split.assign(target=target)
