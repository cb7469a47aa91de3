"""Runs the learning-rate finder of one phase."""

from pathlib import Path

from zapcls.config import TrainConfig
from zapcls.progress import Progress
from zapcls.work.device import hold_device
from zapcls.workspace import devices
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_data
from zapcls.workspace.splits import build_tasks, read_split


def find_rate(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Run the learning-rate finder of one phase; the curve is left in the job's folder."""
    config = TrainConfig(**job.config["train"])
    config.check_phase(job.config["phase"])
    devices.refuse_busy(workspace, config.device)
    data_dir = Path(job.config["data_dir"])
    store = open_data(workspace, data_dir, progress, with_colors=config.needs_colors)
    split, tasks = read_split(store, config), build_tasks(store, config)
    with hold_device(job, workspace, progress, config.device):
        from zapcls.model.trainings import build_recipe

        recipe = build_recipe(config, tasks, job.path, store, split, progress)
        recipe.find_rate_only(job.config["phase"])
        for name in ("model.safetensors", "checkpoint.pt"):
            (job.path / name).unlink(missing_ok=True)
