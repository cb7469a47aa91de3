"""How a run's errors fall on the colors of the shoes, and which way they go."""

from collections.abc import Sequence

import pandas as pd

from zapcls.analysis.intervals import count_rates, fill_counts
from zapcls.analysis.metrics import labelled


def compare_color(
    table: pd.DataFrame, color: str, label: str, called: str, split: str = "valid"
) -> pd.DataFrame:
    """Compare P(called | label, color) with P(called | label, any other color).

    The blog's claim is `color="pink", label="Women", called="Men"`. Two rows: the column
    `group` is "color" or "others", then n, n_products, hits, rate, low, high; n is 0 and the
    rate NaN where there are no such shoes.
    """
    chosen = labelled(table, split)
    chosen = chosen[chosen["label"] == label]
    chosen = chosen.assign(
        called=chosen["prediction"] == called,
        group=(chosen["color"] == color).map({True: "color", False: "others"}),
    )
    rates = count_rates(chosen, "called", by=["group"]).set_index("group")
    return fill_counts(rates.reindex(["color", "others"]).reset_index())


def count_directions(table: pd.DataFrame, split: str = "valid") -> pd.DataFrame:
    """Count the errors by color and way: color, label, prediction, errors; none are left out."""
    wrong = labelled(table, split).query("wrong")
    counts = wrong.groupby(["color", "label", "prediction"], observed=True).size()
    return counts.rename("errors").reset_index().sort_values("errors", ascending=False)


def label_share_by_color(table: pd.DataFrame, colors: Sequence[str], label: str) -> pd.DataFrame:
    """Give the share of one label among the kept shoes of each color: what the data teach.

    `table` has `label`, `color` and `product_id`; columns as `count_rates`, a row a color.
    """
    kept = table[table["label"] != ""]
    kept = kept.assign(is_label=kept["label"] == label)
    rates = count_rates(kept, "is_label", by=["color"]).set_index("color")
    return fill_counts(rates.reindex(list(colors)).reset_index())
