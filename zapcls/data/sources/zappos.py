"""Reads the official format of UT Zappos50K: a CSV, a .mat and a tree of photos."""

import html
import struct
import zlib
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from zapcls import schema
from zapcls.config import DEFAULT_TARGET
from zapcls.data.catalog import IMAGE_MISSING, ONE, SEVERAL, Attribute, Catalogue, list_columns
from zapcls.data.sources import mat
from zapcls.data.sources.photo_files import NAME_ERRORS, check_inside, look_at
from zapcls.errors import BadInput

DATA_FOLDER = "ut-zap50k-data"
IMAGE_FOLDERS = ("ut-zap50k-images-square", "ut-zap50k-images")
# The columns of `meta-data.csv` as we name them.
METADATA = {
    "Category": "category",
    "SubCategory": "sub_category",
    "HeelHeight": "heel_height",
    "Insole": "insole",
    "Closure": "closure",
    "Gender": "gender",
    "Material": "material",
    "ToeStyle": "toe_style",
}
_SEVERAL = ("closure", "gender", "material", "toe_style")
ATTRIBUTES = tuple(
    Attribute(name, SEVERAL if name in _SEVERAL else ONE) for name in ("brand", *METADATA.values())
)
FETCH_HINT = "`python -m zapcls download --dest DIR` fetches the official files"
# What `mat.read_texts` raises on a file that is not a MATLAB 5 file, or a damaged one.
_MAT_ERRORS = (ValueError, KeyError, StopIteration, struct.error, zlib.error, OSError)


def recognizes(folder: Path) -> bool:
    """Whether the folder holds any of the official files."""
    places = [DATA_FOLDER + "/meta-data.csv", DATA_FOLDER + "/image-path.mat", *IMAGE_FOLDERS]
    return any((folder / name).exists() for name in (*places, "meta-data.csv", "image-path.mat"))


def read(data_dir: Path) -> Catalogue:
    """Join `meta-data.csv` and `image-path.mat` row by row and find each photo on disk.

    No photo is opened: `image unreadable` is known only once the pixel store is built.

    Raises:
        BadInput: a file or folder is missing, is not what its name says, or the two files
            do not fit each other; a path leaves the data folder; no photo exists.
    """
    metadata = _read_metadata(_find_file(data_dir, "meta-data.csv"))
    paths = _read_paths(_find_file(data_dir, "image-path.mat"))
    image_root = _find_image_root(data_dir)
    _check_rows_match(metadata["CID"], paths)

    table = metadata.rename(columns={"CID": "image_id", **METADATA}).assign(content="")
    table["product_id"] = table["image_id"].str.rsplit("-", n=1).str[0]
    table["brand"] = [html.unescape(PurePosixPath(path).parent.name) for path in paths]
    table[["image_path", *schema.FILES]] = _resolve_paths(paths, image_root)
    is_missing = table["file_bytes"] < 0
    if is_missing.all():
        raise BadInput(
            f"{image_root} must hold the photos that image-path.mat lists, but none of the "
            f"{len(table):,} is there. {FETCH_HINT}."
        )
    table["image_problem"] = np.where(is_missing, IMAGE_MISSING, "")
    table = schema.conform(table, list_columns(ATTRIBUTES) | schema.FILES, "catalogue")
    return Catalogue(
        data_dir, image_root, table, ATTRIBUTES, "shoe", "shoes", DEFAULT_TARGET,
        f"UT Zappos50K: {len(table):,} shoes", "the product",
    )  # fmt: skip


def _find_file(data_dir: Path, name: str) -> Path:
    for folder in (data_dir / DATA_FOLDER, data_dir):
        if (folder / name).is_file():
            return folder / name
    raise BadInput(f"{name} must be in {data_dir / DATA_FOLDER}, but is missing. {FETCH_HINT}.")


def _find_image_root(data_dir: Path) -> Path:
    for name in IMAGE_FOLDERS:
        if (data_dir / name).is_dir():
            return data_dir / name
    raise BadInput(
        f"{data_dir} must hold a folder {' or '.join(IMAGE_FOLDERS)}, but has neither. "
        f"{FETCH_HINT}."
    )


