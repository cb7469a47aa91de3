"""Which way a label's photos err: how often a group's are called something else, and which."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from zapcls.analysis.groups import (
    PERMUTATIONS,
    compare_rates,
    correct_p,
    permute_parts,
    split_labels,
)
from zapcls.analysis.intervals import count_rates, fill_counts
from zapcls.analysis.metrics import labelled

GROUP, OTHERS = "group", "others"  # the two sides of a claim


def compare_claim(
    table: pd.DataFrame,
    group: str,
    label: str,
    called: str,
    split: str = "valid",
    by: str = "color",
) -> pd.DataFrame:
    """Compare P(called | label, group) with P(called | label, any other group).

    The blog's claim is `group="pink", label="Women", called="Men"`; called "" is any other class
    than the label. Photos of no known group are left out. Two rows, whose `side` is GROUP and
    OTHERS, with n, n_products, hits, rate, low, high; where there are no such photos n is 0 and
    the rate NaN.
    """
    chosen = labelled(table, split)
    chosen = chosen[(chosen["label"] == label) & (chosen[by] != "")]
    chosen = chosen.assign(
        called=chosen["prediction"] == called if called else chosen["prediction"] != label,
        side=(chosen[by] == group).map({True: GROUP, False: OTHERS}),
    )
    rates = count_rates(chosen, "called", by=["side"]).set_index("side")
    return fill_counts(rates.reindex([GROUP, OTHERS]).reset_index())


def count_directions(table: pd.DataFrame, split: str = "valid", by: str = "color") -> pd.DataFrame:
    """Count the errors by group and way: `by`, label, prediction, errors; the most frequent first.

    No error is left out: those of photos of no known group stand under "".
    """
    wrong = labelled(table, split).query("wrong")
    counts = wrong.groupby([by, "label", "prediction"], observed=True).size()
    return counts.rename("errors").reset_index().sort_values("errors", ascending=False)


def compare_way(
    table: pd.DataFrame,
    split: str,
    groups: Sequence[str],
    classes: Sequence[str],
    claim: tuple[str, str, str],
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    by: str = "color",
) -> tuple[dict[Any, Any], int]:
    """Compare one group and way, corrected for all groups and ways that could be tried.

    `claim` is group, label, called. Of two classes this is the row of `groups.compare_groups`.

    Returns:
        The columns of `groups.compare_rates`, hits being the photos of the label that are called
        so, with p_holm (`groups.correct_p`) over all of `groups` and each two of `classes`; and how
        many p there are.
    """
    ways: list[tuple[str, str]] = []
    parts: list[tuple[pd.DataFrame, np.ndarray]] = []
    for called in classes:
        answers = table.assign(correct=table["prediction"] != called)
        others = [label for label in classes if label != called]
        for label, photos, members in split_labels(answers, split, groups, others, by):
            ways.append((label, called))
            parts.append((photos, members))
    tried = permute_parts(parts, permutations, seed)
    group, *way = claim
    asked, place = ways.index((way[0], way[1])), list(groups).index(group)
    photos, members = parts[asked]
    row = compare_rates(photos, members[place], float(tried[asked][place]))
    p_holm = float(correct_p(parts, tried)[asked][place])
    return row | {"p_holm": p_holm}, int(np.isfinite(np.concatenate(tried)).sum())
