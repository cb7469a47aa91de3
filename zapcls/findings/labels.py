"""How well is each label of a column found, of those that a photo may have several of?"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from zapcls.analysis import metrics, ranking
from zapcls.blocks import Section, Table, Text, numbers
from zapcls.data.task import Task
from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask

NEEDS = ("predictions",)
TERMS = (
    "Average precision: for each photo that has the label, the share of all photos ranked as high "
    "that have it too, averaged over these photos; a random order scores the label's share. "
    "Precision: of the photos that are given the label, the share that have it. Recall: of the "
    "photos that have it, the share that are given it. F1: their harmonic mean. From: the "
    "threshold, the probability from which a label is given, chosen for the best expected F1 on "
    "tune. A label that a cell does not name counts as absent."
)


@dataclass(frozen=True)
class Found:
    """`labels` has a row a label of the column, in order; empty where the target is no label.

    Its columns: target, label, threshold, n (photos whose cell
    is known), n_with (of them with the label), n_products (of these), share, n_given, and rate, low
    and high as `<figure>`, `<figure>_low`, `<figure>_high` of average_precision, precision, recall
    and f1. `mean` is of the average precision, over the labels that any photo has.
    """

    labels: pd.DataFrame
    mean: dict[str, float]


def find(evidence: Evidence, ask: Ask) -> Found:
    """Count each label of the column on the asked split."""
    every = evidence.labels
    scores = {
        task: ranking.read_scores(table, task.classes, ask.split) for task, table in every.items()
    }
    rows = [_count(task, every[task], scores[task], ask.split) for task in every]
    return Found(pd.DataFrame(rows), ranking.mean_average_precision(list(scores.values())))


def _count(task: Task, table: pd.DataFrame, scores: pd.DataFrame, split: str) -> dict[str, Any]:
    """Count one label."""
    with_it = task.classes[:1]
    [wrong] = metrics.error_by_class(table, with_it, split).to_dict("records")
    [right] = metrics.precision_by_class(table, with_it, split).to_dict("records")
    [f1] = metrics.f1_by_class(table, with_it, split).to_dict("records")
    recall = {"rate": 1 - wrong["rate"], "low": 1 - wrong["high"], "high": 1 - wrong["low"]}
    counts = {
        "target": task.target, "label": with_it[0], "threshold": task.threshold, "n": len(scores),
        "n_with": wrong["n"], "n_products": wrong["n_products"],
        "share": wrong["n"] / max(len(scores), 1), "n_given": right["n"],
    }  # fmt: skip
    figures = {
        "average_precision": ranking.average_precision(scores), "precision": right,
        "recall": recall, "f1": f1,
    }  # fmt: skip
    for name, rate in figures.items():
        counts |= {name: rate["rate"], f"{name}_low": rate["low"], f"{name}_high": rate["high"]}
    return counts


def section(found: Found, ask: Ask) -> Section:
    """Describe the mean average precision, and list the labels."""
    if found.labels.empty:
        none = f"The {ask.task.word} is not a label that a photo can have alongside others."
        return Section("labels", "Label by label", (Text(none, "note"),))
    table = Table(
        write_labels(found, ask), f"{numbers.begin(ask.source_name)}. {TERMS}", title="",
        opens=tuple(ask.view(target=target) for target in found.labels["target"]),
    )  # fmt: skip
    return Section("labels", "Label by label", (Text(describe(found, ask)), table))


def describe(found: Found, ask: Ask) -> str:
    """Describe the mean average precision beside that of a random order."""
    known = found.labels[found.labels["n_with"] > 0]
    column, n = ask.task.column_word, int(found.labels["n"].max())
    if known.empty:
        return f"No photo of {ask.split} has a label of {column}."
    return (
        f"The mean average precision of {numbers.count(len(known), 'label')} of {column} is "
        f"**{numbers.percent(found.mean['rate'])}** (95 % interval "
        f"{numbers.interval(found.mean['low'], found.mean['high'])}, n = {n:,}); a random order "
        f"would score {numbers.percent(known['share'].mean())}."
    )


def write_labels(found: Found, ask: Ask) -> pd.DataFrame:
    """Write out each label: how many photos have it, and its rates with their intervals."""
    rows = found.labels.to_dict("records")
    return pd.DataFrame(
        {
            ask.task.column_word: found.labels["label"],
            "photos": [f"{row['n_with']:,} ({numbers.percent(row['share'])})" for row in rows],
            **{
                title: [_write(row, name, ask) for row in rows]
                for name, title in (
                    ("average_precision", "average precision"), ("precision", "precision"),
                    ("recall", "recall"), ("f1", "F1"),
                )
            },
            "from": [numbers.dash(row["threshold"], numbers.probability) for row in rows],
        }
    )  # fmt: skip


def _write(row: dict[str, Any], name: str, ask: Ask) -> str:
    if pd.isna(row[name]):
        return "none given" if name == "precision" and row["n_with"] else ask.nobody
    between = numbers.interval(row[f"{name}_low"], row[f"{name}_high"])
    return f"{numbers.percent(row[name])} ({between})"


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return `labels`, a row each, and `mean_average_precision`; nothing where there is none."""
    if found.labels.empty:
        return {}
    mean = pd.DataFrame([found.mean])
    return {"labels": found.labels, "mean_average_precision": mean}
