"""Tables, arrays and facts on disk: a file that is cut or gone is a sentence with its next step."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zapcls.errors import Damaged, ZapError
from zapcls.workspace.layout import read_json

_PARQUET = b"PAR1"  # a file's first and last bytes


def read_parquet(
    path: Path,
    remedy: str,
    columns: list[str] | None = None,
    filters: Sequence[tuple[str, str, Any]] | None = None,
) -> pd.DataFrame:
    """Read a table, or some columns and rows of it; `filters` are pandas'.

    Raises:
        Damaged: it is missing or damaged; the sentence ends in `remedy`.
    """
    try:
        return pd.read_parquet(path, columns=columns, filters=filters)
    except (OSError, ValueError, KeyError) as error:
        raise describe_damage(path, error, remedy) from error


def read_array(path: Path, remedy: str, is_mapped: bool = False) -> np.ndarray:
    """Read an array, or map it into memory.

    Raises:
        Damaged: it is missing or damaged; the sentence ends in `remedy`.
    """
    try:
        return np.load(path, mmap_mode="r" if is_mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise describe_damage(path, error, remedy) from error


def read_facts(path: Path) -> dict[str, Any]:
    """Read a JSON object that can be done without: {} where it is missing or damaged."""
    try:
        return read_json(path)
    except ZapError:
        return {}


def looks_whole(path: Path) -> bool:
    """Whether a table or an array has its beginning and its end: a cut file has not."""
    try:
        if path.suffix == ".npy":
            return np.load(path, mmap_mode="r", allow_pickle=False) is not None
        with path.open("rb") as file:
            begin = file.read(len(_PARQUET))
            file.seek(-len(_PARQUET), 2)
            return begin == file.read() == _PARQUET
    except (OSError, ValueError, EOFError):
        return False


def describe_damage(path: Path, error: Exception, remedy: str) -> Damaged:
    """Build the error about a file that cannot be read."""
    fault = "is missing" if isinstance(error, FileNotFoundError) else "is damaged or cut short"
    return Damaged(f"{path} {fault}. {remedy}")
