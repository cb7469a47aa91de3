"""Reads the catalogue that a person chose, and makes it the data of the app."""

from pathlib import Path

from zapcls.progress import Progress
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, choose_data, write_json
from zapcls.workspace.opening import open_data


def build_store(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Read a catalogue and build its pixel store; it is the data of the app from then on."""
    data_dir = Path(job.config["data_dir"])
    store = open_data(workspace, data_dir, progress)
    choose_data(workspace, data_dir)
    write_json(job.path / "result.json", {"catalogue_id": store.catalogue_id})
