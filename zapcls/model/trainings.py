"""Builds the training of a run from what the workspace holds."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from zapcls.config import TrainConfig
from zapcls.data.split import align_targets
from zapcls.data.task import Task
from zapcls.model.phases import Photos
from zapcls.model.recipe import Recipe
from zapcls.progress import Progress
from zapcls.workspace.store import Store


def build_recipe(
    config: TrainConfig,
    tasks: Sequence[Task],
    folder: Path,
    store: Store,
    split: pd.DataFrame,
    progress: Progress,
) -> Recipe:
    """Build a training in a folder, of one network for all tasks.

    `split` (`schema.SPLIT`) has the store's rows for each of them, or for more. The colors of the
    store must be named where the config needs them.
    """
    parts, codes = align_targets(split, tasks)
    colors = store.read_colors()["color"].to_numpy(str) if config.needs_colors else None
    sizes = tuple(len(task.classes) for task in tasks)
    photos = Photos(store.pixels, parts, codes, sizes, store.bodies_dir, colors)
    return Recipe(config, folder, photos, progress)
