"""Sources: each reads the catalogues of one kind into a `Catalogue`.

A source is a module with `recognizes(folder)`, whether it can read a folder, and `read(folder)`.
It reads facts; labels follow from a task (`data.labels`).
"""

from pathlib import Path

from zapcls.data.catalog import Catalogue
from zapcls.data.sources import drawings, zappos
from zapcls.errors import BadInput

SOURCES = {"drawings": drawings, "zappos": zappos}  # the first that recognizes a folder reads it


def check_folder(named: str) -> Path:
    """Return the folder that a person names as the data, once a source recognizes it.

    One sentence says all that can be wrong, so that nobody learns which folders there are.

    Raises:
        BadInput: it is no folder that can be read as a catalogue.
    """
    try:
        folder = Path(named.strip()).expanduser().resolve()
        if named.strip() and any(source.recognizes(folder) for source in SOURCES.values()):
            return folder
    except (OSError, RuntimeError, ValueError):  # no right, no such user, no such name
        pass
    shown = f"{named[:200]}…" if len(named) > 200 else named
    raise BadInput(
        "The data folder must be on this machine and hold a catalogue that zapcls can read, got "
        f"{shown!r}. Check the path."
    )


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
