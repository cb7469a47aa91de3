"""Reads a catalogue and builds its pixel store."""

from pathlib import Path

from zapcls.progress import Progress
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import open_data


def build_store(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Read a catalogue and build its pixel store."""
    store = open_data(workspace, Path(job.config["data_dir"]), progress)
    write_json(job.path / "result.json", {"catalogue_id": store.catalogue_id})
