"""Builds the training of a run from what the workspace holds."""

import dataclasses
from pathlib import Path

import pandas as pd

from zapcls.config import TrainConfig
from zapcls.data.task import Task
from zapcls.model.phases import Photos
from zapcls.model.recipe import Recipe
from zapcls.progress import Progress
from zapcls.workspace.store import Store


def build_recipe(
    config: TrainConfig,
    task: Task,
    folder: Path,
    store: Store,
    split: pd.DataFrame,
    progress: Progress,
) -> Recipe:
    """Build a training in a folder, for the classes of a task.

    The colors of the store must be named where the config needs them.
    """
    config = dataclasses.replace(config, classes=task.classes)
    codes = pd.Index(task.classes).get_indexer(pd.Index(split["label"]))
    parts = split["split"].to_numpy()
    colors = store.read_colors()["color"].to_numpy(str) if config.needs_colors else None
    photos = Photos(store.pixels, parts, codes, store.bodies_dir, colors)
    return Recipe(config, folder, photos, progress)
