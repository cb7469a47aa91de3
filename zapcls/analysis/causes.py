"""Why an image is wrong: each error is sorted into the first cause that there is evidence for."""

import numpy as np
import pandas as pd

from zapcls.analysis.intervals import count_rates
from zapcls.analysis.metrics import labelled
from zapcls.schema import SEVERAL

CAUSES = LABEL, UNCLEAR, COLOR, ODD, MODEL = (
    "label probably wrong",
    "ambiguous or unisex",
    "right in another color",
    "out of the ordinary",
    "model error",
)
EXPLANATIONS = {
    LABEL: "A reviewer or the label check says that the shop's label is wrong.",
    UNCLEAR: "The shop sells this product or one that looks the same under several labels, or "
    "neither the run nor the label check can tell.",
    COLOR: "The same product in another color, or this photo recolored, is answered right.",
    ODD: "It is less like the training photos than nearly all that are answered right.",
    MODEL: "None of these: the run should have known.",
}
UNDECIDED = (0.35, 0.65)  # probability of the label
MIN_SHIFT = 0.3  # of the label's probability, between two colors of a product
ODD_QUANTILE = 0.95  # of the valid images that are answered right

Clue = tuple[str, pd.Series]  # a cause, and what speaks for it at each wrong image; "": nothing


def sort_causes(
    table: pd.DataFrame,
    issues: pd.DataFrame | None = None,
    verdicts: pd.DataFrame | None = None,
    outlier: pd.DataFrame | None = None,
    flips: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Sort each labelled image that is answered wrong into one of `CAUSES`.

    What a reviewer says comes first, then the causes in their order. What is held against a label
    that has been corrected since does not count.

    Args:
        table: predictions of all splits, with `color`.
        issues: `schema.LABEL_ISSUES`.
        verdicts: `schema.VERDICTS`; a conflict says nothing.
        outlier: image_id, outlier (`neighbors.outlier_scores`).
        flips: image_id, flips: whether recoloring the photo makes the answer right
            (`recoloring.find_righted`).

    Returns:
        image_id, cause, evidence, in the order of `table`.
    """
    wrong = labelled(table).query("wrong").reset_index(drop=True)
    reviewed, is_cleared = _ask_reviewers(wrong, verdicts)
    clues = [
        *reviewed,
        *_ask_label_check(wrong, issues, is_cleared),
        (COLOR, _find_flips(wrong, flips)),
        (COLOR, _find_siblings(wrong, table)),
        (ODD, _find_odd(wrong, table, outlier)),
        (MODEL, "called " + wrong["prediction"] + _say_how_sure(wrong["prob"])),
    ]
    speaks = [(said != "").to_numpy(dtype=bool) for _, said in clues]
    causes = [np.full(len(wrong), cause, dtype=object) for cause, _ in clues]
    evidence = [said.to_numpy(dtype=object) for _, said in clues]
    columns = {"cause": np.select(speaks, causes, ""), "evidence": np.select(speaks, evidence, "")}
    return wrong[["image_id"]].assign(**columns).astype("str")


def count_causes(causes: pd.DataFrame) -> pd.DataFrame:
    """Count the errors by cause: cause, n, share (of all errors), low, high; in `CAUSES`' order.

    `causes` has `cause` and `product_id` of each error: products are the units of the interval.
    """
    rows = []
    for cause in CAUSES:
        [rate] = count_rates(causes.assign(hit=causes["cause"] == cause), "hit").itertuples()
        rows.append((cause, rate.hits, rate.rate, rate.low, rate.high))
    return pd.DataFrame(rows, columns=["cause", "n", "share", "low", "high"])


def _percent(values: pd.Series) -> pd.Series:
    return (100 * values).map("{:.0f} %".format).astype("str")


def _say_how_sure(prob: pd.Series) -> pd.Series:
    """Write a probability as the end of a sentence, "" where only the answer is known."""
    return (", " + _percent(prob)).where(prob.notna(), "")


def _ask_reviewers(
    wrong: pd.DataFrame, verdicts: pd.DataFrame | None
) -> tuple[list[Clue], pd.Series]:
    """Return what reviewers said, and of which images they said that the label is right."""
    if verdicts is None:
        return [], pd.Series(False, index=wrong.index)
    known = wrong[["image_id", "label"]].merge(verdicts, on="image_id", how="left")
    mark, right = known["mark"], known["right_label"]
    is_against = (mark == "label wrong") & (right != known["label"])
    is_cleared = (mark == "model wrong") | ((mark == "label wrong") & ~is_against)
    named = ("reviewed: label wrong, right is " + right).where(right != "", "reviewed: label wrong")
    clues = [
        (LABEL, named.where(is_against, "")),
        (UNCLEAR, ("reviewed: " + mark).where(mark == "ambiguous", "")),
        (ODD, ("reviewed: " + mark).where(mark == "not a shoe", "")),
    ]
    return clues, is_cleared


def _ask_label_check(
    wrong: pd.DataFrame, issues: pd.DataFrame | None, is_cleared: pd.Series
) -> list[Clue]:
    """Return what the label check holds against the labels, and where it cannot tell either."""
    if issues is None:
        return []
    columns = ["image_id", "label", "label_quality", "is_suspect", "reasons"]
    held = wrong[["image_id", "label"]].merge(issues[columns], how="left")  # the same label only
    is_suspect = held["is_suspect"].eq(True) & ~is_cleared
    reasons = held["reasons"].fillna("")
    several = [
        "; ".join(reason for reason in said.split("; ") if SEVERAL in reason) for said in reasons
    ]
    prob, quality = wrong["prob_label"], held["label_quality"]
    is_undecided = prob.between(*UNDECIDED) & quality.between(*UNDECIDED)
    shares = _percent(prob), _percent(quality)
    both = "its label has " + shares[0] + " in this run, " + shares[1] + " in the label check"
    return [
        (LABEL, reasons.where(is_suspect, "")),
        (UNCLEAR, pd.Series(several, dtype="str")),
        (UNCLEAR, both.where(is_undecided, "")),
    ]


def _find_flips(wrong: pd.DataFrame, flips: pd.DataFrame | None) -> pd.Series:
    flipped = [] if flips is None else flips.loc[flips["flips"].astype(bool), "image_id"]
    is_flipped = wrong["image_id"].isin(flipped)
    return is_flipped.map({True: "another answer when recolored", False: ""})


def _find_siblings(wrong: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """Name the color in which the same product, under the same label, is answered right."""
    right = labelled(table).query("correct")
    same = ["product_id", "label", "split"]
    columns = [*same, "color", "prob_label"]
    pairs = wrong[["image_id", *columns]].merge(right[columns], on=same, suffixes=("", "_other"))
    is_other = (pairs["color"] != pairs["color_other"]) & (pairs["color"] != "")
    shift = pairs["prob_label_other"] - pairs["prob_label"]
    pairs = pairs[is_other & (pairs["color_other"] != "") & (shift >= MIN_SHIFT)]
    best = pairs.sort_values("prob_label_other").drop_duplicates("image_id", keep="last")
    said = (
        "right in " + best["color_other"] + ": its label has " + _percent(best["prob_label_other"])
        + " there, " + _percent(best["prob_label"]) + " in " + best["color"]
    )  # fmt: skip
    return said.set_axis(best["image_id"]).reindex(wrong["image_id"], fill_value="")


def count_siblings(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Count how often another photo of a wrong photo's product is right, by color: a control.

    Pairs are of one product, label and split. Where the same color is right as often as another
    one, what helps is another photo, not another color.

    Returns:
        Two rows, same (bool) False and True: n (pairs), right.
    """
    known = labelled(table, split).query("color != ''")
    same = ["product_id", "label"]
    columns = [*same, "image_id", "color"]
    pairs = known.loc[known["wrong"], columns].merge(
        known[[*columns, "correct"]], on=same, suffixes=("", "_other")
    )
    pairs = pairs[pairs["image_id"] != pairs["image_id_other"]]
    counts = pairs.assign(same=pairs["color"] == pairs["color_other"]).groupby("same")["correct"]
    sums = counts.agg(n="size", right="sum").reindex([False, True], fill_value=0)
    return sums.rename_axis("same").reset_index()


def _find_odd(wrong: pd.DataFrame, table: pd.DataFrame, outlier: pd.DataFrame | None) -> pd.Series:
    """Describe which images are further from the training photos than right answers mostly are."""
    if outlier is None:
        return pd.Series("", index=wrong.index)
    known = outlier.set_index("image_id")["outlier"]
    right = labelled(table, "valid").query("correct")["image_id"]
    limit = right.map(known).quantile(ODD_QUANTILE)
    distance = wrong["image_id"].map(known)
    said = distance.map("{:.2f} from its nearest training photos".format)
    ending = f"; {100 * ODD_QUANTILE:.0f} % of the right answers are within {limit:.2f}"
    return (said + ending).where(distance > limit, "")
