"""Predictions and what they amount to: the table, rates by split and class, confusions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import log_softmax

from zapcls import schema
from zapcls.analysis.intervals import count_rates, fill_counts


def build_predictions(
    split: pd.DataFrame, logits: np.ndarray, classes: Sequence[str], target: str
) -> tuple[pd.DataFrame, np.ndarray]:
    """Build the predictions table (`schema.PREDICTIONS`) and all probabilities.

    `split` (`schema.SPLIT`) and `logits` (n, classes) have the same rows, in the same order.
    A row whose label is none of the classes gets a prediction but no loss. Without a column
    `catalog_label` the labels are the catalogue's.

    Returns:
        The table, and float32 (n, classes) in the order of `classes`.
    """
    log_prob = log_softmax(logits.astype(np.float64), axis=1)
    prob = np.exp(log_prob)
    best = prob.argmax(axis=1)
    code = pd.Index(list(classes)).get_indexer(split["label"])
    row = np.arange(len(split))
    has_label = code >= 0
    table = pd.DataFrame(
        {
            "image_id": split["image_id"].to_numpy(),
            "product_id": split["product_id"].to_numpy(),
            "target": target,
            "split": split["split"].to_numpy(),
            "source": "run",
            "fold": -1,
            "label": split["label"].to_numpy(),
            "catalog_label": split.get("catalog_label", split["label"]).to_numpy(),
            "prediction": np.asarray(list(classes))[best],
            "prob": prob[row, best],
            "prob_label": np.where(has_label, prob[row, code], np.nan),
            "loss": np.where(has_label, -log_prob[row, code], np.nan),
            "correct": has_label & (code == best),
        }
    )
    return schema.conform(table, schema.PREDICTIONS, "predictions"), prob.astype(np.float32)


def labelled(table: pd.DataFrame, split: str | None = None) -> pd.DataFrame:
    """Keep the rows that a rate may count: those with a label, of one split if asked for.

    Adds the bool column `wrong`.
    """
    chosen = table[table["label"] != ""]
    if split is not None:
        chosen = chosen[chosen["split"] == split]
    return chosen.assign(wrong=~chosen["correct"])


def error_by_split(table: pd.DataFrame) -> pd.DataFrame:
    """Return the error rate of each split that has rows: split, n, ..., rate, low, high."""
    rates = count_rates(labelled(table), "wrong", by=["split"])
    order = {name: position for position, name in enumerate(schema.SPLITS)}
    return rates.sort_values("split", key=lambda names: names.map(order), ignore_index=True)


def summarize_splits(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Summarize each split that has rows: n, n_products, errors and the rate with its interval."""
    names = {"hits": "errors", "rate": "error_rate", "low": "error_low", "high": "error_high"}
    return error_by_split(table).rename(columns=names).set_index("split").to_dict("index")


def error_by_class(table: pd.DataFrame, classes: Sequence[str], split: str) -> pd.DataFrame:
    """Return the error rate of each label in one split, in the order of `classes`.

    Where there are no such photos n is 0 and the rate NaN, not 0.
    """
    rates = count_rates(labelled(table, split), "wrong", by=["label"])
    return fill_counts(rates.set_index("label").reindex(list(classes)).reset_index())


def average_classes(by_class: pd.DataFrame) -> dict[str, float]:
    """Average the error rates of the classes that have photos: rate, low, high.

    This is the balanced error rate, in which a rare class counts as much as a frequent one. Its
    interval is put together from those of the classes, which share no product, by the method of
    variance estimates recovery (Zou and Donner 2008).
    """
    known = by_class[by_class["n"] > 0]
    rate, share = float(known["rate"].mean()), 1 / max(len(known), 1)
    below, above = known["rate"] - known["low"], known["high"] - known["rate"]
    return {
        "rate": rate,
        "low": max(0.0, rate - share * float(np.sqrt((below**2).sum()))),
        "high": min(1.0, rate + share * float(np.sqrt((above**2).sum()))),
    }


def summarize_classes(table: pd.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    """Summarize valid by class: `balanced` (rate, low, high), `classes` {name: a rate with n}."""
    rates = error_by_class(table, classes, "valid")
    names = ["n", "hits", "rate", "low", "high"]
    known = rates[rates["n"] > 0].set_index("label")[names].rename(columns={"hits": "errors"})
    return {"balanced": average_classes(rates), "classes": known.to_dict("index")}


def precision_by_class(table: pd.DataFrame, classes: Sequence[str], split: str) -> pd.DataFrame:
    """Of the photos called each class, the share that are: prediction, n, ..., rate, low, high."""
    rates = count_rates(labelled(table, split), "correct", by=["prediction"])
    return fill_counts(rates.set_index("prediction").reindex(list(classes)).reset_index())


def count_confusions(table: pd.DataFrame, classes: Sequence[str], split: str) -> pd.DataFrame:
    """Count images by label (rows) and prediction (columns), both in the order of `classes`."""
    chosen = labelled(table, split)
    counts = pd.crosstab(chosen["label"], chosen["prediction"])
    return counts.reindex(index=list(classes), columns=list(classes), fill_value=0)


def count_calibration(table: pd.DataFrame, split: str, bins: int = 10) -> pd.DataFrame:
    """Compare how sure the run was with how often it was right, by equal bins of `prob`.

    Columns: bin (left edge, 0..1), mean_prob, n, ..., rate (of correct answers), low, high;
    empty bins are left out.
    """
    chosen = labelled(table, split)
    left = np.minimum((chosen["prob"] * bins).astype(int), bins - 1) / bins
    chosen = chosen.assign(bin=left)
    means = chosen.groupby("bin")["prob"].mean().rename("mean_prob").reset_index()
    rates = count_rates(chosen, "correct", by=["bin"]).astype({"bin": float})
    return means.merge(rates, on="bin")


def guess_error_rate(table: pd.DataFrame, split: str) -> float:
    """The error rate of always naming train's most frequent label, on one split, 0..1.

    Where nothing is known to be trained on, it is that split's own most frequent label.
    """
    train = labelled(table, "train")["label"]
    chosen = labelled(table, split)["label"]
    return float((chosen != (train if len(train) else chosen).mode().iloc[0]).mean())
