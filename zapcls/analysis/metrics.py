"""Predictions and what they amount to: the table, rates by split and class, confusions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.special import log_softmax

from zapcls import schema
from zapcls.analysis.intervals import bound, count_rates, fill_counts, rate_of_ratio


def build_predictions(
    split: pd.DataFrame,
    logits: np.ndarray,
    classes: Sequence[str],
    target: str,
    decide: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Build the predictions table (`schema.PREDICTIONS`) and all probabilities.

    `split` (`schema.SPLIT`) and `logits` (n, classes) have the same rows, in the same order.
    A row whose label is none of the classes gets a prediction but no loss. Without a column
    `catalog_label` the labels are the catalogue's. `decide` makes the index of the answer of
    probabilities (n, classes): that of the likeliest class unless given.

    Returns:
        The table, and float32 (n, classes) in the order of `classes`.
    """
    log_prob = log_softmax(logits.astype(np.float64), axis=1)
    prob = np.exp(log_prob)
    best = decide(prob) if decide else prob.argmax(axis=1)
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
    is_chosen = table["label"] != ""
    if split is not None:
        is_chosen &= table["split"] == split
    chosen = table[is_chosen]
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


def average_classes(table: pd.DataFrame, classes: Sequence[str], split: str) -> dict[str, float]:
    """Average the error rates of the classes that have photos in one split: rate, low, high.

    This is the balanced error rate, in which a rare class counts as much as a frequent one. Its
    interval is put together from those of the classes by the method of variance estimates recovery,
    with their correlations, for a product may have photos of several (Zou and Donner 2008).
    """
    rates = error_by_class(table, classes, split).set_index("label")
    known = rates[rates["n"] > 0]
    rate, count = float(known["rate"].mean()), max(len(known), 1)
    shared = _correlate_classes(labelled(table, split), known["rate"])

    def join(reach: pd.Series) -> float:
        return float(np.sqrt(max(0.0, reach.to_numpy() @ shared @ reach.to_numpy()))) / count

    return {
        "rate": rate,
        "low": max(0.0, rate - join(known["rate"] - known["low"])),
        "high": min(1.0, rate + join(known["high"] - known["rate"])),
    }


def _correlate_classes(chosen: pd.DataFrame, rates: pd.Series) -> np.ndarray:
    """Return the correlations of the error rates of classes that come of products in several."""
    gaps = chosen["wrong"] - chosen["label"].map(rates).astype(float)
    sums = gaps.groupby([chosen["product_id"], chosen["label"]]).sum().unstack(fill_value=0.0)
    sums = sums.reindex(columns=rates.index, fill_value=0.0).to_numpy()
    sizes = np.linalg.norm(sums, axis=0)
    shared = sums.T @ sums / np.maximum(np.outer(sizes, sizes), np.finfo(float).tiny)
    np.fill_diagonal(shared, 1.0)  # also of a class that is never, or always, wrong
    return shared


def summarize_classes(table: pd.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    """Summarize valid by class: `balanced` and `macro_f1` (rate, low, high), `classes` {name: a
    rate with n}."""
    rates = error_by_class(table, classes, "valid")
    names = ["n", "hits", "rate", "low", "high"]
    known = rates[rates["n"] > 0].set_index("label")[names].rename(columns={"hits": "errors"})
    averages = {
        "balanced": average_classes(table, classes, "valid"),
        "macro_f1": macro_f1(table, classes, "valid"),
    }
    return averages | {"classes": known.to_dict("index")}


def precision_by_class(table: pd.DataFrame, classes: Sequence[str], split: str) -> pd.DataFrame:
    """Of the photos called each class, the share that are: prediction, n, ..., rate, low, high."""
    rates = count_rates(labelled(table, split), "correct", by=["prediction"])
    return fill_counts(rates.set_index("prediction").reindex(list(classes)).reset_index())


def f1_by_class(table: pd.DataFrame, classes: Sequence[str], split: str) -> pd.DataFrame:
    """Return the F1 of each class in one split: label, rate, low, high; NaN without such photos.

    F1 is 2 tp / (labelled so + called so): a ratio of two sums over products.
    """
    parts = _count_f1(labelled(table, split), classes)
    rows = [rate_of_ratio(part[part["n"] > 0]) for part in parts.values()]
    return pd.DataFrame(rows, columns=["rate", "low", "high"]).assign(label=list(parts))


def macro_f1(table: pd.DataFrame, classes: Sequence[str], split: str) -> dict[str, float]:
    """Average the F1 of the classes that have photos in one split: rate, low, high, 0..1.

    A wrong answer counts against two classes, so that their F1 are not independent: the interval
    is Wilson's at the variance of the products' influence on the mean.
    """
    chosen = labelled(table, split)
    parts = _count_f1(chosen, [name for name in classes if (chosen["label"] == name).any()])
    if not parts:
        return dict.fromkeys(("rate", "low", "high"), np.nan)
    rates = {name: part["hits"].sum() / part["n"].sum() for name, part in parts.items()}
    influence = sum(
        (part["hits"] - rates[name] * part["n"]) / part["n"].sum() / len(parts)
        for name, part in parts.items()
    )
    rate, products = float(np.mean(list(rates.values()))), len(influence)
    variance = products / max(products - 1, 1) * float((influence**2).sum())
    n = min(rate * (1 - rate) / variance, len(chosen)) if variance else products
    low, high = bound(rate, n, len(chosen), products)
    return {"rate": rate, "low": low, "high": high}


def _count_f1(chosen: pd.DataFrame, classes: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Count, for each class, each product's `hits` (2 tp) and `n` (labelled so + called so)."""
    parts = {}
    for name in classes:
        is_label, is_called = chosen["label"] == name, chosen["prediction"] == name
        counts = pd.DataFrame(
            {"n": is_label * 1.0 + is_called, "hits": 2.0 * (is_label & is_called)}
        )
        parts[name] = counts.groupby(chosen["product_id"]).sum()
    return parts


def order_by_confusion(counts: pd.DataFrame) -> list[str]:
    """Order classes so that those that are taken for each other stand together.

    `counts` is of `count_confusions`. Classes are near by the mean of the shares of each that are
    called the other; the order is that of the leaves of an average-linkage tree in which the
    distance between neighbors is least (Bar-Joseph and others 2001).
    """
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0).to_numpy()
    distance = 1 - (shares + shares.T) / 2
    if len(distance) < 3:
        return list(counts.index)
    tree = linkage(distance[np.triu_indices(len(distance), 1)], "average", optimal_ordering=True)
    return [str(counts.index[leaf]) for leaf in leaves_list(tree)]


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


def find_most_frequent(table: pd.DataFrame, split: str) -> str:
    """Find train's most frequent label; where nothing is known to be trained on, the split's own.

    "" where there is no label at all.
    """
    train = labelled(table, "train")["label"]
    labels = train if len(train) else labelled(table, split)["label"]
    return str(labels.mode().iloc[0]) if len(labels) else ""


def guess_error_rate(table: pd.DataFrame, split: str) -> float:
    """Return the error rate of always answering `find_most_frequent`, on one split, 0..1."""
    return float((labelled(table, split)["label"] != find_most_frequent(table, split)).mean())
