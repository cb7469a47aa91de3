"""What a model answered about photos: a table and all probabilities, in one folder.

`predictions.parquet` has a row an image and target; `probs/<target>.npy` has a row for each of its
target, in the same order.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zapcls.workspace.tables import looks_whole, read_parquet

_MOST_BYTES = 200  # of a file's name, which most systems allow 255


def spell_target(target: str) -> str:
    """Spell a target as the name of a file: a label's may have any sign and length."""
    name = target.replace("/", "%2F")
    return name if len(name.encode()) <= _MOST_BYTES else sha256(name.encode()).hexdigest()


def find_probabilities(folder: Path, target: str) -> Path:
    """Return where the probabilities of a target lie: float32, (rows of the target, classes)."""
    return folder / "probs" / f"{spell_target(target)}.npy"


def find_cut(folder: Path, targets: Sequence[str]) -> str:
    """Name a file of an evaluation that is cut short, "" where there is none."""
    files = [folder / "predictions.parquet", folder / "embeddings.npy"]
    files += [find_probabilities(folder, target) for target in targets]
    return next((file.name for file in files if file.exists() and not looks_whole(file)), "")


def write_answers(
    folder: Path, predictions: pd.DataFrame, prob: np.ndarray | None, target: str
) -> None:
    """Write predictions (`schema.PREDICTIONS`) of one target and all its probabilities, if any.

    Those of other targets that are in the folder stay before them.
    """
    file = folder / "predictions.parquet"
    known = pd.read_parquet(file).query("target != @target") if file.is_file() else predictions[:0]
    every = pd.concat([known, predictions], ignore_index=True) if len(known) else predictions
    every.to_parquet(file)
    if prob is not None:
        _write_probabilities(folder, prob, target)


def write_every_answer(
    folder: Path, tables: Mapping[str, pd.DataFrame], probs: Mapping[str, np.ndarray]
) -> None:
    """Write the predictions of all targets and all their probabilities, at once."""
    first, *others = tables.values()
    every = pd.concat([first, *others], ignore_index=True) if others else first
    every.to_parquet(folder / "predictions.parquet")
    for target, prob in probs.items():
        _write_probabilities(folder, prob, target)


def _write_probabilities(folder: Path, prob: np.ndarray, target: str) -> None:
    path = find_probabilities(folder, target)
    path.parent.mkdir(exist_ok=True)
    np.save(path, prob)


def read_answers(folder: Path, target: str, remedy: str) -> pd.DataFrame:
    """Read the predictions of one target.

    Raises:
        Damaged: the table cannot be read; the sentence ends in `remedy`.
    """
    table = read_parquet(folder / "predictions.parquet", remedy)
    return table[table["target"] == target].reset_index(drop=True)


def read_every_answer(folder: Path, remedy: str) -> dict[str, pd.DataFrame]:
    """Read the predictions of each target, in their order; raises as `read_answers`."""
    table = read_parquet(folder / "predictions.parquet", remedy)
    return {str(name): rows for name, rows in table.groupby("target", sort=False)}


def read_photo(folder: Path, image_id: str, remedy: str) -> dict[str, dict[str, Any]]:
    """Read what was answered about one photo, by target, without reading other photos'.

    Raises:
        Damaged: the table cannot be read; the sentence ends in `remedy`.
    """
    columns = ["target", "split", "label", "prediction", "prob", "correct"]
    path, wanted = folder / "predictions.parquet", [("image_id", "==", image_id)]
    rows = read_parquet(path, remedy, columns, wanted).to_dict("records")
    return {row["target"]: row for row in rows}


def replace_files(folder: Path, write: Callable[[Path], object], last: str) -> None:
    """Replace files of a folder: each is written aside and renamed, `last` after all others.

    Who has an older one open, or mapped, goes on reading that one. Where `write` fails, all of
    them stay.
    """
    aside = folder / f".aside-{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        write(aside)
        files = [path for path in aside.rglob("*") if path.is_file()]
        for file in sorted(files, key=lambda path: path.name == last):
            target = folder / file.relative_to(aside)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
