"""What a remedy against color bias costs and brings: errors, errors of the worst group, flips.

Each remedy is trained several times, with a seed each. Its figure is the mean over the seeds; it
is compared with the base line on the same photos, with an interval and a p-value that count the
products that happen to be in valid, and an interval that counts the seeds too.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from zapcls import schema
from zapcls.analysis.groups import MIN_PRODUCTS
from zapcls.analysis.intervals import LEVEL, count_rates
from zapcls.analysis.permutations import holm, sign_flip_p
from zapcls.analysis.recoloring import cluster_mean

ERROR, WORST, FLIP, CONTROL, EXCESS = schema.TRADE_MEASURES
TESTED = (ERROR, WORST, FLIP)
ALL_SEEDS = -1
LEAST_TUNE = 5  # products that a group must have on tune to be chosen there


def summarize_remedies(
    answers: pd.DataFrame, edits: pd.DataFrame, base: str, by: str = "color"
) -> pd.DataFrame:
    """Sum up trained remedies (`schema.TRADE`), in the order in which `answers` has them.

    The error of the worst group is that of one group of `by` and label for all remedies
    (`choose_group`). An excess is how much more often a hue edit flips the answer than the random
    edit of the same photo, as far in CIELAB, does.

    Args:
        answers: a row a remedy, seed and labelled photo of tune and valid: option (the remedy's
            name), seed, image_id, product_id, split, label, the column `by`, and bool wrong.
        edits: a row a remedy, seed and edited photo of valid: option, seed, image_id,
            product_id, to, and bool flipped and flipped_control.
        base: the remedy that the others are compared with.
        by: the group column; the worst group's stands in a column of this name.

    Returns:
        For each remedy and measure a row with seed ALL_SEEDS, whose p_holm is Holm's (1979) for
        all remedies and TESTED measures together, then one a seed. Where there are no such photos
        n is 0 and the rates are NaN.
    """
    group, label = choose_group(answers, by)
    valid = answers[answers["split"] == "valid"]
    valid = valid.assign(photo=valid["image_id"], value=valid["wrong"])
    edits = edits.assign(photo=edits["image_id"] + " " + edits["to"])
    excess = edits["flipped"].astype(float) - edits["flipped_control"].astype(float)
    values = {
        ERROR: valid,
        WORST: valid[(valid[by] == group) & (valid["label"] == label)],
        FLIP: edits.assign(value=edits["flipped"]),
        CONTROL: edits.assign(value=edits["flipped_control"]),
        EXCESS: edits.assign(value=excess),
    }
    options = list(dict.fromkeys(answers["option"]))
    parts = (_measure(measure, table, options, base) for measure, table in values.items())
    rows = pd.DataFrame([row for part in parts for row in part], columns=list(schema.TRADE))
    is_group = rows["measure"] == WORST
    rows["color"], rows["label"] = np.where(is_group, group, ""), np.where(is_group, label, "")
    rows["p_holm"] = holm(rows["p"].where(rows["measure"].isin(TESTED)))
    return schema.conform(rows, schema.TRADE, "trade").rename(columns={"color": by})


def choose_group(answers: pd.DataFrame, by: str = "color") -> tuple[str, str]:
    """Choose the value of `by` and the label in which all remedies together err most on tune.

    The worst of several groups on valid would be so in part by chance, and any remedy would look
    better there for that alone; chosen on tune, by all remedies alike, its rates on valid favor
    none. Only groups of MIN_PRODUCTS products in valid and LEAST_TUNE in tune are chosen from.

    Returns:
        The group and the label, both "" where no group is large enough.
    """
    groups = answers[answers[by] != ""].groupby([by, "label", "split"], observed=True)
    sizes = groups["product_id"].nunique().unstack("split", fill_value=0)
    sizes = sizes.reindex(columns=["tune", "valid"], fill_value=0)
    is_large = (sizes["valid"] >= MIN_PRODUCTS) & (sizes["tune"] >= LEAST_TUNE)
    if not is_large.any():
        return "", ""
    rates = groups["wrong"].mean().unstack("split")["tune"]
    group, label = rates[is_large].idxmax()
    return str(group), str(label)


def _measure(
    measure: str, table: pd.DataFrame, options: list[str], base: str
) -> Iterator[dict[str, Any]]:
    """Build the rows of one measure; `table` has option, seed, photo, product_id and value."""
    wide = table.pivot(index=["product_id", "photo"], columns=["option", "seed"], values="value")
    product = wide.index.to_frame(index=False)["product_id"]
    wide = wide.astype(float).reset_index(drop=True)
    for option in options:
        row = {"option": option, "measure": measure}
        if wide.empty:
            yield row | {"seed": ALL_SEEDS, "n": 0, "n_products": 0}
            continue
        values = wide[option]
        counts = {"n": len(wide), "n_products": product.nunique()}
        change = {} if option == base else compare_remedies(values - wide[base], product)
        yield row | {"seed": ALL_SEEDS} | counts | _rate(values.mean(axis=1), product, measure) | (
            change
        )  # fmt: skip
        for seed in values:
            yield row | {"seed": seed} | counts | _rate(values[seed], product, measure)


def _rate(values: pd.Series, product: pd.Series, measure: str) -> dict[str, float]:
    if measure == EXCESS:
        return dict(zip(("rate", "low", "high"), cluster_mean(values, product, True), strict=True))
    # Wilson's interval holds for the mean over seeds too: a photo's share of wrong heads varies
    # less than an answer does, and the design effect is never taken below 1.
    rate = count_rates(pd.DataFrame({"product_id": product, "hit": values}), "hit").iloc[0]
    return {name: float(rate[name]) for name in ("rate", "low", "high")}


def compare_remedies(gaps: pd.DataFrame, product: pd.Series) -> dict[str, float]:
    """Compare a remedy with the base line on the same photos.

    The interval is of the mean over seeds: what the products of valid leave open
    (`recoloring.cluster_mean`) and what the seeds do (Student's t over their means), added in
    quadrature. p flips signs by product (`permutations.sign_flip_p`), the seeds as they are.

    Args:
        gaps: (photos, seeds): remedy minus base line, -1..1.
        product: (photos): the product of each.

    Returns:
        difference, difference_low, difference_high, and p.
    """
    difference, low, high = cluster_mean(gaps.mean(axis=1), product, is_rate=True)
    seeds = gaps.shape[1]
    by_seed = 0.0
    if seeds > 1:
        error = gaps.mean().std() / np.sqrt(seeds)
        by_seed = float(t.ppf((1 + LEVEL) / 2, seeds - 1) * error)
    return {
        "difference": difference,
        "difference_low": max(-1.0, difference - float(np.hypot(difference - low, by_seed))),
        "difference_high": min(1.0, difference + float(np.hypot(high - difference, by_seed))),
        # The sum over seeds is whole where their mean is not.
        "p": sign_flip_p(gaps.sum(axis=1).groupby(product).sum().to_numpy()),
    }
