"""Sources: each reads the catalogues of one kind into a `Catalogue`.

A source is a module with `recognizes(folder)`, whether it can read a folder, and `read(folder)`.
It reads facts; labels follow from a task (`data.labels`).
"""

from pathlib import Path

from zapcls.data.catalog import Catalogue
from zapcls.data.sources import drawings, zappos
from zapcls.errors import BadInput

SOURCES = {"drawings": drawings, "zappos": zappos}  # the first that recognizes a folder reads it


def read_catalogue(data_dir: Path) -> Catalogue:
    """Read a data folder by the source that recognizes it; no photo is opened.

    Raises:
        BadInput: there is no such folder, no source recognizes it, or its files are damaged.
    """
    data_dir = data_dir.expanduser()
    if not data_dir.is_dir():
        raise BadInput(f"The data folder must exist, got {data_dir}. {zappos.FETCH_HINT}.")
    for source in SOURCES.values():
        if source.recognizes(data_dir):
            return source.read(data_dir)
    raise BadInput(
        "The data folder must hold meta-data.csv, image-path.mat and a folder of photos, as UT "
        f"Zappos50K has them, but {data_dir} holds none of them. {zappos.FETCH_HINT}."
    )
