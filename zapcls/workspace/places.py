"""Takes the places of files out of what is said, where strangers may look."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from zapcls.errors import ZapError
from zapcls.workspace import permissions
from zapcls.workspace.layout import DATA_ENVIRONMENT, open_workspace, read_chosen_data
from zapcls.workspace.runs import list_runs

# The folders of a path, not its last name; on Windows they may have blanks, as may known ones.
_PLACE = re.compile(r"(?<![\w.:/])/(?:[^\s/'\",;:]+/)+")
_WINDOWS = re.compile(r"(?<!\w)[A-Za-z]:[\\/]+(?:[^\\/:*?\"'<>|\n]+[\\/]+)*")


def conceal(text: str) -> str:
    """Take the places of files out of a text, where strangers may look.

    Folders that are known go first, as written: a blank in one would end it otherwise.
    """
    if permissions.may("start"):
        return text
    for root in sorted(set(_list_roots()), key=lambda root: -len(str(root))):
        if root.name:  # all but the root of the disk
            written, name = re.escape(str(root)), root.name.replace("\\", r"\\")
            text = re.sub(rf"{written}[/\\]", "/-/", text)  # what lies in it is dealt with below
            text = re.sub(rf"{written}(?![\w-])", name, text)
    return _PLACE.sub("", _WINDOWS.sub("", text))


def _list_roots() -> Iterator[Path]:
    """List the folders that a sentence may name: of the workspace, of data and of the app."""
    yield from (Path.home(), Path.cwd())
    if named := os.environ.get(DATA_ENVIRONMENT):
        yield Path(named).expanduser().resolve()
    with contextlib.suppress(ZapError, OSError):
        workspace = open_workspace()
        yield from (workspace.path, read_chosen_data(workspace))
        for run in list_runs(workspace):
            with contextlib.suppress(ZapError):
                yield Path(run.config["data_dir"])
