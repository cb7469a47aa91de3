"""Builds a pixel store: what is there already is kept, the rest decoded."""

import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zapcls import schema
from zapcls.data import clean, color, pixels
from zapcls.data.catalog import Catalogue
from zapcls.errors import ZapError
from zapcls.progress import Progress
from zapcls.workspace.arrays import FilledArray
from zapcls.workspace.layout import write_json

if TYPE_CHECKING:
    from zapcls.workspace.store import Store

# A photo is the same as long as these are; its labels may change.
_SAME_PHOTO = ["image_id", "file_bytes", "file_mtime_ns"]
COLOR_LABELS = "color_labels.csv"
_FINGERPRINT_ROWS = 64
_COPY_ROWS = 1024


def find_changed(store: "Store", table: pd.DataFrame) -> np.ndarray:
    """Find the rows whose file was written again since the store was built: bool, (rows,).

    `table` is the catalogue as it is now; files of another size make another store.
    """
    known = store.read_catalog()
    if "file_mtime_ns" not in known:  # of a version that did not write it down
        return np.ones(len(table), dtype=bool)
    return (known["file_mtime_ns"] != table["file_mtime_ns"]).to_numpy()


def build_pixels(
    store: "Store", catalogue: Catalogue, known: Sequence["Store"], progress: Progress
) -> None:
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
    aside, array = _open_aside(store, table, side)
    try:
        _copy_known(array, table, known, side, progress)
        todo = np.flatnonzero(~array.is_filled)
        # A photo that cannot be decoded stays unmarked, so a continued build tries it again.
        unreadable = pixels.decode_all(files, array.values, todo, array.mark, progress)
    finally:
        array.flush()
    table.loc[table.index[unreadable], "image_problem"] = clean.IMAGE_UNREADABLE
    write_catalog(aside, table)
    seconds = time.perf_counter() - started
    facts = {
        "data_dir": str(catalogue.data_dir.resolve()),
        "image_root": str(catalogue.image_root.resolve()),
        "is_drawn": catalogue.is_drawn,
        "side": side,
        "rows": len(table),
        "decoded": len(todo),
        "seconds": round(seconds, 2),
        "images_per_s": round(len(todo) / seconds, 1),
        "fingerprint": _fingerprint(array.values, store.catalogue_id),
    }
    write_json(aside / "pixels.json", facts)
    array.drop_marks()
    (aside / "photos.parquet").unlink()
    _replace_folder(aside, store.path)


def _replace_folder(aside: Path, path: Path) -> None:
    """Put `aside` in the place of the store before its files were written again, if any."""
    before = path.with_name(f".{path.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if path.exists():
        path.rename(before)
        labels = before / COLOR_LABELS  # a person's work, not computed from the photos
        if labels.is_file():
            shutil.copy2(labels, aside)
    aside.rename(path)
    shutil.rmtree(before, ignore_errors=True)


def _open_aside(store: "Store", table: pd.DataFrame, side: int) -> tuple[Path, FilledArray]:
    """Open the folder of an interrupted build of these very files, or a new one."""
    aside = store.path.with_name(f".{store.path.name}.building")
    photos = table[_SAME_PHOTO]
    try:
        is_same = pd.read_parquet(aside / "photos.parquet").equals(photos)
    except (OSError, ValueError):
        is_same = False
    if not is_same:
        shutil.rmtree(aside, ignore_errors=True)
    try:
        array = FilledArray(aside / "pixels.npy", (len(table), side, side, 3), np.uint8)
    except ZapError:
        if not is_same:  # there was no room for a new one
            shutil.rmtree(aside, ignore_errors=True)
        raise
    if not is_same:
        photos.to_parquet(aside / "photos.parquet")
    return aside, array


def _copy_known(
    array: FilledArray,
    table: pd.DataFrame,
    known: Sequence["Store"],
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


def _match_photos(table: pd.DataFrame, other: "Store") -> tuple[np.ndarray, np.ndarray]:
    """Match the readable photos of another store to rows of `table`: (rows, their rows)."""
    theirs = other.read_catalog()
    theirs = theirs.loc[theirs["image_problem"] == "", _SAME_PHOTO]
    theirs = theirs.assign(their_row=theirs.index)
    mine = table[_SAME_PHOTO].assign(row=np.arange(len(table)))
    both = mine.merge(theirs, on=_SAME_PHOTO, validate="one_to_one").sort_values("row")
    return both["row"].to_numpy(), both["their_row"].to_numpy()


def take_fingerprint(store: "Store") -> str:
    """A digest of evenly spread photos and the catalogue's id: cheap, and of no other store."""
    return _fingerprint(store.pixels, store.catalogue_id)


def _fingerprint(values: np.ndarray, catalogue_id: str) -> str:
    rows = np.linspace(0, len(values) - 1, min(_FINGERPRINT_ROWS, len(values))).astype(int)
    digest = hashlib.blake2b(catalogue_id.encode(), digest_size=16)
    digest.update(np.ascontiguousarray(values[rows]).data)
    return digest.hexdigest()


def refresh(store: "Store", catalogue: Catalogue) -> None:
    """Take over the labels and the place of a catalogue whose pictures are the same."""
    known = store.read_catalog()
    table = catalogue.table.copy()
    unreadable = known["image_problem"] == clean.IMAGE_UNREADABLE
    table.loc[unreadable.to_numpy(), "image_problem"] = clean.IMAGE_UNREADABLE
    if not clean.label_rows(table).equals(known):
        write_catalog(store.path, table)
    place = {
        "data_dir": str(catalogue.data_dir.resolve()),
        "image_root": str(catalogue.image_root.resolve()),
    }
    if place.items() - store.facts.items():
        write_json(store.path / "pixels.json", {**store.facts, **place})


def write_catalog(folder: Path, table: pd.DataFrame) -> None:
    """Write the catalogue's table, labelled for the default target, whole or not at all."""
    table = schema.conform(clean.label_rows(table), schema.CATALOG, "catalogue")
    table.to_parquet(folder / ".catalog.parquet")
    (folder / ".catalog.parquet").replace(folder / "catalog.parquet")


def name_colors(store: "Store", known: Sequence["Store"], progress: Progress) -> None:
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
    aside = store.path / ".colors.parquet"
    schema.conform(colors, schema.COLORS, "colors").to_parquet(aside)
    aside.replace(store.path / "colors.parquet")
