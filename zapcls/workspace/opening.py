"""Opens the store of a catalogue, one process at a time; it is built at its first use."""

from filelock import FileLock, Timeout

from zapcls.data.catalog import Catalogue
from zapcls.errors import RunBusy
from zapcls.progress import Progress, silent
from zapcls.workspace import store_build
from zapcls.workspace.contents import read_contents, remember_store
from zapcls.workspace.layout import Workspace
from zapcls.workspace.store import Store, check_whole, is_whole, list_stores


def open_store(
    workspace: Workspace,
    catalogue: Catalogue,
    progress: Progress = silent,
    with_colors: bool = True,
) -> Store:
    """Open the catalogue's store, building it first when there is none.

    Another photo or another attribute is another store beside those that are there; none is
    changed or deleted. A build that was interrupted goes on where it ended, and photos that
    another store of this workspace holds are copied from there. Colors can be left for later, as
    a training does not need them.

    Raises:
        BadInput: no photo can be read.
        RunBusy: another process is building the same store.
        ZapError: the disk has no room for it, or its pixel file is damaged.
    """
    workspace.store_dir.mkdir(parents=True, exist_ok=True)
    catalogue = read_contents(workspace, catalogue, progress)
    store = Store(workspace.store_dir / catalogue.catalogue_id)
    try:
        with FileLock(workspace.store_dir / f".{store.catalogue_id}.lock", timeout=1):
            if not store.path.is_dir():
                store_build.build(store, catalogue, _list_whole(workspace), progress)
            check_whole(store)
            store_build.take_over_place(store, catalogue)
            if with_colors and not store.has_colors:
                store_build.name_colors(store, _list_whole(workspace), progress)
    except Timeout:
        raise RunBusy(
            f"One process builds a store at a time, and another is building "
            f"{store.catalogue_id}. Wait until it is done."
        ) from None
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
