"""Asks a run again about its photos, the shoe in other colors."""

from zapcls.answer.classify import open_classifier
from zapcls.answer.recolored import ask, choose_photos
from zapcls.progress import Progress
from zapcls.workspace import devices
from zapcls.workspace.imports import check_has
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.run_tables import read_predictions, write_derived
from zapcls.workspace.runs import find_job_run
from zapcls.workspace.store import find_store


def recolor(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Recolor the valid photos of a run and write what it answers (`schema.RECOLORING`).

    Raises:
        RunBusy: a job is training on the processor, which would be as slow as this one beside it.
        Stopped: a person asked to stop; nothing is written.
    """
    run = find_job_run(workspace, job)
    check_has(run, "model", "recoloring")
    store = find_store(workspace, run.facts["catalogue_id"])
    photos = choose_photos(read_predictions(run, workspace), run.train_config.seed)
    with devices.hold(workspace, "cpu", job.job_id):
        found = ask(open_classifier(run), store.pixels, photos, run.task, progress)
    write_derived(run, "recolor", lambda folder: found.to_parquet(folder / "recolor.parquet"))
