"""The job that answers a zip of photos: what a stop keeps, and what a kill leaves behind."""

import zipfile

import pytest

from zapcls import work
from zapcls.answer.many import ANSWERS, ZIP
from zapcls.config.priors import LEARNED
from zapcls.errors import Stopped
from zapcls.progress import silent
from zapcls.workspace import jobs, worker
from zapcls.workspace.layout import Workspace


@pytest.fixture
def create(color_run, jpeg):
    """Return a function that creates the job for a zip of three photos."""
    workspace = Workspace(color_run.path.parents[1])

    def pack(folder):
        with zipfile.ZipFile(folder / ZIP, "w") as archive:
            for name in ("a.jpg", "b.jpg", "c.jpg"):
                archive.writestr(name, jpeg((20, 20), "red"))

    def create():
        config = {
            "run": str(color_run.path),
            "target": "gender",
            "name": "photos.zip",
            "prior": LEARNED,
        }
        return jobs.create(workspace.jobs_dir, "classify", config, fill=pack)

    return create


def classify(job, progress=silent):
    """Do the job as its process does, which holds its lock."""
    do, workspace = work.WORK["classify"], Workspace(job.path.parents[1])
    worker.perform(job, lambda report: do(job, workspace, progress))


def end_with(error):
    """Return a progress that raises an error before the third photo."""

    def progress(phase, done, total, **detail):
        if done == 2:
            raise error

    return progress


def test_a_stop_keeps_what_is_answered_and_deletes_the_zip(create):
    job = create()

    with pytest.raises(Stopped):
        classify(job, end_with(Stopped("Stopped as asked.")))

    assert len((job.path / ANSWERS).read_text().splitlines()) == 1 + 2
    assert not (job.path / ZIP).exists()


def test_a_job_that_ends_early_leaves_no_half_of_a_table(create):
    job = create()

    with pytest.raises(MemoryError):
        classify(job, end_with(MemoryError()))

    assert not (job.path / ANSWERS).exists()


def test_the_next_job_deletes_the_zip_that_a_killed_one_left(create):
    killed, job = create(), create()

    classify(job)

    assert len((job.path / ANSWERS).read_text().splitlines()) == 1 + 3
    assert not (killed.path / ZIP).exists()
