"""How far the names that the colors were given agree with a person's."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zapcls.analysis.intervals import count_rates


@dataclass(frozen=True)
class Agreement:
    """What labels come to; each rate is a row of `intervals.count_rates`.

    `kappa` is NaN where it is not defined: one and the same color for all photos on both sides.
    """

    exact: dict[str, Any]  # the very name that the person gave
    fair: dict[str, Any]  # that name, or one that the person found fair too
    kappa: float  # -1..1
    kappa_low: float
    kappa_high: float
    cannot_tell: int  # photos that the person could not name; in no rate


def draw_photos(table: pd.DataFrame, labelled: Collection[str], seed: int = 0) -> pd.DataFrame:
    """Draw the photos that are still to be labelled, in random order, a product at most once.

    `table` has image_id, product_id and kept; rows that are not kept and products that have a
    labelled image are left out. The order of the others depends on `seed` alone, so that a label
    taken back brings its photo back to the front.
    """
    order = table[table["kept"]].sample(frac=1, random_state=seed).drop_duplicates("product_id")
    done = table.loc[table["image_id"].isin(list(labelled)), "product_id"]
    return order[~order["product_id"].isin(done)]


def compare_names(labels: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """Join labels (image_id, color, also_fair) with the names (image_id, product_id, color).

    One row a photo that both know: the columns of `named` with the person's `color` and the
    program's `named` ("": no object was found), then is_exact and is_fair. Labels without a
    color, "cannot tell", are left out.
    """
    both = labels[labels["color"] != ""].merge(
        named.rename(columns={"color": "named"}), on="image_id", validate="one_to_one"
    )
    pairs = zip(both["named"], both["also_fair"], strict=True)
    is_exact = both["named"] == both["color"]
    also = pd.Series([name in fair.split() for name, fair in pairs], both.index, bool)
    return both.assign(is_exact=is_exact, is_fair=is_exact | also)


def agreement(labels: pd.DataFrame, named: pd.DataFrame) -> Agreement:
    """Return the rates of agreement and Cohen's kappa (1960) of labels, as `compare_names` joins.

    The interval of kappa is that of the exact agreement, carried over with the agreement by
    chance taken as known, as in Cohen's own standard error. So it counts products, not images,
    and never has zero width.
    """
    both = compare_names(labels, named)
    exact, fair = (
        count_rates(both, column).to_dict("records")[0] for column in ("is_exact", "is_fair")
    )
    shares = [both[column].value_counts(normalize=True) for column in ("color", "named")]
    chance = shares[0].mul(shares[1], fill_value=0).sum()
    above = np.array([exact["rate"], exact["low"], exact["high"]]) - chance
    kappa, low, high = np.maximum(-1.0, above / (1 - chance if chance < 1 else np.nan)).tolist()
    known = labels["image_id"].isin(named["image_id"])
    cannot_tell = int((known & (labels["color"] == "")).sum())
    return Agreement(exact, fair, kappa, low, high, cannot_tell)


def count_differences(both: pd.DataFrame) -> pd.DataFrame:
    """Count how often a `color` was named otherwise: color, named, n, n_fair; most often first.

    `both` is of `compare_names`; n_fair of the n names were fair to the person too, and of pairs
    that are as frequent those with fewer of these come first.
    """
    differing = both[~both["is_exact"]].groupby(["color", "named"])["is_fair"]
    counts = differing.agg(n="size", n_fair="sum").reset_index()
    order = ["n", "n_fair", "color", "named"]
    return counts.sort_values(order, ascending=[False, True, True, True], ignore_index=True)
