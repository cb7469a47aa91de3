"""Each way to err by color: how often shoes of one label are called another, against the others."""

from collections.abc import Sequence

import pandas as pd

from zapcls.analysis.color_association import PERMUTATIONS, compare_groups
from zapcls.analysis.permutations import holm

_OF_ANSWERS = ["mean_prob", "calibration_gap"]  # not of a way


def compare_ways(
    table: pd.DataFrame,
    split: str,
    colors: Sequence[str],
    classes: Sequence[str],
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare P(called | label, color) with P(called | label, any other color), for all of them.

    Returns:
        A row for each of `colors` and each two of `classes`: color, label, called, then as
        `color_association.compare_groups`, hits being the shoes of the label that are called so;
        p_holm is over all rows together. With two classes these are that table's figures.
    """
    parts = [
        compare_groups(
            table.assign(correct=table["prediction"] != called), split, colors,
            [label for label in classes if label != called], permutations, seed,
        ).assign(called=called)
        for called in classes
    ]  # fmt: skip
    found = pd.concat(parts, ignore_index=True).drop(columns=_OF_ANSWERS)
    return found.assign(p_holm=holm(found["p"]))


def name_ways(groups: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Give the ways of two classes from their groups (`compare_groups`): an error is the other."""
    first, second = classes
    called = groups["label"].map({first: second, second: first})
    return groups.drop(columns=_OF_ANSWERS).assign(called=called)
