"""Builds a pixel store: what another store holds already is copied, the rest decoded."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zapcls import schema
from zapcls.data import color, duplicates, pixels
from zapcls.data.catalog import IMAGE_UNREADABLE, Attribute, Catalogue, list_columns
from zapcls.errors import ZapError
from zapcls.progress import Progress
from zapcls.workspace.arrays import FilledArray
from zapcls.workspace.color_labels import carry_over
from zapcls.workspace.layout import replace_file, write_json
from zapcls.workspace.store import VERSION, Store, take_fingerprint

_COPY_ROWS = 1024


def build(store: Store, catalogue: Catalogue, known: Sequence[Store], progress: Progress) -> None:
    """Build the folder aside and rename it when it is whole; an interrupted one is continued.

    Raises:
        BadInput: no photo can be read.
        ZapError: the disk has no room.
    """
    started = time.perf_counter()
    table = catalogue.table.copy()
    files = [
        catalogue.image_root / path if size >= 0 else None
        for path, size in zip(table["image_path"], table["file_bytes"], strict=True)
    ]
    side = pixels.choose_side([file for file in files if file])
    aside = store.path.with_name(f".{store.path.name}.building")
    array = _open_pixels(aside, (len(table), side, side, 3))
    try:
        _copy_known(array, table, known, side, progress)
        todo = np.flatnonzero(~array.is_filled)
        # A photo that cannot be decoded stays unmarked, so a continued build tries it again.
        unreadable = pixels.decode_all(files, array.values, todo, array.mark, progress)
    finally:
        array.flush()
    table.loc[table.index[unreadable], "image_problem"] = IMAGE_UNREADABLE
    if not catalogue.group:
        progress("Looking for near-duplicates", 0, 0)
        table = _group(table, array.values)
    write_catalog(aside, table, catalogue.attributes)
    carry_over(aside, table, known)
    seconds = time.perf_counter() - started
    facts = _describe(catalogue) | {
        "version": VERSION,
        "side": side,
        "rows": len(table),
        "decoded": len(todo),
        "seconds": round(seconds, 2),
        "images_per_s": round(len(todo) / seconds, 1),
        "fingerprint": take_fingerprint(array.values, store.catalogue_id),
    }
    write_json(aside / "pixels.json", facts)
    array.drop_marks()
    _put_in_place(aside, store)


def _put_in_place(aside: Path, store: Store) -> None:
    """Rename a build; where it replaces a damaged store, what took work there goes along."""
    if store.path.is_dir():
        bring_back(store)
        store.path.rename(_find_damaged(store))
    aside.rename(store.path)
    bring_back(store)


def bring_back(store: Store) -> None:
    """Move what took work from the damaged folder that a store replaced, if there is one."""
    damaged = _find_damaged(store)
    for name in (store.color_labels_path.name, "checks", store.bodies_dir.name):
        if (damaged / name).exists():
            if name == store.color_labels_path.name:  # there are those of other stores, say
                (store.path / name).unlink(missing_ok=True)
            (damaged / name).rename(store.path / name)
    shutil.rmtree(damaged, ignore_errors=True)


def _find_damaged(store: Store) -> Path:
    return store.path.with_name(f".{store.path.name}.damaged")


def _group(table: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
    """Make near-duplicates one group, named after the first of them."""
    rows = np.flatnonzero(table["image_problem"] == "")
    ids = table["image_id"].to_numpy().copy()
    ids[rows] = ids[duplicates.find_groups(values, rows)]
    return table.assign(product_id=ids)


def _describe(catalogue: Catalogue) -> dict[str, Any]:
    return _describe_place(catalogue) | {
        "is_drawn": catalogue.is_drawn,
        "thing": catalogue.thing,
        "things": catalogue.things,
        "target": catalogue.target,
        "group": catalogue.group,
        "attributes": {attribute.name: attribute.kind for attribute in catalogue.attributes},
    }


def _describe_place(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "data_dir": str(catalogue.data_dir.resolve()),
        "image_root": str(catalogue.image_root.resolve()),
        "taken_for": catalogue.taken_for,
        "notes": list(catalogue.notes),
    }


def _open_pixels(aside: Path, shape: tuple[int, ...]) -> FilledArray:
    """Open the pixels of an interrupted build of the same catalogue, or new ones."""
    is_new = not aside.exists()
    try:
        return FilledArray(aside / "pixels.npy", shape, np.uint8)
    except ZapError:
        if is_new:  # there was no room
            shutil.rmtree(aside, ignore_errors=True)
        raise


def _copy_known(
    array: FilledArray,
    table: pd.DataFrame,
    known: Sequence[Store],
    side: int,
    progress: Progress,
) -> None:
    """Copy the photos that other stores of the workspace hold at the same size."""
    for other in known:
        if other.side != side:
            continue
        rows, theirs = _match_photos(table, other)
        is_new = ~array.is_filled[rows]
        rows, theirs = rows[is_new], theirs[is_new]
        for start in range(0, len(rows), _COPY_ROWS):
            progress("Copying known photos", start, len(rows))
            part = slice(start, start + _COPY_ROWS)
            array.fill(rows[part], other.pixels[theirs[part]])


def _match_photos(table: pd.DataFrame, other: Store) -> tuple[np.ndarray, np.ndarray]:
    """Match the readable photos of another store to rows of `table`: (rows, their rows)."""
    theirs = other.read_catalog()[["content", "image_problem"]]
    theirs = theirs[theirs["image_problem"] == ""].drop_duplicates("content")
    place = pd.Series(theirs.index, index=theirs["content"])
    found = table["content"].map(place)
    rows = np.flatnonzero(found.notna())
    return rows, found.to_numpy()[rows].astype(np.int64)


def take_over_place(store: Store, catalogue: Catalogue) -> None:
    """Write down where a catalogue lies now, where the same photos lay elsewhere before."""
    place = _describe_place(catalogue)
    if place.items() <= store.facts.items():
        return
    table = store.read_catalog().assign(image_path=catalogue.table["image_path"].to_numpy())
    write_catalog(store.path, table, catalogue.attributes)
    write_json(store.path / "pixels.json", {**store.facts, **place})


def write_catalog(folder: Path, table: pd.DataFrame, attributes: tuple[Attribute, ...]) -> None:
    """Write the catalogue's table, whole or not at all."""
    table = schema.conform(table, list_columns(attributes), "catalogue")
    replace_file(folder / "catalog.parquet", table.to_parquet())


def name_colors(store: Store, known: Sequence[Store], progress: Progress) -> None:
    """Name the color of each photo; those of the same photos in other stores are taken over.

    Raises:
        Stopped: a person asked to stop; nothing is kept.
    """
    table = store.read_catalog()
    is_known = np.zeros(len(table), bool)
    parts = []
    for other in known:
        if other.has_colors and other.side == store.side and other.path != store.path:
            rows, theirs = _match_photos(table, other)
            is_new = ~is_known[rows]
            parts.append(other.read_colors().iloc[theirs[is_new]].set_index(rows[is_new]))
            is_known[rows] = True
    todo = np.flatnonzero(~is_known)
    parts.append(color.describe_colors(store.pixels, progress, todo).set_index(todo))
    colors = pd.concat(parts).sort_index().assign(image_id=table["image_id"])
    colors = schema.conform(colors, schema.COLORS, "colors")
    replace_file(store.path / "colors.parquet", colors.to_parquet())
