"""What is learned from a store: its tasks, the labels of its rows, and their split."""

from pathlib import Path

import pandas as pd

from zapcls.config import TrainConfig
from zapcls.data import labels
from zapcls.data.split import build_split, name_split
from zapcls.data.task import DEFAULT_TASK, Task
from zapcls.schema import GIVEN_SPLIT
from zapcls.workspace.layout import replace_file
from zapcls.workspace.store import Store
from zapcls.workspace.tables import looks_whole, read_parquet

# Of a labelled catalogue, what a split is made of; with many labels the rest would fill the memory.
_SPLIT_NEEDS = [
    "image_id", "product_id", "target", "label", "kept", "drop_reason", GIVEN_SPLIT,
]  # fmt: skip


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
