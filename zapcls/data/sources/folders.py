"""Reads class folders: `ants/…` and `bees/…`, at any depth, also below `train/` and `val/`."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pandas as pd

from zapcls import schema
from zapcls.data.catalog import ONE, Attribute, Catalogue, build_catalogue, count_values
from zapcls.data.sources import given_split, photo_files
from zapcls.errors import BadInput

TARGET, DEEPER = "class", "subfolder"
_NO_FOLDERS = {"__MACOSX", "@eaDir"}


def recognizes(place: Path) -> bool:
    """Whether it is a folder with a photo somewhere in it; `read` says where they must lie."""
    if not place.is_dir():
        return False
    looked_at = 0
    for _, names, files in os.walk(place):
        looked_at += len(names) + len(files)
        if any(map(photo_files.is_photo_name, files)):
            return True
        if looked_at > photo_files.MAX_PHOTOS:
            return False
    return False


def read(place: Path) -> Catalogue:
    """Read a folder whose photos lie in a folder for each class; no photo is opened.

    Folders that mean a split (`train`, `val`, `test`) may lie above the classes or right below
    them; folders that hold nothing but one folder are passed over. What lies deeper in a class is
    its `subfolder`. A photo in no class folder has no class.

    Raises:
        BadInput: there is no class folder, there are too many photos, a class has a semicolon in
            its name, or a photo is a link out of the folder.
    """
    found = _list_photos(place)
    table = _describe_photos(found.paths)
    classes = [name for name in table[TARGET].unique() if name]
    _check_classes(classes, len(table), place)
    root = place.resolve()
    facts = [photo_files.look_at(root / path, root, path) for path in found.paths]
    table[list(schema.FILES)] = facts
    attributes = [Attribute(TARGET, ONE)]
    attributes += [
        Attribute(name, ONE) for name in (DEEPER, schema.GIVEN_SPLIT) if table[name].any()
    ]
    taken_for = f"class folders: {len(table):,} photos, {count_values(table[TARGET])}"
    return build_catalogue(place, root, table, attributes, TARGET, taken_for, notes=found.notes)


def list_classes(place: Path) -> set[str]:
    """List the classes that the folders name."""
    paths = _list_photos(place).paths
    return set(_describe_photos(paths)[TARGET]) - {""} if paths else set()


class _Found:
    """The photos below a folder, relative to it and in order, and what is left out."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.left_out: Counter[str] = Counter()

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(f"Left out: {what} ({count:,})." for what, count in self.left_out.items())


def _list_photos(place: Path) -> _Found:
    found = _Found()
    for folder, names, files in os.walk(place):
        links = [name for name in names if Path(folder, name).is_symlink()]
        found.left_out["links to folders"] += len(links)
        names[:] = [name for name in names if name not in _NO_FOLDERS and name[0] != "."]
        found.paths += _choose_photos(place, folder, files, found.left_out)
        photo_files.check_count(len(found.paths), place)
    found.paths.sort()
    found.left_out = +found.left_out  # without those that are 0
    return found


def _choose_photos(
    place: Path, folder: str, files: list[str], left_out: Counter[str]
) -> Iterator[str]:
    for name in files:
        path = os.path.relpath(f"{folder}/{name}", place).replace(os.sep, "/")
        if name[0] == ".":
            continue
        if not photo_files.is_photo_name(name):
            left_out["files without a photo's name"] += 1
        elif not path.isprintable():
            left_out["photos with unprintable names"] += 1
        else:
            yield path


def _describe_photos(paths: list[str]) -> pd.DataFrame:
    """Read each photo's class, subfolder and part of the split from where it lies."""
    folders = [PurePosixPath(path).parts[:-1] for path in paths]
    while all(folders) and len({parts[0] for parts in folders}) == 1:
        folders = [parts[1:] for parts in folders]
    for level in (0, 1):
        words = {parts[level] for parts in folders if len(parts) > level}
        means = given_split.name_parts(words)
        if means and (level == 0 or set(means) == words):
            break
    else:
        level, means = 0, {}
    rows = []
    for path, parts in zip(paths, folders, strict=True):
        part = means.get(parts[level], "") if len(parts) > level else ""
        if means and level == 0:  # what lies beside train and val has no class
            parts = parts[1:] if part else ()
        elif part:
            parts = parts[:1] + parts[2:]
        name, deeper = (parts[0], "/".join(parts[1:])) if parts else ("", "")
        rows.append((path, name, deeper, part))
    return pd.DataFrame(
        rows, columns=["image_path", TARGET, DEEPER, schema.GIVEN_SPLIT], dtype="str"
    )


def _check_classes(classes: list[str], photos: int, place: Path) -> None:
    if not classes:
        raise BadInput(
            f"Each class needs a folder with its photos, but the {photos:,} of {place} lie in no "
            "class folder. Make a folder for each class, or name a table that has their labels."
        )
    for name in classes:
        if schema.SEVERAL in name:
            raise BadInput(
                f"A class must have no {schema.SEVERAL!r} in its name, because that stands between "
                f"several labels, but a folder is called {name!r}. Rename it."
            )