def _read_metadata(path: Path) -> pd.DataFrame:
    """Read the CSV as text, its columns in the official names; CIDs are unique."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} must be a UTF-8 CSV file, but is none ({error}).") from error
    missing = [column for column in ("CID", *METADATA) if column not in table.columns]
    if missing:
        raise BadInput(
            f"{path} must have the official columns, but {missing[0]} is missing "
            f"(found {', '.join(map(str, table.columns[:9]))[:200]}). {FETCH_HINT}."
        )
    if table.empty:
        raise BadInput(f"{path} must have a row for each photo, but has none. {FETCH_HINT}.")
    doubled = table["CID"][table["CID"].duplicated()]
    if len(doubled):
        raise BadInput(
            f"{path}: each CID must occur once, but {doubled.iloc[0]} occurs twice. "
            "Remove the second row here and in image-path.mat."
        )
    return table.fillna("")


def _read_paths(path: Path) -> list[str]:
    """Read the paths, in row order."""
    if path.stat().st_size > mat.MOST_BYTES:
        raise BadInput(
            f"{path} may have {mat.MOST_BYTES / 1e6:.0f} MB at most, got "
            f"{path.stat().st_size / 1e6:,.0f} MB. {FETCH_HINT}."
        )
    try:
        rows = mat.read_texts(path.read_bytes(), "imagepath")
    except _MAT_ERRORS as error:
        raise BadInput(
            f"{path} must be a MATLAB 5 .mat file, but cannot be read as one "
            f"({type(error).__name__}). {FETCH_HINT}."
        ) from error
    if rows is None:
        raise BadInput(f"{path} must hold the list `imagepath`, but does not. {FETCH_HINT}.")
    return rows


def _check_rows_match(cids: pd.Series, paths: list[str]) -> None:
    if len(cids) != len(paths):
        raise BadInput(
            "meta-data.csv and image-path.mat must have a row for each photo in the same order, "
            f"but have {len(cids):,} and {len(paths):,} rows. {FETCH_HINT}."
        )
    for row, (cid, path) in enumerate(zip(cids, paths, strict=True), start=1):
        if PurePosixPath(path).stem != cid.replace("-", "."):
            raise BadInput(
                f"Row {row:,} of image-path.mat must be the photo of CID {cid} in meta-data.csv, "
                f"but is {path}. The two files must be of the same version, in the same order."
            )


def _resolve_paths(paths: list[str], image_root: Path) -> list[tuple[str, int, int]]:
    """Find each listed path on disk: relative to the root, its bytes and time of change, or -1."""
    root = image_root.resolve()
    folders: dict[str, str] = {}
    found = []
    for path in paths:
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            try:
                folders[folder] = _resolve_folder(folder, root)
            except NAME_ERRORS:
                folders[folder] = folder
        relative = f"{folders[folder]}/{name}"
        found.append((relative, *look_at(root / relative, root, path)))
    return found


def _resolve_folder(folder: str, root: Path) -> str:
    """Find a listed brand folder on disk, under any of the names that unpackers give it.

    A folder that ends in a period may have kept it, lost it, or carry it as `%2E`;
    an HTML entity may have been resolved.
    """
    parts = PurePosixPath(folder).parts
    if folder.startswith("/") or ".." in parts or "\\" in folder or ":" in folder:
        raise BadInput(f"A path in image-path.mat must stay inside {root.name}, got {folder!r}.")
    parent = str(PurePosixPath(*parts[:-1])) if len(parts) > 1 else "."
    listed = parts[-1] if parts else "."
    for name in dict.fromkeys((listed, html.unescape(listed))):
        stem = name.rstrip(".")
        for variant in (name, stem + "%2E" * (len(name) - len(stem)), stem):
            if (root / parent / variant).is_dir():
                check_inside(root / parent / variant, root, folder)
                return f"{parent}/{variant}"
    return folder
