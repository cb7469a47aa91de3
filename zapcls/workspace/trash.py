"""The trash of a workspace: what was deleted lies there until a person empties it."""

from pathlib import Path

from zapcls.errors import BadInput, RunBusy
from zapcls.workspace import jobs, permissions
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import list_runs


def delete_run(workspace: Workspace, run_id: str) -> Path:
    """Move a run into the workspace's trash folder, and return where it lies now.

    Raises:
        BadInput: there is no such run in the workspace.
        RunBusy: it is at work.
    """
    permissions.require("delete")
    found = [run for run in list_runs(workspace) if run.run_id == run_id]
    if not found:
        raise BadInput(
            f"RUN must be a run's id in {workspace.path}, got {run_id!r}. "
            "`python -m zapcls runs` lists them."
        )
    [run] = found
    if jobs.is_held(run):
        raise RunBusy(
            f"A run is deleted once it has ended, but {run_id} is at work. Stop it first."
        )
    place = workspace.trash_dir / run_id
    while place.exists():  # one of this name was deleted before
        place = place.with_name(f"{place.name}-again")
    place.parent.mkdir(parents=True, exist_ok=True)
    run.path.rename(place)
    return place
