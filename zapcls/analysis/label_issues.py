"""Labels that are probably wrong, and who says so.

Accusers are the out-of-fold heads (confident learning: Northcutt, Jiang and Chuang 2021,
https://doi.org/10.1613/jair.1.12125) and relatives of an image, for which no model is needed: the
other colors of its product and its near-duplicates. About half of such flags are right in the
literature: a suspect is something to look at, never something to delete.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues as find_confident_issues

from zapcls import schema


def pool_products(prob: np.ndarray, products: Sequence[str]) -> np.ndarray:
    """Return each image its product's probabilities: the geometric mean over its images.

    A product has one label, and its labels err together; several photos tell more than one.

    Returns:
        (n, classes), rows sum to 1.
    """
    logs = pd.DataFrame(np.log(np.clip(prob, 1e-6, 1)))
    mean = logs.groupby(np.asarray(products)).transform("mean").to_numpy()
    pooled = np.exp(mean - mean.max(axis=1, keepdims=True))
    return pooled / pooled.sum(axis=1, keepdims=True)


def find_label_issues(
    table: pd.DataFrame,
    prob: np.ndarray,
    classes: Sequence[str],
    catalog: pd.DataFrame,
    duplicates: pd.DataFrame,
) -> pd.DataFrame:
    """Find suspected label errors among labelled images (`schema.LABEL_ISSUES`, worst first).

    `label_quality` is the pooled out-of-fold probability of the label, times the share of the
    image's family (itself, its siblings, its near-duplicates) that is sold under the same label.
    An image is a suspect when confident learning names it, or when its family's labels differ and
    the other label has at least as many of them.

    Args:
        table: image_id, product_id, label of the n images.
        prob: (n, classes), out of fold, in the order of `table` and `classes`.
        catalog: image_id, product_id and `value`, the shop's own words, of all rows, dropped too.
        duplicates: image_id, other_id; each pair in both directions.
    """
    names = np.asarray(list(classes))
    codes = pd.Index(names).get_indexer(table["label"])
    pooled = pool_products(prob, table["product_id"].to_numpy())
    row = np.arange(len(table))
    accused = find_confident_issues(codes, pooled, filter_by="both", n_jobs=1)
    relatives = _list_relatives(table, catalog, duplicates)
    votes = _count_votes(table, relatives, names)
    own = votes[row, codes] + 1  # itself among them
    others = votes.copy()
    others[row, codes] = -1
    rival = others.argmax(axis=1)
    is_outvoted = others[row, rival] >= np.maximum(own, 1)
    model_says = pooled.argmax(axis=1)
    suggested = np.where(is_outvoted, rival, np.where(accused, model_says, codes))
    issues = pd.DataFrame(
        {
            "image_id": table["image_id"].to_numpy(),
            "product_id": table["product_id"].to_numpy(),
            "label": table["label"].to_numpy(),
            "suggested_label": names[suggested],
            "label_quality": pooled[row, codes] * own / (votes.sum(axis=1) + 1),
            "is_suspect": accused | is_outvoted,
            "reasons": _write_reasons(table, accused, pooled, names, relatives),
        }
    )
    issues = schema.conform(issues, schema.LABEL_ISSUES, "label issues")
    return issues.sort_values(["label_quality", "image_id"], ignore_index=True)


def _list_relatives(
    table: pd.DataFrame, catalog: pd.DataFrame, duplicates: pd.DataFrame
) -> pd.DataFrame:
    """List each image's relatives: image_id, label, other_id, value (the shop's), kind."""
    own = table[["image_id", "product_id", "label"]]
    known = catalog[["image_id", "product_id", "value"]].rename(columns={"image_id": "other_id"})
    siblings = own.merge(known, on="product_id").assign(kind="sibling")
    siblings = siblings[siblings["image_id"] != siblings["other_id"]]
    copies = (
        own.merge(duplicates[["image_id", "other_id"]], on="image_id")
        .merge(known, on="other_id", suffixes=("", "_other"))
        .query("product_id != product_id_other")
        .assign(kind="near-duplicate")
    )
    columns = ["image_id", "label", "other_id", "value", "kind"]
    return pd.concat([siblings[columns], copies[columns]], ignore_index=True)


def _count_votes(table: pd.DataFrame, relatives: pd.DataFrame, names: np.ndarray) -> np.ndarray:
    """Count the relatives sold under each class: int (n, classes)."""
    place = pd.Index(table["image_id"]).get_indexer(relatives["image_id"])
    code = pd.Index(names).get_indexer(relatives["value"])
    votes = np.zeros((len(table), len(names)), dtype=np.int64)
    np.add.at(votes, (place[code >= 0], code[code >= 0]), 1)
    return votes


def _write_reasons(
    table: pd.DataFrame,
    accused: np.ndarray,
    pooled: np.ndarray,
    names: np.ndarray,
    relatives: pd.DataFrame,
) -> list[str]:
    best, share = pooled.argmax(axis=1), 100 * pooled.max(axis=1)
    reasons = [
        [f"heads: {names[best[place]]}, {share[place]:.0f} %"] if is_accused else []
        for place, is_accused in enumerate(accused)
    ]
    place_of = {image_id: place for place, image_id in enumerate(table["image_id"])}
    differ = relatives[(relatives["value"] != relatives["label"]) & (relatives["value"] != "")]
    is_known = differ["value"].isin(names) | differ["value"].str.contains(
        schema.SEVERAL, regex=False
    )
    grouped = differ[is_known].groupby(["image_id", "kind", "value"], sort=True)["other_id"]
    for (image_id, kind, value), others in grouped.agg(["first", "size"]).iterrows():
        count = f" and {others['size'] - 1} more" if others["size"] > 1 else ""
        reasons[place_of[image_id]].append(f"{kind} {others['first']}{count}: {value}")
    return ["; ".join(found) for found in reasons]
