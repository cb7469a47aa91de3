"""Trains a run's head by several options against color bias: what the job `trade` does.

All of them stand on what the frozen body gave once, so that a training takes seconds, and all are
asked about the same photos of valid, as they are and with the hue of the shoe moved. They are the
run's recipe without its unfrozen phase, not the run.
"""

import shutil
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from zapcls.analysis.metrics import labelled
from zapcls.analysis.remedies import summarize_remedies
from zapcls.answer.recolored import choose_photos, edit_photo
from zapcls.errors import BadInput
from zapcls.findings.remedy_settings import (
    BASE,
    REMEDIES,
    SEEDS,
    check_seeds,
    choose_remedies,
    configure,
    find_obstacle,
)
from zapcls.progress import Progress, begin_with
from zapcls.work.device import hold_device
from zapcls.work.limits import set_thresholds
from zapcls.workspace.imports import check_has
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import name_colors
from zapcls.workspace.run_tables import read_predictions, read_split, write_derived
from zapcls.workspace.runs import Run, find_job_run
from zapcls.workspace.store import Store, find_store
from zapcls.workspace.tables import read_facts

MOST_EDITED = 600  # photos of valid whose hue is moved; whole products, drawn by the run's seed
_BATCH = 64

if TYPE_CHECKING:
    from zapcls.model.pooled import Describe, Head


def trade(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Train the options that were asked for, and write what each costs and brings.

    Raises:
        BadInput: an option is unknown, or the run's network started at random.
        Stopped: a person asked to stop; features that were computed are kept.
    """
    run = find_job_run(workspace, job)
    names = choose_remedies(job.config.get("options", list(REMEDIES)))
    seeds = check_seeds(job.config.get("seeds", SEEDS))
    check_has(run, "training", "trying remedies")
    obstacle = find_obstacle(run.train_config)
    if obstacle:
        raise BadInput(obstacle)
    started = time.perf_counter()
    store = find_store(workspace, run.facts["catalogue_id"])
    name_colors(workspace, store, progress)
    photos = read_predictions(run, workspace)
    with hold_device(job, workspace, progress):
        answers, edits = _ask_options(job, run, store, photos, names, seeds, progress)
    found = summarize_remedies(answers, edits, BASE)
    facts = {
        "run": run.run_id,
        "options": names,
        "seeds": seeds,
        "settings": configure(run.train_config, BASE, 0, _read_found_lr(run)).to_json(),
        "edited_photos": int(edits["image_id"].nunique()),
        "seconds": round(time.perf_counter() - started, 1),
    }

    def write(folder: Any) -> None:
        found.to_parquet(folder / "trade.parquet")
        write_json(folder / "trade.json", facts)

    write_derived(run, "trade", write)


def _ask_options(
    job: Job,
    run: Run,
    store: Store,
    photos: pd.DataFrame,
    names: list[str],
    seeds: int,
    progress: Progress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train each option once a seed and ask it: the two tables of `summarize_remedies`."""
    from zapcls.model.pooled import open_body

    config = run.train_config
    held_out = labelled(photos[photos["split"].isin(["tune", "valid"])])
    rows = held_out["row"].to_numpy()
    pooled, describe = open_body(config, store.pixels, rows, store.bodies_dir, progress)
    chosen = choose_photos(photos, config.seed, MOST_EDITED)
    edits, edited, controls = edit_photos(chosen, store.pixels, describe, progress)
    before = pd.Index(held_out["image_id"]).get_indexer(edits["image_id"])
    facts = held_out[["image_id", "product_id", "split", "color", "label"]]
    codes = pd.Index(run.task.classes).get_indexer(held_out["label"])
    is_tune, as_it_is = (held_out["split"] == "tune").to_numpy(), {run.task.target: 1.0}
    answers, flips = [], []
    for number in range(len(names) * seeds):
        mark: dict[str, Any] = {"option": names[number // seeds], "seed": number % seeds}
        title = f"{REMEDIES[mark['option']].title}, training {number + 1} of {len(names) * seeds}"
        head = _train_head(job, run, store, **mark, progress=begin_with(title, progress))
        logits = head(pooled)
        (task,) = set_thresholds([run.task], logits[is_tune], codes[is_tune], as_it_is)
        called = task.decide(softmax(logits, axis=1))
        answers.append(facts.assign(**mark, wrong=called != codes))
        flips.append(
            edits.assign(
                **mark,
                flipped=task.decide(softmax(head(edited), axis=1)) != called[before],
                flipped_control=task.decide(softmax(head(controls), axis=1)) != called[before],
            )
        )
    return pd.concat(answers, ignore_index=True), pd.concat(flips, ignore_index=True)


def edit_photos(
    photos: pd.DataFrame, pixels: np.ndarray, describe: "Describe", progress: Progress
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Describe photos (image_id, product_id, row) with their hue moved to each color they reach.

    Returns:
        image_id, product_id, to: a row an edit; the features (n, width) of the edited photos, and
        of their controls, which are moved as far in a random direction.
    """
    known: list[dict[str, str]] = []
    waiting: list[np.ndarray] = []
    described: list[np.ndarray] = []
    for place, photo in enumerate(photos.itertuples()):
        progress("Recoloring photos", place, len(photos))
        image_id = photo.image_id
        for to, *images in _move_hue(np.asarray(pixels[photo.row]), image_id):
            known.append({"image_id": image_id, "product_id": photo.product_id, "to": to})
            waiting += images
        if len(waiting) >= _BATCH or (waiting and place == len(photos) - 1):
            described.append(describe(np.stack(waiting)))
            waiting = []
    if not described:
        raise BadInput(
            "Remedies are compared by changing the hue of shoes in valid, but none of its "
            f"{len(photos):,} photos could be changed. Choose a run on colored shoes."
        )
    features = np.concatenate(described)
    return pd.DataFrame(known), features[::2], features[1::2]


def _move_hue(image: np.ndarray, image_id: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Move the hue to each color that is then reached: the color, the photo, its control."""
    images = {
        (known["edit"], known["to"]): edited
        for known, edited in edit_photo(image, image_id, ("hue",))
        if edited is not None
    }
    for (edit, to), edited in images.items():
        if edit == "hue":
            yield to, edited, images["random", to]


def _train_head(
    job: Job, run: Run, store: Store, option: str, seed: int, progress: Progress
) -> "Head":
    """Train a head by an option and return what gives its logits."""
    from zapcls.model.pooled import build_head
    from zapcls.model.trainings import build_recipe

    of_target = run.train_config.about(run.task.column)
    config, split = configure(of_target, option, seed, _read_found_lr(run)), read_split(run)
    folder = job.path / "training"
    shutil.rmtree(folder, ignore_errors=True)  # of a job that was killed and started again
    folder.mkdir()
    try:
        return build_head(build_recipe(config, [run.task], folder, store, split, progress).train())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read_found_lr(run: Run) -> float | None:
    found = read_facts(run.path / "lr_suggestions.json").get("frozen")
    return found["rates"]["valley"] if found else None
