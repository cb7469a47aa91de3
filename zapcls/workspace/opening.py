"""Opens the photos of a data folder: drawn, read and decoded at their first use.

One process at a time builds the store of a catalogue.
"""

from pathlib import Path

from filelock import FileLock, Timeout

from zapcls.data import sample
from zapcls.data.catalog import Catalogue
from zapcls.data.sources import read_catalogue
from zapcls.progress import Progress, silent
from zapcls.workspace import store_build
from zapcls.workspace.contents import read_contents, recall_columns, remember_store
from zapcls.workspace.layout import Workspace, hold_lock
from zapcls.workspace.store import Store, check_whole, is_whole, list_stores


def open_data(
    workspace: Workspace, data_dir: Path, progress: Progress, with_colors: bool = True
) -> Store:
    """Open the store of a folder or table; the workspace's own drawings are drawn first, once.

    Raises:
        BadInput: it is no usable catalogue.
        RunBusy: another process is drawing, or building the store.
    """
    if data_dir == workspace.drawings_dir and not data_dir.exists():
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        busy = "One process draws the shoes at a time, and another is drawing them. "
        busy += "Wait until it is done."
        with hold_lock(data_dir.with_name(f".{data_dir.name}.lock"), lambda: busy):
            if not data_dir.exists():
                sample.draw_catalogue(data_dir, progress=progress)
    progress("Reading the catalogue", 0, 0)
    catalogue = read_catalogue(data_dir, recall_columns(workspace, data_dir))
    return open_store(workspace, catalogue, progress, with_colors)


def open_store(
    workspace: Workspace,
    catalogue: Catalogue,
    progress: Progress = silent,
    with_colors: bool = True,
) -> Store:
    """Open the catalogue's store, building it first when there is none.

    Another photo or another attribute is another store beside those that are there; none is
    deleted, and one that is damaged is built anew and keeps what took work. A build that was
    interrupted goes on where it ended, and photos that another store of this workspace holds are
    copied from there. Colors can be left for later, as a training does not need them.

    Raises:
        BadInput: no photo can be read, or one has two labels.
        RunBusy: another process is building the same store.
        ZapError: the disk has no room for it.
    """
    workspace.store_dir.mkdir(parents=True, exist_ok=True)
    catalogue = read_contents(workspace, catalogue, progress)
    catalogue.check_equal_photos()
    store = Store(workspace.store_dir / catalogue.catalogue_id)
    busy = "One process builds a store at a time, and another is building "
    busy += f"{store.catalogue_id}. Wait until it is done."
    with hold_lock(workspace.store_dir / f".{store.catalogue_id}.lock", lambda: busy):
        if not is_whole(store):
            store_build.build(store, catalogue, _list_whole(workspace), progress)
        store_build.bring_back(store)
        store = check_whole(store)
        store_build.take_over_place(store, catalogue)
        if with_colors and not store.has_colors:
            store_build.name_colors(store, _list_whole(workspace), progress)
    remember_store(workspace, catalogue.data_dir, store.catalogue_id)
    return check_whole(store)


def name_colors(workspace: Workspace, store: Store, progress: Progress = silent) -> None:
    """Name the colors of a store that was opened without them; nothing is done where they are.

    A job that is at work on the same store is waited for, as what this ends may have taken hours.

    Raises:
        Stopped: a person asked to stop.
    """
    lock = FileLock(workspace.store_dir / f".{store.catalogue_id}.lock")
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            progress("Waiting for another job that reads the photos", 0, 0)
    try:
        if not store.has_colors:
            store_build.name_colors(store, _list_whole(workspace), progress)
    finally:
        lock.release()


def _list_whole(workspace: Workspace) -> list[Store]:
    """List the stores that photos may be copied from."""
    return [store for store in list_stores(workspace) if is_whole(store)]
