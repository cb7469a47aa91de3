"""Lays a run's embeddings out in a plane."""

from typing import Any

import numpy as np

from zapcls.analysis import heads
from zapcls.progress import Progress
from zapcls.workspace.answers import read_answers
from zapcls.workspace.imports import check_has
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.run_tables import open_embeddings, write_derived
from zapcls.workspace.runs import find_job_run

MAP_STEPS = 500


def build_map(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Lay a run's embeddings out in a plane: image_id, x, y."""
    from openTSNE import TSNE

    run = find_job_run(workspace, job)
    check_has(run, "embeddings", "a map")
    table = read_answers(run.path, run.task.target, run.remedy)[["image_id"]]
    embeddings = open_embeddings(run)
    progress("Finding neighbors", 0, 0)

    def report(iteration: int, error: float, embedding: Any) -> bool:
        progress("Laying out the map", iteration, MAP_STEPS)
        return False

    tsne = TSNE(
        metric="cosine",
        perplexity=min(30, max(2, len(table) // 4)),
        n_iter=MAP_STEPS,
        random_state=0,
        n_jobs=-1,
        callbacks=report,
        callbacks_every_iters=10,
    )
    places = np.asarray(tsne.fit(heads.reduce(embeddings, 50)))
    laid_out = table.assign(x=places[:, 0], y=places[:, 1])
    write_derived(run, "map", lambda folder: laid_out.to_parquet(folder / "map.parquet"))
