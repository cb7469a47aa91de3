"""Label checks: what heads on frozen features say of every labelled image, out of fold.

They are kept beside the store, not with the features, which may be deleted to free the disk.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zapcls.config import TrainConfig
from zapcls.workspace.answers import find_probabilities, read_answers, write_answers
from zapcls.workspace.layout import read_json, replace_folder, write_json
from zapcls.workspace.run_tables import join_facts
from zapcls.workspace.store import Store
from zapcls.workspace.tables import looks_whole, read_array, read_facts, read_parquet


@dataclass(frozen=True)
class LabelCheck:
    """The folder of one check; one that is damaged counts as absent, and is done again."""

    path: Path

    @property
    def is_done(self) -> bool:
        tables = ("predictions", "issues", "duplicates")
        return bool(read_facts(self.path / "check.json")) and all(
            looks_whole(self.path / f"{name}.parquet") for name in tables
        )

    @property
    def remedy(self) -> str:
        """What to do where one of its files is damaged."""
        return f"Delete {self.path}, and check the labels again."

    @property
    def facts(self) -> dict[str, Any]:
        """`arch, image_size, weights, target, classes, folds, seed, seconds, error_rate, ...`."""
        return read_json(self.path / "check.json")

    def read_issues(self) -> pd.DataFrame:
        """Read what is held against each label (`schema.LABEL_ISSUES`), worst first."""
        return read_parquet(self.path / "issues.parquet", self.remedy)

    def read_probabilities(self) -> np.ndarray:
        """Read all class probabilities: float32, (rows of the predictions, classes)."""
        path = find_probabilities(self.path, self.facts["target"])
        return read_array(path, self.remedy)


def find_check(store: Store, config: TrainConfig, target: str = "") -> LabelCheck:
    """Find the check of the network and the one target that a config is about; it may be absent.

    `target` is given where it is one label of the config's column. Other labels are another store.
    """
    rare = [] if config.rare == "drop" else [config.rare]
    asked = [config.weights, choose_seed(config), target or config.target, config.classes, *rare]
    facts = json.dumps(asked)
    name = hashlib.sha256(facts.encode()).hexdigest()[:12]
    return LabelCheck(store.path / "checks" / f"{config.arch}-{config.image_size}-{name}")


def choose_seed(config: TrainConfig) -> int:
    """Choose the seed of a check, which decides a network that starts at random."""
    return config.seed if config.weights == "none" else 0


def read_predictions(check: LabelCheck, store: Store) -> pd.DataFrame:
    """Read the out-of-fold predictions with path, category and color, as those of a run."""
    return join_facts(read_answers(check.path, check.facts["target"], check.remedy), store)


def write(
    check: LabelCheck,
    predictions: pd.DataFrame,
    prob: np.ndarray,
    issues: pd.DataFrame,
    duplicates: pd.DataFrame,
    facts: dict[str, Any],
) -> None:
    """Write a check aside and rename it; an older one is replaced."""

    def fill(folder: Path) -> None:
        write_answers(folder, predictions, prob, facts["target"])
        issues.to_parquet(folder / "issues.parquet")
        duplicates.to_parquet(folder / "duplicates.parquet")
        write_json(folder / "check.json", facts)

    replace_folder(check.path, fill)
