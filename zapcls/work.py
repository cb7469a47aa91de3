"""What each kind of job does."""

from typing import Any

from zapcls import explain, pipeline, recoloring, trade
from zapcls.report.document import write_report
from zapcls.workspace import worker
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace

WORK = {
    "train": pipeline.train,
    "lr_find": pipeline.find_rate,
    "evaluate": pipeline.evaluate,
    "build_store": pipeline.build_store,
    "download": pipeline.download,
    "check_labels": explain.check_labels,
    "map": explain.build_map,
    "cross_validate": explain.cross_validate,
    "recolor": recoloring.recolor,
    "trade": trade.trade,
    "report": write_report,
}


def perform(job: Job, workspace: Workspace, watch: Any = None) -> None:
    """Do a job's work in this process (see `worker.perform`)."""
    worker.perform(job, lambda progress: WORK[job.kind](job, workspace, progress), watch)
