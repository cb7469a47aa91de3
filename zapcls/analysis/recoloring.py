"""Does the color of the shoe change the answer? What a run says of edited photos, summed up.

An edit is judged by how much more often it flips the answer than its control does on the same
photos: where any edit would, it is not the color.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import t

from zapcls.analysis.intervals import LEVEL, count_rates
from zapcls.analysis.permutations import holm, sign_flip_p

ALL = "all"  # stands for every color and label together
CONTROL_OF = {"hue": "random", "color": "lightness"}


def pair_edits(found: pd.DataFrame, photos: pd.DataFrame) -> pd.DataFrame:
    """Set each answer to an edited photo beside that before, and beside its control's.

    Args:
        found: `schema.RECOLORING`.
        photos: predictions with image_id, product_id, label, color.

    Returns:
        The rows of `found` that were asked, with product_id, label, color; flipped and shift
        (of the first class's probability), against the identity; and of hue and color edits
        flipped_control (NaN elsewhere).
    """
    before = found[found["edit"] == "identity"].set_index("image_id")[["prediction", "prob_first"]]
    asked = found[found["prediction"] != ""]
    asked = asked.merge(photos[["image_id", "product_id", "label", "color"]], on="image_id")
    known = before.reindex(asked["image_id"])
    asked["flipped"] = asked["prediction"].to_numpy() != known["prediction"].to_numpy()
    asked["shift"] = asked["prob_first"].to_numpy() - known["prob_first"].to_numpy()
    control = asked[["image_id", "to", "edit", "flipped"]].rename(
        columns={"edit": "control", "flipped": "flipped_control"}
    )
    asked["control"] = asked["edit"].map(CONTROL_OF)
    paired = asked.merge(control, on=["image_id", "to", "control"], how="left")
    return paired.drop(columns="control")


def summarize_flips(table: pd.DataFrame) -> pd.DataFrame:
    """Sum up hue and color edits by target and true label; all of them first.

    Args:
        table: of `pair_edits`.

    Returns:
        A row an edit, `to` and label (ALL: together): n (edited photos), n_products, flips,
        flip_rate, low, high; shift of the first class's probability, shift_low, shift_high;
        control_rate, the control's flip rate; excess (flip_rate - control_rate) with excess_low,
        excess_high, p (`permutations.sign_flip_p` by product), and p_holm for all rows of an edit
        but the first (Holm 1979). Intervals are 95 %, products the units.
    """
    rows = []
    for edit in CONTROL_OF:
        edited = table[table["edit"] == edit]
        if len(edited):
            rows.append({"edit": edit, "to": ALL, "label": ALL} | _sum_up(edited))
        for (to, label), group in edited.groupby(["to", "label"], sort=False, observed=True):
            rows.append({"edit": edit, "to": to, "label": label} | _sum_up(group))
    columns = [
        "edit", "to", "label", "n", "n_products", "flips", "flip_rate", "low", "high",
        "shift", "shift_low", "shift_high", "control_rate",
        "excess", "excess_low", "excess_high", "p", "p_holm",
    ]  # fmt: skip
    summary = pd.DataFrame(rows, columns=columns)
    for _, group in summary[summary["to"] != ALL].groupby("edit"):
        summary.loc[group.index, "p_holm"] = holm(group["p"])
    return summary


def summarize_controls(table: pd.DataFrame) -> pd.DataFrame:
    """Count how often each kind of edit flips: edit, n, n_products, hits, rate, low, high, delta_e.

    `table` is of `pair_edits`; delta_e is the mean difference in CIELAB that the edit made.
    """
    rates = count_rates(table, "flipped", by=["edit"])
    return rates.assign(delta_e=rates["edit"].map(table.groupby("edit")["delta_e"].mean()))


def count_reached(found: pd.DataFrame, colors: Sequence[str]) -> pd.DataFrame:
    """Count the photos that each color edit was tried on, and reached: edit, to, tried, reached."""
    tried = found[found["edit"].isin(list(CONTROL_OF))]
    counts = tried.groupby(["edit", "to"])["is_reached"].agg(tried="size", reached="sum")
    cells = pd.MultiIndex.from_product([list(CONTROL_OF), list(colors)], names=["edit", "to"])
    return counts.reindex(cells, fill_value=0).reset_index()


def find_flips(found: pd.DataFrame) -> pd.DataFrame:
    """Find the photos whose answer depends on the hue of the shoe: image_id, flips.

    That is where a hue edit flips the answer, and neither a random one nor the ground does.
    """
    before = found[found["edit"] == "identity"].set_index("image_id")["prediction"]
    asked = found[found["prediction"] != ""]
    is_flip = asked["prediction"].to_numpy() != before.reindex(asked["image_id"]).to_numpy()
    flipped = asked[is_flip].groupby("image_id")["edit"].agg(set)
    flips = {
        image_id: "hue" in kinds and not kinds & {"random", "ground"}
        for image_id, kinds in flipped.items()
    }
    ids = before.index.to_series().reset_index(drop=True)
    return pd.DataFrame({"image_id": ids, "flips": ids.map(flips).eq(True)})


def find_righted(found: pd.DataFrame, photos: pd.DataFrame) -> pd.DataFrame:
    """Find the photos that another hue of the shoe makes right: image_id, flips.

    That is where the answer to a hue edit is the label of `photos` (image_id, label), and neither
    that to a random one nor to the ground is.
    """
    known = photos.set_index("image_id")["label"]
    ids = found.loc[found["edit"] == "identity", "image_id"].reset_index(drop=True)
    is_right = found["prediction"].to_numpy() == known.reindex(found["image_id"]).to_numpy()
    by_hue, by_any = (
        set(found.loc[is_right & found["edit"].isin(edits), "image_id"])
        for edits in (["hue"], ["random", "ground"])
    )
    return pd.DataFrame({"image_id": ids, "flips": ids.isin(by_hue - by_any)})


def _sum_up(group: pd.DataFrame) -> dict[str, float]:
    rate = count_rates(group, "flipped").iloc[0]
    flipped, control = (group[name].astype(float) for name in ("flipped", "flipped_control"))
    gaps = (flipped - control).groupby(group["product_id"]).sum().to_numpy()
    shift = cluster_mean(group["shift"], group["product_id"])
    excess = cluster_mean(flipped - control, group["product_id"], is_rate=True)
    return {
        "n": int(rate["n"]),
        "n_products": int(rate["n_products"]),
        "flips": int(rate["hits"]),
        "flip_rate": rate["rate"],
        "low": rate["low"],
        "high": rate["high"],
        **dict(zip(("shift", "shift_low", "shift_high"), shift, strict=True)),
        "control_rate": float(control.mean()),
        **dict(zip(("excess", "excess_low", "excess_high"), excess, strict=True)),
        "p": sign_flip_p(gaps),
    }


def cluster_mean(
    values: pd.Series, product: pd.Series, is_rate: bool = False
) -> tuple[float, float, float]:
    """Return a mean over photos with its 95 % interval, whole products as the units.

    The ratio estimator's variance (Cochran 1977, Sampling Techniques, 6.4), Student's t on
    products - 1. Of differences of rates the half is never below 3 / products, the rule of three
    for what none of them showed; one product alone spans everything.
    """
    mean, count = float(values.mean()), product.nunique()
    if count < 2:
        return mean, -1.0, 1.0
    pulls = (values - mean).groupby(product).sum() / len(values)
    error = np.sqrt(count / (count - 1) * (pulls**2).sum())
    half = float(t.ppf((1 + LEVEL) / 2, count - 1) * error)
    half = max(half, 3 / count) if is_rate else half
    return mean, max(-1.0, mean - half), min(1.0, mean + half)
