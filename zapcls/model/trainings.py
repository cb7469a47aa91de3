"""Builds the training of a run from what the workspace holds."""

from pathlib import Path

import pandas as pd

from zapcls.config import TrainConfig
from zapcls.model.recipe import Recipe
from zapcls.progress import Progress
from zapcls.workspace.store import Store


def build_recipe(
    config: TrainConfig, folder: Path, store: Store, split: pd.DataFrame, progress: Progress
) -> Recipe:
    """Build the training; the colors of the store must be named where the config needs them."""
    codes = pd.Index(config.classes).get_indexer(pd.Index(split["label"]))
    parts = split["split"].to_numpy()
    known = {"colors": store.read_colors()["color"].to_numpy(str)} if config.needs_colors else {}
    return Recipe(config, folder, store.pixels, parts, codes, store.bodies_dir, progress, **known)
