"""Runs that are out of the way: archived ones, and deleted ones until a person empties the trash.

Both only move: nothing lists such a run, and `restore_run` brings it back.
"""

from pathlib import Path

from zapcls.errors import BadInput, RunBusy
from zapcls.workspace import jobs, permissions
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import list_runs


def archive_run(workspace: Workspace, run_id: str) -> Path:
    """Move a run into the workspace's archive, and return where it lies now; raises as delete."""
    return _move(workspace, run_id, workspace.archive_dir, "archived")


def delete_run(workspace: Workspace, run_id: str) -> Path:
    """Move a run into the workspace's trash folder, and return where it lies now.

    Raises:
        BadInput: there is no such run in the workspace.
        RunBusy: it is at work.
    """
    return _move(workspace, run_id, workspace.trash_dir, "deleted")


def restore_run(workspace: Workspace, run_id: str) -> Path:
    """Bring a run back from the archive, or else from the trash, and return where it lies now.

    Raises:
        BadInput: it is in neither.
    """
    permissions.require("delete")
    for folder in (workspace.archive_dir, workspace.trash_dir):
        if run_id in list_folders(folder):
            place = workspace.runs_dir / run_id
            place.parent.mkdir(parents=True, exist_ok=True)
            (folder / run_id).rename(place)
            return place
    there = ", ".join(list_folders(workspace.archive_dir)) or "no run"
    raise BadInput(
        f"RUN must be the id of an archived run ({there}) or of a deleted one in "
        f"{workspace.trash_dir}, got {run_id[:80]!r}."
    )


def list_archived(workspace: Workspace) -> list[str]:
    """List the ids of the archived runs, the newest first."""
    return list_folders(workspace.archive_dir)


def list_folders(place: Path) -> list[str]:
    """List the names of the folders in a place, in reverse order; none where there is no place."""
    found = place.iterdir() if place.is_dir() else ()
    return sorted((path.name for path in found if path.is_dir()), reverse=True)


def _move(workspace: Workspace, run_id: str, folder: Path, word: str) -> Path:
    permissions.require("delete")
    found = [run for run in list_runs(workspace) if run.run_id == run_id]
    if not found:
        raise BadInput(
            f"RUN must be a run's id in {workspace.path}, got {run_id!r}. "
            "`python -m zapcls runs` lists them."
        )
    [run] = found
    if jobs.is_held(run):
        raise RunBusy(f"A run is {word} once it has ended, but {run_id} is at work. Stop it first.")
    place = folder / run_id
    while place.exists():  # one of this name was moved before
        place = place.with_name(f"{place.name}-again")
    place.parent.mkdir(parents=True, exist_ok=True)
    run.path.rename(place)
    return place
