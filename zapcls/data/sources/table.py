"""Reads a table of photos: a CSV, TSV or Parquet file with paths, labels and attributes."""

import csv
import os
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from zapcls import schema
from zapcls.config import name_column
from zapcls.data.catalog import ONE, SEVERAL, Attribute, Catalogue, build_catalogue, count_values
from zapcls.data.sources import columns as table_columns
from zapcls.data.sources import folders, given_split, photo_files
from zapcls.data.sources.columns import Columns
from zapcls.errors import BadInput

SUFFIXES = (".csv", ".tsv", ".parquet")
_DELIMITERS = ",;\t|"


def recognizes(place: Path) -> bool:
    """Whether it is a table, or a folder with one table and no class folders."""
    if place.is_file():
        return place.suffix.lower() in SUFFIXES
    return place.is_dir() and len(_list_tables(place)) == 1 and len(folders.list_classes(place)) < 2


def read(place: Path, asked: Columns | None = None) -> Catalogue:
    """Read a table and find each photo that it lists; no photo is opened.

    Raises:
        BadInput: the table cannot be read, has too many rows, lacks a column, or lists a photo
            twice under two labels or outside the root; none of the photos is there.
    """
    file = find_table(place)
    frame = read_frame(file)
    columns = table_columns.resolve(frame, asked or Columns(), file)
    root = find_root(file, columns)
    names, left = table_columns.list_attributes(frame, columns)
    target = next(iter(names.values()))
    notes = [
        f"Left out: column {name}, which has a single value or nearly one per row." for name in left
    ]
    table = frame.rename(columns=names)[list(dict.fromkeys(names.values()))]
    table["image_path"] = _place_paths(frame[columns.path], root, file)
    table["group"] = frame[columns.group] if columns.group else ""
    table[schema.GIVEN_SPLIT] = _name_split(frame, columns)
    table = _drop_repeated(table, target, file, notes)
    table = _look_at_photos(table, root, file)
    kinds = {name: _choose_kind(table[name]) for name in names.values()}
    if table[schema.GIVEN_SPLIT].any():
        kinds[schema.GIVEN_SPLIT] = ONE
    return build_catalogue(
        place, root, table, [Attribute(*kind) for kind in kinds.items()], target,
        _describe(file, table, columns, target), columns.group or "", tuple(notes),
    )  # fmt: skip


def find_table(place: Path) -> Path:
    """Find the table of a place that `recognizes` a table."""
    return place if place.is_file() else _list_tables(place)[0]


def find_root(file: Path, columns: Columns) -> Path:
    """Find the folder that the paths of a table are relative to: as set, else the table's own.

    Raises:
        BadInput: there is no such folder.
    """
    root = (file.parent / Path(columns.root or "").expanduser()).resolve()
    if not root.is_dir():
        raise BadInput(
            f"The root must be the folder that the paths of {file.name} begin in, but {root} is no "
            "folder. Check the path."
        )
    return root


def read_frame(file: Path) -> pd.DataFrame:
    """Read a table as text, "" where there is nothing; several values have ";" between them.

    Raises:
        BadInput: it is no table of its kind, is not UTF-8, or has no rows or too many.
    """
    try:
        is_parquet = file.suffix.lower() == ".parquet"
        frame = _read_parquet(file) if is_parquet else _read_csv(file)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{file} must be text in UTF-8, but its byte {error.object[error.start]:#x} is not. "
            'Save it as "CSV UTF-8".'
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise BadInput(
            f"{file} must have as many fields in each row as in its first, but cannot be read that "
            f"way ({str(error).strip()}). Fix it."
        ) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(f"{file} must be a table, but cannot be read ({error}).") from error
    if frame.empty:
        raise BadInput(f"{file} must have a row for each photo, but has none. Choose another.")
    photo_files.check_count(len(frame), file)
    return frame


def _list_tables(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.iterdir()) if file.suffix.lower() in SUFFIXES]


def _read_csv(file: Path) -> pd.DataFrame:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        header = stream.readline(1_000_000)
    signs = "\t" if file.suffix.lower() == ".tsv" else _DELIMITERS
    delimiter = max(signs, key=lambda sign: len(next(csv.reader([header], delimiter=sign), [])))
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # a row longer than the header
        try:
            frame = pd.read_csv(
                file, sep=delimiter, dtype=str, keep_default_na=False, encoding="utf-8-sig",
                index_col=False, nrows=photo_files.MAX_PHOTOS + 1,
            )  # fmt: skip
        except pd.errors.ParserWarning as error:
            raise pd.errors.ParserError(str(error)) from error
    return frame.fillna("")


