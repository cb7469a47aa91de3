"""Two runs by group, on the same photos: errors, and answers to recolored ones.

Errors are compared on photos that nobody reviewed, as `compare` has it.
"""

from collections.abc import Sequence

import pandas as pd

from zapcls.analysis.compare import RUNS, pair_rates
from zapcls.analysis.groups import MIN_PRODUCTS
from zapcls.analysis.permutations import holm
from zapcls.analysis.recoloring import ALL, CONTROL_OF, pair_edits


def compare_by_group(
    pairs: pd.DataFrame, groups: Sequence[str], classes: Sequence[str], by: str = "color"
) -> pd.DataFrame:
    """Compare two runs' error rates in each group and label, on photos that nobody reviewed.

    `pairs` is `compare.pair_runs`, with the group column `by`.

    Returns:
        A row for each of `groups` and `classes`: the column `by`, label, the columns of
        `compare.pair_rates`, p_holm over all rows together (Holm 1979), and is_small (fewer than
        MIN_PRODUCTS). Where there are no such photos n is 0 and the rates are NaN.
    """
    fair = pairs[~pairs["is_reviewed"]]
    rows = [
        {by: group, "label": label}
        | pair_rates(fair[(fair[by] == group) & (fair["label_old"] == label)], "wrong_old")
        for group in groups
        for label in classes
    ]
    if not rows:
        return pd.DataFrame(columns=[by, "label", "n", "p", "p_holm", "is_small"])
    found = pd.DataFrame(rows)
    return _correct(found, found["p"])


def _correct(rows: pd.DataFrame, tried: pd.Series) -> pd.DataFrame:
    return rows.assign(p_holm=holm(tried), is_small=rows["n_products"] < MIN_PRODUCTS)


def worst_groups(groups: pd.DataFrame, by: str = "color") -> pd.DataFrame:
    """Find the group of `compare_by_group` in which each run errs most, of those not small.

    Returns:
        Up to two rows, in the order of RUNS: run, the column `by`, label, n, n_products; rate,
        low, high of that run, and rate_other of the other run in the same group.
    """
    large = groups[~groups["is_small"]]
    rows = []
    for run, other in zip(RUNS, reversed(RUNS), strict=True):
        if large.empty:
            break
        worst = large.loc[large[f"rate_{run}"].idxmax()]
        facts = worst[[by, "label", "n", "n_products"]].to_dict()
        rates = {name: worst[f"{name}_{run}"] for name in ("rate", "low", "high")}
        rows.append({"run": run} | facts | rates | {"rate_other": worst[f"rate_{other}"]})
    columns = ["run", by, "label", "n", "n_products", "rate", "low", "high", "rate_other"]
    return pd.DataFrame(rows, columns=columns)


def compare_flips(
    pairs: pd.DataFrame, first: pd.DataFrame, second: pd.DataFrame, colors: Sequence[str]
) -> pd.DataFrame:
    """Compare how often two runs' answers flip with the color of the shoe, on the same edits.

    `first` and `second` are `schema.RECOLORING` of each run, `pairs` is `compare.pair_runs`: what
    counts are photos valid in both, and edits that reached their color. A flip is an answer other
    than the same run's to the photo itself.

    Returns:
        A row an edit and one of its controls, `to` being ALL, then a row for each of `colors` that
        a photo was given: edit, to, the columns of `compare.pair_rates` (`errors_` are flips),
        p_holm over all rows of one color together (NaN for ALL), is_small.
    """
    photos = pairs.rename(columns={"label_old": "label"})
    key = ["image_id", "edit", "to"]
    asked = [
        pair_edits(found, photos)[[*key, *more, "flipped"]]
        for found, more in ((first, ["product_id"]), (second, []))
    ]
    both = asked[0].merge(asked[1], on=key, suffixes=("_first", "_second"), validate="one_to_one")
    rows = []
    for edits in CONTROL_OF.items():
        of_edit = both[both["edit"] == edits[0]]
        groups = [(edit, ALL, both[both["edit"] == edit]) for edit in edits]
        groups += [(edits[0], to, of_edit[of_edit["to"] == to]) for to in colors]
        rows += [
            {"edit": edit, "to": to} | pair_rates(group, "flipped")
            for edit, to, group in groups
            if len(group)
        ]
    if not rows:
        return pd.DataFrame(columns=["edit", "to", "p"])
    found = pd.DataFrame(rows)
    return _correct(found, found["p"].where(found["to"] != ALL))
