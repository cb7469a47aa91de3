"""Reads what a model that was trained elsewhere said of photos: a table with a row a photo."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from zapcls.data.sources.table import SUFFIXES, read_frame
from zapcls.errors import BadInput
from zapcls.schema import SPLITS

PATHS = ("path", "image_path", "file", "filename", "image")
ANSWERS = ("prediction", "answer", "predicted", "called")
PREFIX = "prob_"  # may stand before the name of a class
_PARTS = {name: name for name in SPLITS} | {"val": "valid", "test": "valid"}
_SUM_OFF = 0.02  # of a row's probabilities, which a file may have rounded


@dataclass(frozen=True)
class Given:
    """What a file says, a row a photo."""

    paths: list[str]
    classes: tuple[str, ...]
    called: np.ndarray  # str (n)
    prob: np.ndarray | None  # float64 (n, classes), rows sum to 1; None: only the answer is known
    split: np.ndarray | None  # str (n): train, tune, valid or none; None: the file has no column


def read_predictions(file: Path, labels: Collection[str]) -> Given:
    """Read a CSV, TSV or Parquet file: a path, then a probability a class or only the answer.

    The columns of the classes are named as `labels`, or `prob_NAME`. Without them a column
    `prediction` holds the answers. A column `split` may say what the model was trained on.

    Raises:
        BadInput: it is no such table; a column is missing; a probability is none.
    """
    table = _read_table(file)
    path = _find_column(table, PATHS)
    if path is None:
        raise BadInput(
            f"{file.name} must have a column of paths, named {' or '.join(PATHS)}, but has "
            f"{', '.join(map(str, table.columns[:9]))}. Rename it."
        )
    paths = table[path].str.strip().to_list()
    split = _read_split(table, file)
    names = {
        column: str(column).removeprefix(PREFIX)
        for column in table.columns
        if str(column).startswith(PREFIX) or column in labels
    }
    if len(names) > 1:
        classes = tuple(names.values())
        prob = _read_probabilities(table[list(names)].set_axis(classes, axis=1), file)
        return Given(paths, classes, np.array(classes)[prob.argmax(axis=1)], prob, split)
    answer = _find_column(table, ANSWERS)
    if answer is None:
        raise BadInput(
            f"{file.name} must have a column of probabilities for each class, named as the class "
            f"({', '.join(sorted(labels)[:3])}) or prob_NAME, or a column {ANSWERS[0]}, but has "
            f"{', '.join(map(str, table.columns[:9]))}. Rename them."
        )
    called = table[answer].str.strip()
    if (called == "").any():
        line = int(np.flatnonzero(called == "")[0]) + 2
        raise BadInput(f"{file.name}, line {line}: must have an answer. Leave the row out.")
    # Classes of the catalogue that were never answered were not known to be asked for.
    return Given(paths, tuple(called.value_counts().index), called.to_numpy(), None, split)


def _read_table(file: Path) -> pd.DataFrame:
    if file.suffix.lower() not in SUFFIXES:
        raise BadInput(
            f"The predictions must be in a file that ends in {', '.join(SUFFIXES)}, got "
            f"{file.name}. Save them as one of these."
        )
    if not file.is_file():
        raise BadInput(f"The predictions must be in a file, but there is no {file}.")
    return read_frame(file)


def _find_column(table: pd.DataFrame, names: Sequence[str]) -> str | None:
    return next((name for name in names if name in table.columns), None)


def _read_split(table: pd.DataFrame, file: Path) -> np.ndarray | None:
    if "split" not in table.columns:
        return None
    words = table["split"].str.strip().str.lower()
    named = _PARTS | ({"val": "tune"} if (words == "test").any() else {})
    parts = words.map(named)
    if not (parts == "valid").any():
        raise BadInput(
            f"The column split of {file.name} must call some photos valid or test, but calls none "
            "so. Correct it, or leave the column out."
        )
    return parts.fillna("none").to_numpy()


def _read_probabilities(columns: pd.DataFrame, file: Path) -> np.ndarray:
    """Read the probabilities of the classes; rows that are off by rounding are set to sum to 1."""
    prob = columns.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    is_wrong = ~((prob >= 0) & (prob <= 1)).all(axis=1)
    if is_wrong.any():
        row = int(np.flatnonzero(is_wrong)[0])
        raise BadInput(
            f"{file.name}, line {row + 2}: probabilities must be numbers 0..1, got "
            f"{', '.join(map(str, columns.iloc[row].to_list()))}. Give probabilities, not scores."
        )
    total = prob.sum(axis=1)
    is_off = np.abs(total - 1) > _SUM_OFF
    if is_off.any():
        row = int(np.flatnonzero(is_off)[0])
        raise BadInput(
            f"{file.name}, line {row + 2}: the probabilities of {', '.join(columns.columns)} must "
            f"sum to 1, but sum to {total[row]:.3g}. Name a column prob_NAME for each class."
        )
    return prob / total[:, None]


def match_paths(paths: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """Match the paths of a file to those of a catalogue: places in `known`, -1 where there is none.

    A path may have folders before the catalogue's own; a bare file name is enough where only one
    photo has it.

    Raises:
        BadInput: two rows are about one photo.
    """
    places = {path: place for place, path in enumerate(known)}
    names: dict[str, int] = {}
    for place, path in enumerate(known):
        name = PurePosixPath(path).name
        names[name] = -1 if name in names else place
    found = np.array([_match(path, places, names) for path in paths], dtype=np.int64)
    matched = pd.Series(found)
    doubled = np.flatnonzero((matched >= 0) & matched.duplicated())
    if len(doubled):
        raise BadInput(
            f"Each photo must have one row, but {known[found[doubled[0]]]} has two, the second in "
            f"line {doubled[0] + 2}. Leave one out."
        )
    return found


def _match(path: str, places: dict[str, int], names: dict[str, int]) -> int:
    parts = path.replace("\\", "/").removeprefix("./").strip("/").split("/")
    if len(parts) == 1:
        return places.get(parts[0], names.get(parts[0], -1))
    tails = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((places[tail] for tail in tails if tail in places), -1)
