"""Computes what a run's frozen network makes of every photo: what Similar compares best."""

import numpy as np

from zapcls.progress import Progress
from zapcls.work.device import hold_device
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import find_evaluated
from zapcls.workspace.store import find_store


def describe(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Compute the features of all readable photos that are not there yet, beside the store."""
    run = find_evaluated(workspace, job.config["run"])
    store = find_store(workspace, run.facts["catalogue_id"])
    rows = np.flatnonzero(store.read_catalog()["image_problem"] == "")
    with hold_device(job, workspace, progress):
        from zapcls.model.pooled import open_body

        open_body(run.train_config, store.pixels, rows, store.bodies_dir, progress)
