"""Classifies the photos of a zip that was uploaded: a CSV in the job's folder, a row a photo."""

from zapcls.answer.limits import open_answering
from zapcls.answer.many import ANSWERS, ZIP, answer_all, list_columns, list_photos, write_csv
from zapcls.progress import Progress
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import find_run


def classify(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Answer each photo of the job's zip, and delete the zip."""
    run = find_run(workspace, job.config["run"]).about(job.config["target"])
    try:
        photos = list_photos(job.path / ZIP)
        answer = open_answering(run, prior=job.config["prior"])
        answers = answer_all(photos, answer, run.task, run.tasks, progress)
        write_csv(job.path / ANSWERS, list_columns(run.task, run.tasks), answers)
    finally:
        (job.path / ZIP).unlink(missing_ok=True)
