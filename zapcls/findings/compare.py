"""Is the second run better than the first, on the same photos? Under the old and new labels."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis import compare
from zapcls.analysis.compare import RUNS
from zapcls.blocks import Block, Chart, Section, Table, Text, charts, numbers
from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask
from zapcls.findings.verdict import decide_row

NEEDS = ("predictions", "colors", "reviews")
# Blue and vermilion can be told apart without seeing red or green; no class has these two.
RUN_COLORS = dict(zip(RUNS, ("#4478b8", "#c2563a"), strict=True))
FEW = 20  # photos: a row of fewer is pale
P_HELP = (
    "p: how often chance alone would put the two rates this far apart, if for each product a coin "
    "toss decided which run gave which answers."
)
LABELS_HELP = (
    "Old labels are the catalogue's; corrected labels include the settled decisions from Review. "
    "Reviewers look at what a run got wrong, so the photos that they reviewed, and any total that "
    "includes these, favor what they corrected. Only photos that nobody reviewed are a fair test. "
    "Relabelled: photos on which the new label alone turns the first run from wrong to right, or "
    "back."
)


@dataclass(frozen=True)
class Found:
    """What two runs say of the photos that are valid in both."""

    pairs: pd.DataFrame  # `compare.pair_runs`, with the group column that is asked for
    summary: pd.DataFrame  # `compare.summarize`
    left_out: tuple[int, int]  # valid photos of each run that are not valid in the other
    is_imported: bool  # what one of them learned from is not known
    is_random: bool  # one of the splits lets a product's colors into train and valid
    corrected: int | None  # labels corrected for the second run; None: it is no retraining

    @property
    def is_reviewed(self) -> bool:
        """Whether anybody has reviewed one of the photos: else all rows of the summary are one."""
        return bool(self.summary.loc[self.summary["images"] == "reviewed", "n"].any())


def find(first: Evidence, second: Evidence, ask: Ask) -> Found:
    """Compare two runs' error rates on the same photos, under both labels.

    Raises:
        BadInput: they are one run, or differ in target, classes or catalogue.
    """
    pairs = pair(first, second, ask)
    configs = first.run.train_config, second.run.train_config
    is_child = second.run.parent_id == first.run.run_id
    one, other = (len(compare.held_out(run.predictions)) - len(pairs) for run in (first, second))
    return Found(
        pairs,
        compare.summarize(pairs),
        (one, other),
        first.run.is_imported or second.run.is_imported,
        "random" in [config.split for config in configs],
        second.run.config.get("corrected", 0) if is_child else None,
    )


def pair(first: Evidence, second: Evidence, ask: Ask) -> pd.DataFrame:
    """Pair the answers of two runs: `compare.pair_runs`, with the group column that is asked for.

    Raises:
        BadInput: they are one run, or differ in target, classes or catalogue; or there is no such
            column.
    """
    compare.check_comparable(first.run, second.run)
    second.list_groups(ask.by)  # names the attributes that there are, if it is none
    tables = first.predictions, second.predictions
    return compare.pair_runs(*tables, first.verdicts, ask.task.classes, ask.by)


def section(found: Found, ask: Ask) -> Section:
    """Describe whether one run is better where nobody reviewed, then under both labels."""
    blocks: list[Block] = [*describe_answer(found, ask), Text(describe_source(found), "note")]
    if not found.is_reviewed:
        row = found.summary.head(1)
        table = Table(write_summary(row, ask), "Nobody has reviewed these photos.", is_open=True)
        return Section("compare", "Is the second run better?", (*blocks, table))
    chart = Chart(
        "Under the old and the corrected labels", draw(found.summary, ask),
        "Left of zero, the second run errs less. Lines are 95 % intervals; products count.",
    )  # fmt: skip
    table = Table(write_summary(found.summary, ask), LABELS_HELP, is_open=True)
    return Section("compare", "Is the second run better?", (*blocks, chart, table))


def describe_answer(found: Found, ask: Ask) -> list[Block]:
    """Describe what differs on the photos that nobody reviewed, and whether chance explains it."""
    row = found.summary.iloc[0]
    if not row["n"]:
        said = f"No such {ask.task.things}: every photo that is valid in both runs was reviewed."
        return [Text(said, "lead")]
    rates, balanced = (
        " → ".join(numbers.percent(row[f"{kind}_{run}"]) for run in RUNS)
        for kind in ("rate", "balanced")
    )
    low, high = numbers.points(row["low"]), numbers.points(row["high"])
    p = "p < 0.001" if row["p"] < 0.001 else f"p = {numbers.p_value(row['p'])}"
    return [
        Text(f"On {row['n']:,} photos that nobody reviewed: {rates} wrong", "lead"),
        Text(
            f"**{numbers.points(row['difference'])} points** (95 % interval {low} to {high}, "
            f"counting {row['n_products']:,} products; {p}): {judge(row)}. With classes weighted "
            f"equally: {balanced}.",
            help=P_HELP,
        ),
    ]


def judge(row: Any) -> str:
    """Describe what the interval and p allow, and no more."""
    return decide_row(row, p="p").word(
        "the second run is wrong more often",
        "the second run is wrong less often",
        "the difference could be chance",
    )


def describe_source(found: Found) -> str:
    """Name where the figures come from, and what they leave out."""
    learned = "that neither of them learned from"
    if found.is_imported:
        learned = "that both answered; what an imported run learned from is not known"
    said = [f"Both runs, valid: {len(found.pairs):,} photos {learned}."]
    if any(found.left_out):
        one, other = found.left_out
        said.append(
            f"Their splits differ: {one:,} valid photos of the first run and {other:,} of the "
            "second are left out."
        )
    if found.is_random:
        said.append(
            "With a random split, the runs trained on other colors of the same products: the rates "
            "are too optimistic for new products."
        )
    if found.corrected is not None:
        corrected = f", {found.corrected:,} of its labels corrected" if found.corrected else ""
        said.append(f"The second run is a retraining of the first on the same split{corrected}.")
    return " ".join(said)


def draw(summary: pd.DataFrame, ask: Ask) -> go.Figure:
    """Draw the difference of the error rates in each row of the summary, n beside it."""
    names = [f"{row.images}, {row.labels} labels" for row in summary.itertuples()]
    return draw_differences(summary.assign(pale=summary["n"] < FEW), names, "error", ask)


def draw_differences(
    rows: pd.DataFrame,
    names: list[str],
    kind: str,
    ask: Ask,
    counted: str = "n",
    reach: float = 0.0,
) -> go.Figure:
    """Draw the paired difference of each row with its interval; left of zero the second is lower.

    `kind` of rate is error or flip; `rows` has pale, and color where a mark's is not the run's;
    `counted` is the column that is written beside, `reach` the end of the axis (0: its own).
    """
    table = pd.DataFrame(
        {
            "middle": rows["difference"], "low": rows["low"], "high": rows["high"],
            "pale": rows["pale"], "color": rows.get("color", RUN_COLORS["second"]),
            "hover": [
                f"{name}: {numbers.change(row)} points<br>n = {row[counted]:,}"
                for name, (_, row) in zip(names, rows.iterrows(), strict=True)
            ],
        }
    )  # fmt: skip
    notes = [f"n = {n:,}" if n else ask.nobody for n in rows[counted]]
    axis = charts.Axis(f"{kind} rate, second minus first, points", null=0, reach=reach)
    return charts.rows(names, [charts.Dots(table)], axis, notes)


def write_rates(rows: pd.DataFrame, hit: str, ask: Ask) -> dict[str, list[str]]:
    """Write each run's rate out with its interval, a column a run."""
    return {
        f"{run}, {hit}": [numbers.rate(row, f"_{run}", ask.nobody) for _, row in rows.iterrows()]
        for run in RUNS
    }


def write_summary(summary: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Write the summary out for reading; an empty group says so."""
    return pd.DataFrame(
        {
            "photos, labels": summary["images"] + ", " + summary["labels"],
            "n": summary["n"].map("{:,}".format),
            **write_rates(summary, "wrong", ask),
            "points": [numbers.change(row) for _, row in summary.iterrows()],
            "p": summary["p"].map(numbers.p_value),
            "fixed": summary["fixed"],
            "broken": summary["broken"],
            "relabelled": summary["by_relabelling"],
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `summary`, a row for each photos and labels."""
    return {"summary": found.summary}
