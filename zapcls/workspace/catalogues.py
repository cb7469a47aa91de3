"""Opens the photos of a data folder: drawn, read and decoded at their first use."""

from pathlib import Path

from filelock import FileLock, Timeout

from zapcls.data import sample
from zapcls.data.sources import read_catalogue
from zapcls.errors import RunBusy
from zapcls.progress import Progress
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store
from zapcls.workspace.store import Store


def open_data(
    workspace: Workspace, data_dir: Path, progress: Progress, with_colors: bool = True
) -> Store:
    """Open a catalogue's pixel store, building it at its first use.

    The workspace's own drawings are drawn when they are not there yet.

    Raises:
        BadInput: the folder holds no usable catalogue.
        RunBusy: another process is drawing, or building the store.
    """
    if data_dir == workspace.drawings_dir and not data_dir.exists():
        _draw(data_dir, progress)
    progress("Reading the catalogue", 0, 0)
    return open_store(workspace, read_catalogue(data_dir), progress, with_colors)


def _draw(drawings_dir: Path, progress: Progress) -> None:
    drawings_dir.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(drawings_dir.with_name(f".{drawings_dir.name}.lock"), timeout=1):
            if not drawings_dir.exists():
                sample.draw_catalogue(drawings_dir, progress=progress)
    except Timeout:
        raise RunBusy(
            "One process draws the shoes at a time, and another is drawing them. "
            "Wait until it is done."
        ) from None
