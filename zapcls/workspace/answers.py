"""What a model answered about photos: a table and all probabilities, in one folder.

`predictions.parquet` has a row an image and target; `probs/<target>.npy` has a row for each of its
target, in the same order.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from zapcls.workspace.tables import looks_whole, read_parquet


def find_probabilities(folder: Path, target: str) -> Path:
    """Return where the probabilities of a target lie: float32, (rows of the target, classes)."""
    return folder / "probs" / f"{target}.npy"


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
    if prob is None:
        return
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
