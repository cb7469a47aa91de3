"""Reads the catalogues that the project drew itself, in the official format."""

import dataclasses
from pathlib import Path

import pandas as pd

from zapcls.data.catalog import Catalogue
from zapcls.data.sources import zappos
from zapcls.errors import Damaged

MARKER = "drawn.txt"  # lies beside the official files
_TRUTH = dict.fromkeys(("image_id", "product_id", "true_label", "color"), "str")
_TRUTH |= dict.fromkeys(("wrong_label", "ambiguous"), "bool")


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

    Raises:
        Damaged: the file cannot be used.
    """
    path = folder / "truth.csv"
    if not path.is_file():
        return None
    try:
        table = pd.read_csv(path, dtype=_TRUTH, keep_default_na=False)
        return table[list(_TRUTH)]
    except (OSError, ValueError, KeyError) as error:
        raise Damaged(
            f"{path} must say what was planted in each drawing, but it is damaged. Draw them "
            f"again, as many and with the seed that {MARKER} names: python -m zapcls sample "
            f"--dest {folder} --n N --seed SEED --replace."
        ) from error
