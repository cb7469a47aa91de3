"""Fetches the official files."""

from pathlib import Path

from zapcls.data.download import download_zappos
from zapcls.progress import Progress
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, choose_data, write_json
from zapcls.workspace.opening import open_data


def download(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Fetch the official files, and build their pixel store."""
    data_dir = download_zappos(Path(job.config["dest"]), progress)
    store = open_data(workspace, data_dir, progress)
    choose_data(workspace, data_dir)
    write_json(job.path / "result.json", {"catalogue_id": store.catalogue_id})
