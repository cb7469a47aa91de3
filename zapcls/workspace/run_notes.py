"""What a person calls a run and says of it: beside the run, which itself never changes."""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache

from zapcls.workspace.layout import Stamp, stamp_file, write_json
from zapcls.workspace.runs import Run

MOST_LETTERS = {"name": 40, "note": 500}


@dataclass(frozen=True)
class Notes:
    """A name and a note, "" for none, and whether the run stands first in lists."""

    name: str = ""
    note: str = ""
    is_pinned: bool = False


def read_notes(run: Run) -> Notes:
    """Read what a person said of a run; nothing where the file is not one of ours."""
    return _read_notes(run, stamp_file(f"{run.path}/notes.json"))


@lru_cache(maxsize=4096)
def _read_notes(run: Run, stamp: Stamp) -> Notes:
    """Read `notes.json`, once for each version of it."""
    try:
        content = json.loads((run.path / "notes.json").read_text())
        notes = Notes(content["name"], content["note"], content["is_pinned"])
    except (OSError, ValueError, KeyError, TypeError):
        return Notes()
    return notes if isinstance(notes.name, str) and isinstance(notes.note, str) else Notes()


def write_notes(run: Run, notes: Notes) -> None:
    """Write what a person says of a run, in place of what was said before."""
    write_json(run.path / "notes.json", asdict(notes))
