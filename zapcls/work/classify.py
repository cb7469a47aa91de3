"""Classifies the photos of a zip that was uploaded: a CSV in the job's folder, a row a photo."""

from zapcls.answer.limits import open_answering
from zapcls.answer.many import ANSWERS, ZIP, answer_all, list_columns, list_photos, write_csv
from zapcls.errors import Stopped
from zapcls.progress import Progress
from zapcls.workspace import jobs
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import find_run


def classify(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Answer each photo of the job's zip, and delete the zip, and those that killed jobs left."""
    run = find_run(workspace, job.config["run"]).about(job.config["target"])
    delete_left(workspace)
    # Aside, so that a job that is killed leaves no half of a table.
    aside, answers = job.path / f".{ANSWERS}.part", job.path / ANSWERS
    try:
        photos = list_photos(job.path / ZIP)
        answer = open_answering(run, prior=job.config["prior"])
        rows = answer_all(photos, answer, run.task, run.tasks, progress)
        write_csv(aside, list_columns(run.task, run.tasks), rows)
        aside.replace(answers)
    except Stopped:
        aside.replace(answers)  # what is answered by then is kept
        raise
    finally:
        (job.path / ZIP).unlink(missing_ok=True)


def delete_left(workspace: Workspace) -> None:
    """Delete the zips of jobs that were killed: nobody goes on with them."""
    for job in jobs.list_jobs(workspace.jobs_dir, "classify"):
        if jobs.read_status(job).is_final:
            (job.path / ZIP).unlink(missing_ok=True)
