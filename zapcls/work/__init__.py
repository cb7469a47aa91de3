"""What each kind of job does: one file a kind, composed from the floors below.

A job's function takes the job, the workspace and a `Progress`; what the job leaves lies in its
folder or its run's. What is computed, asked or trained belongs to the floors below.
"""

from typing import Any

from zapcls.work import (
    build_store,
    check_labels,
    classify,
    cross_validate,
    describe,
    download,
    evaluate,
    export,
    import_run,
    lr_find,
    map,
    recolor,
    report,
    trade,
    train,
)
from zapcls.workspace import worker
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace

WORK = {
    "train": train.train,
    "lr_find": lr_find.find_rate,
    "evaluate": evaluate.evaluate,
    "build_store": build_store.build_store,
    "download": download.download,
    "check_labels": check_labels.check_labels,
    "classify": classify.classify,
    "map": map.build_map,
    "describe": describe.describe,
    "cross_validate": cross_validate.cross_validate,
    "recolor": recolor.recolor,
    "trade": trade.trade,
    "export": export.export,
    "import": import_run.import_run,
    "report": report.write_report,
}


def perform(job: Job, workspace: Workspace, watch: Any = None) -> None:
    """Do a job's work in this process (see `worker.perform`)."""
    worker.perform(job, lambda progress: WORK[job.kind](job, workspace, progress), watch)
