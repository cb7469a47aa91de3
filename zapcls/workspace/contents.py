"""What the photos of a data folder hold: a hash of each file, read again only once it changed.

`store/.folders/<hash of the path>/` keeps the hashes of one folder or table, which store is its
own, and what a person set its columns to.
"""

import contextlib
import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from zapcls import schema
from zapcls.data.catalog import Catalogue
from zapcls.data.sources.columns import Columns, read_columns
from zapcls.progress import Progress
from zapcls.workspace.layout import Workspace, replace_file, write_json
from zapcls.workspace.tables import read_facts

_FILE = ["image_path", *schema.FILES]  # a file is as it was as long as these are
_CHUNK = 256  # files between two looks at the stop sign


def read_contents(workspace: Workspace, catalogue: Catalogue, progress: Progress) -> Catalogue:
    """Return the catalogue with the content of each photo; it then has an id.

    Raises:
        Stopped: a person asked to stop; what was read is kept.
    """
    table = catalogue.table
    folder = _find_folder(workspace, catalogue.data_dir)
    known = _read_known(folder / "contents.parquet")
    content = table[_FILE].merge(known, on=_FILE, how="left")["content"].fillna("").tolist()
    todo = [row for row, size in enumerate(table["file_bytes"]) if size >= 0 and not content[row]]
    files = [catalogue.image_root / table["image_path"].iloc[row] for row in todo]
    try:
        with ThreadPoolExecutor() as pool:
            for start in range(0, len(todo), _CHUNK):
                progress("Looking at the photos", start, len(todo))
                part = slice(start, start + _CHUNK)
                for row, found in zip(todo[part], pool.map(_hash_file, files[part]), strict=True):
                    content[row] = found
    finally:
        table = table.assign(content=pd.Series(content, index=table.index, dtype="str"))
        if todo:
            _write_known(folder, table)
    return dataclasses.replace(catalogue, table=table)


def remember_store(workspace: Workspace, data_dir: Path, catalogue_id: str) -> None:
    """Remember which store a data folder was opened as last."""
    facts = {"data_dir": str(data_dir.resolve()), "catalogue_id": catalogue_id}
    path = _find_folder(workspace, data_dir) / "store.json"
    if read_facts(path) != facts:
        write_json(path, facts)


def recall_store(workspace: Workspace, data_dir: Path) -> str:
    """Return the id of the store that a data folder was opened as last; "" before that."""
    path = _find_folder(workspace, data_dir) / "store.json"
    return read_facts(path).get("catalogue_id", "")


def write_columns(workspace: Workspace, data_dir: Path, columns: Columns) -> None:
    """Keep what a person set the columns of a table to; it holds wherever the table is opened."""
    write_json(_find_folder(workspace, data_dir) / "columns.json", columns.to_json())


def recall_columns(workspace: Workspace, data_dir: Path) -> Columns | None:
    """Return what the columns of a table were set to; None where nothing was."""
    known = read_facts(_find_folder(workspace, data_dir) / "columns.json")
    return read_columns(known) if known else None


def _find_folder(workspace: Workspace, data_dir: Path) -> Path:
    place = str(data_dir.expanduser().resolve())
    return workspace.store_dir / ".folders" / hashlib.sha256(place.encode()).hexdigest()[:12]


def _read_known(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path).drop_duplicates(_FILE)
    except (OSError, ValueError):  # not there yet, or damaged: the photos are read again
        columns = {"image_path": "str", **schema.FILES, "content": "str"}
        return pd.DataFrame(columns=list(columns)).astype(columns)


def _write_known(folder: Path, table: pd.DataFrame) -> None:
    known = table.loc[table["content"] != "", [*_FILE, "content"]]
    with contextlib.suppress(OSError):  # without it the photos are read again: no room, say
        replace_file(folder / "contents.parquet", known.to_parquet(index=False))


def _hash_file(file: Path) -> str:
    try:
        if file.is_file():  # reading a pipe would never end
            return hashlib.blake2b(file.read_bytes(), digest_size=12).hexdigest()
    except OSError:  # it may not be read, or is gone since
        pass
    return ""
