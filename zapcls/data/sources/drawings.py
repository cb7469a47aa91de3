"""Reads the catalogues that the project drew itself, in the official format."""

import dataclasses
from pathlib import Path

import pandas as pd

from zapcls.data.catalog import Catalogue
from zapcls.data.sources import zappos

MARKER = "drawn.txt"  # lies beside the official files


def recognizes(folder: Path) -> bool:
    """Whether the folder holds a catalogue that `data.sample` drew."""
    return (folder / MARKER).is_file()


def read(data_dir: Path) -> Catalogue:
    """Read a drawn catalogue.

    Raises:
        BadInput: see `zappos.read`.
    """
    read = zappos.read(data_dir)
    taken_for = f"drawings of {len(read.table):,} shoes"
    return dataclasses.replace(read, is_drawn=True, taken_for=taken_for)


def read_truth(folder: Path) -> pd.DataFrame | None:
    """Read what was planted in a drawn catalogue, None where its file is gone.

    Returns:
        image_id, product_id, true_label, color (text), wrong_label, ambiguous (bool).
    """
    path = folder / "truth.csv"
    if not path.is_file():
        return None
    return pd.read_csv(path, dtype={"image_id": "str", "product_id": "str"}, keep_default_na=False)
