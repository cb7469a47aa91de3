"""Sources: each reads the catalogues of one kind into a `Catalogue`.

A source is a module with `recognizes(place)`, whether it can read a folder or file, and
`read(place)`. It reads facts; labels follow from a task (`data.labels`).
"""

from pathlib import Path

from zapcls.data.catalog import Catalogue
from zapcls.data.sources import drawings, folders, table, zappos
from zapcls.data.sources.columns import Columns
from zapcls.errors import BadInput

# The first that recognizes a place reads it.
SOURCES = {"drawings": drawings, "zappos": zappos, "table": table, "folders": folders}


def find_place(named: str) -> Path:
    """Return the folder or file that a person names as the data, once a source recognizes it.

    One sentence says all that can be wrong, so that nobody learns which files there are.

    Raises:
        BadInput: it cannot be read as a catalogue.
    """
    try:
        place = Path(named.strip()).expanduser().resolve()
        if named.strip() and any(source.recognizes(place) for source in SOURCES.values()):
            return place
    except (OSError, RuntimeError, ValueError):  # no right, no such user, no such name
        pass
    shown = f"{named[:200]}…" if len(named) > 200 else named
    raise BadInput(
        "The data must be on this machine and be a catalogue that zapcls can read, got "
        f"{shown!r}. Check the path."
    )


def read_catalogue(place: Path, columns: Columns | None = None) -> Catalogue:
    """Read a folder or a file by the source that recognizes it; no photo is opened.

    `columns` are what a person set of a table's.

    Raises:
        BadInput: there is no such place, no source recognizes it, columns are set of what is no
            table, or its files are damaged.
    """
    place = place.expanduser()
    if not place.exists():
        raise BadInput(f"The data folder or file must exist, got {place}. {zappos.FETCH_HINT}.")
    for name, source in SOURCES.items():
        if not source.recognizes(place):
            continue
        if source is table:
            return table.read(place, columns)
        if columns not in (None, Columns()):
            raise BadInput(
                f"Columns are set for a table, but {place} is read as {name}. Leave them out, or "
                "name the table's file."
            )
        return source.read(place)
    lacks = "which holds no photo" if place.is_dir() else "which is none of them"
    raise BadInput(
        "The data must be a folder with a folder of photos for each class, a table "
        f"({', '.join(table.SUFFIXES)}) that lists photos, or UT Zappos50K, got {place}, {lacks}. "
        "Choose another one."
    )
