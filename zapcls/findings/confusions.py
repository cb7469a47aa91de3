"""Mix-ups: how many photos of each label are called each class."""

from dataclasses import dataclass

import pandas as pd

from zapcls.analysis.metrics import count_confusions, order_by_confusion
from zapcls.blocks import Block, Chart, Link, Links, Section, Text, charts, numbers
from zapcls.blocks.counts import FEW_CLASSES, squares
from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask

NEEDS = ("predictions", "check")
LISTED = 10  # pairs that are most often confused


@dataclass(frozen=True)
class Found:
    """`counts` has a row a label and a column a prediction, both in one order.

    That is the classes' own; of many classes those that are confused stand together.
    """

    counts: pd.DataFrame

    @property
    def pairs(self) -> pd.DataFrame:
        """The confused pairs, most photos first: label, prediction, n, share (of the label's)."""
        counts = self.counts.rename_axis(index="label", columns="prediction")
        pairs = counts.stack().rename("n").reset_index()
        pairs["share"] = pairs["n"] / pairs.groupby("label")["n"].transform("sum")
        is_confused = (pairs["label"] != pairs["prediction"]) & (pairs["n"] > 0)
        return pairs[is_confused].sort_values(
            "n", ascending=False, kind="stable", ignore_index=True
        )


def find(evidence: Evidence, ask: Ask) -> Found:
    """Count the asked split's photos by label and prediction."""
    table = evidence.answers(ask.source)
    counts = count_confusions(table, evidence.classes, ask.split)
    if len(counts) <= FEW_CLASSES:
        return Found(counts)
    order = order_by_confusion(counts)
    return Found(counts.loc[order, order])


def section(found: Found, ask: Ask) -> Section:
    """Show a square for each label and prediction, and the pairs that are most often confused."""
    task, pairs = ask.task, found.pairs
    shown = pairs.head(LISTED)
    names = {name: task.name(name) for name in task.classes}
    figure = squares(found.counts, names, charts.class_colors(task.classes), ("called", task.verb))
    chart = Chart(
        "", figure,
        f"{numbers.begin(ask.source_name)}: photos, and their share of the row."
        + ("" if len(found.counts) <= FEW_CLASSES else " Confused classes stand together."),
        {
            (label, called): view(label, called, ask)
            for label in task.classes
            for called in task.classes
        },
    )  # fmt: skip
    links = Links(
        tuple(
            Link(
                f"cell-{row.label}-{row.prediction}",
                f"{task.name(row.label)} called {task.name(row.prediction)}: {row.n:,}",
                view(row.label, row.prediction, ask),
                f"{numbers.percent(row.share)} of what is {task.describe(row.label)}.",
            )
            for row in shown.itertuples()
        )
    )
    blocks: list[Block] = [chart, Text(describe(found), "note"), links]
    return Section("confusions", "Mix-ups", tuple(blocks))


def view(label: str, called: str, ask: Ask) -> dict[str, object]:
    """Return the gallery's filters that show the photos of a square."""
    answer = "right" if label == called else "wrong"
    return ask.view(label=[label], prediction=[called], answer=answer)


def describe(found: Found) -> str:
    """Describe how many errors the listed pairs hold."""
    pairs = found.pairs
    wrong, shown = int(pairs["n"].sum()), pairs.head(LISTED)
    if not wrong:
        return "Nothing is mixed up."
    if len(pairs) <= LISTED:
        return f"All {wrong:,} errors, by pair:"
    return (
        f"The {LISTED} most confused of {len(pairs):,} pairs hold {int(shown['n'].sum()):,} of "
        f"{wrong:,} errors:"
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return `confusions`: label, prediction, n of every cell."""
    counts = found.counts.rename_axis(index="label", columns="prediction")
    return {"confusions": counts.stack().rename("n").reset_index()}