def _read_parquet(file: Path) -> pd.DataFrame:
    """Read the columns of a Parquet file that can be text; pictures within it are left out."""
    with pq.ParquetFile(file) as opened:
        photo_files.check_count(opened.metadata.num_rows, file)
        names = [field.name for field in opened.schema_arrow if _is_written(field)]
        table = opened.read(names)
    return pd.DataFrame({name: _write_values(table[name]) for name in table.column_names})


def _is_written(field: pa.Field) -> bool:
    """Whether a column can be text: no picture, no structure, no index of pandas."""
    kind = field.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_bytes = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    is_index = field.name.startswith("__index_level_")
    return not (pa.types.is_nested(kind) or is_bytes or is_index)


def _write_values(column: pa.ChunkedArray) -> pd.Series:
    """Write values as text: 3 for 3.0, "a;b" for a list, "" for nothing."""
    values = column.to_pylist()
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        written = [schema.SEVERAL.join(map(_write, value or ())) for value in values]
    else:
        written = [_write(value) for value in values]
    return pd.Series(written, dtype="str")


def _write(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _place_paths(paths: pd.Series, root: Path, file: Path) -> list[str]:
    """Write the paths relative to the root, "" where a row has none.

    Raises:
        BadInput: one leads out of the root.
    """
    placed = []
    for path in paths.str.strip():
        parts = path if "/" in path else path.replace("\\", "/")
        inside = os.path.normpath(parts) if parts else ""
        if Path(inside).is_absolute():
            inside = os.path.relpath(inside, root)
        if inside == ".." or inside.startswith(f"..{os.sep}"):
            raise BadInput(
                f"A photo must lie inside the root {root}, but {file.name} lists {path!r}. "
                "Name the folder that holds them all: --root DIR."
            )
        placed.append(inside.replace(os.sep, "/"))
    return placed


def _name_split(frame: pd.DataFrame, columns: Columns) -> pd.Series | str:
    if not columns.split:
        return ""
    parts = given_split.name_parts(set(frame[columns.split].unique()))
    if not parts:
        raise BadInput(
            "A column of the split must say train and val or test, but "
            f"{columns.split!r} says {count_values(frame[columns.split])}. Choose another column, "
            'or none: --split-column "".'
        )
    return frame[columns.split].map(parts).fillna("")


def _drop_repeated(table: pd.DataFrame, target: str, file: Path, notes: list[str]) -> pd.DataFrame:
    """Keep one row a photo; rows without a path go too."""
    is_blank = table["image_path"].isin(["", "."])
    if is_blank.any():
        notes.append(f"Left out: rows without a path ({is_blank.sum():,}).")
    table = table[~is_blank]
    unlike = table.groupby("image_path")[target].nunique()
    unlike = unlike[unlike > 1]
    if len(unlike):
        labels = table.loc[table["image_path"] == unlike.index[0], target].unique()
        raise BadInput(
            f"A photo can have one {name_column(target)} only, but {file.name} lists "
            f"{unlike.index[0]} as {' and '.join(labels[:2])}{_count_more(len(unlike))}. Remove "
            "one of the rows."
        )
    is_repeated = table["image_path"].duplicated()
    if is_repeated.any():
        notes.append(f"Left out: rows that repeat a photo ({is_repeated.sum():,}).")
    return table[~is_repeated].reset_index(drop=True)


def _count_more(count: int) -> str:
    return f", and {count - 1:,} more so" if count > 1 else ""


def _look_at_photos(table: pd.DataFrame, root: Path, file: Path) -> pd.DataFrame:
    for folder in table["image_path"].str.rpartition("/")[0].unique():
        try:
            photo_files.check_inside(root / folder, root, folder)
        except photo_files.NAME_ERRORS:
            continue  # no such folder can be
    found = [photo_files.look_at(root / path, root, path) for path in table["image_path"]]
    table[list(schema.FILES)] = pd.DataFrame(found, columns=list(schema.FILES), index=table.index)
    if len(table) and (table["file_bytes"] < 0).all():
        raise BadInput(
            f"{root} must hold the photos that {file.name} lists, but none of the {len(table):,} "
            f"is there, {table['image_path'].iloc[0]} for one. Name their folder: --root DIR."
        )
    return table


def _choose_kind(values: pd.Series) -> str:
    return SEVERAL if values.str.contains(schema.SEVERAL, regex=False).any() else ONE


def _describe(file: Path, table: pd.DataFrame, columns: Columns, target: str) -> str:
    said = f"a table: {len(table):,} rows, paths in {columns.path}, "
    others = (columns.labels or ())[1:]
    said += f"labels in {columns.labels[0] if columns.labels else ''}"
    said += f": {count_values(table[target])}"
    said += f"; also in {', '.join(others)}" if others else ""
    return f"{said}; kept together by {columns.group}" if columns.group else said
