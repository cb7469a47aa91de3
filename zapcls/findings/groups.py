"""Which groups err more than the others of their label? Each color (brand, ...) and label."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.groups import compare_groups
from zapcls.blocks import Chart, Section, Table, Text, charts, numbers
from zapcls.data.color import SWATCHES
from zapcls.evidence import Evidence
from zapcls.findings.ask import SPLIT, Ask, keep_by
from zapcls.findings.verdict import FEW_PRODUCTS, decide_row

NEEDS = ("predictions", "colors", "check")
HELP = (
    "p: errors are moved between products of the label at random, 2,000 times, and more often "
    "where many groups are compared and p is small. Corrected (Holm): for all rows together. A "
    "difference counts as one where the corrected p is below 0.05 and the 95 % interval excludes "
    "0. Detectable: the smallest true rise that is found four times in five (p < 0.05, before "
    "the correction) with so many products."
)
DRAWN = 24  # groups in the chart at most
DRAWN_CLASSES = 4  # of more, the claim's two
FILTERS = ("color", "category", "sub_category", "brand")  # attributes that the gallery filters by
NAMED = 6  # groups that the sentence names at most


@dataclass(frozen=True)
class Found:
    """`groups` is as `compare_groups` returns it, for all groups and labels of one source."""

    groups: pd.DataFrame


@keep_by(NEEDS, "by", "source")
def find(evidence: Evidence, ask: Ask) -> Found:
    """Compare the error rate of each group and label with that of the label's other groups."""
    table = evidence.answers(ask.source)
    groups = evidence.list_groups(ask.by, ask.source)
    return Found(compare_groups(table, SPLIT, groups, evidence.classes, by=ask.by))


def section(found: Found, ask: Ask) -> Section:
    """Describe which groups differ, with a chart whose bars open their photos and a table."""
    groups, source = found.groups, numbers.begin(ask.source_name)
    chart = Chart(
        "",
        draw(groups, ask),
        f"{source}. Lines are 95 % intervals that count products, not photos; pale bars have fewer "
        "than 20 photos.",
        opens=link_groups(groups, ask),
    )
    table = Table(
        write_groups(groups, ask),
        f"{source}: each {ask.word} against all other {ask.words} of its label. Gray: fewer than "
        f"{FEW_PRODUCTS} products.",
        tuple(groups["is_small"]),
    )
    return Section(
        "groups", f"Error rate by {ask.word} and label",
        (Text(f"{source}: {describe(groups, ask)}", help=HELP), chart, table),
    )  # fmt: skip


def link_groups(groups: pd.DataFrame, ask: Ask) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what the bar of each group and label opens; nothing where no filter names a group."""
    if ask.by not in FILTERS:
        return {}
    return {
        (row[ask.by], row["label"]): ask.gallery(row[ask.by], row["label"], answer="wrong")
        for _, row in groups.iterrows()
    }


def draw(groups: pd.DataFrame, ask: Ask) -> go.Figure:
    """Draw the error rate of each group, a bar a label; of many groups those of most photos."""
    shown = groups.groupby(ask.by, sort=False)["n"].sum()
    if len(shown) > DRAWN:
        shown = shown.sort_values(ascending=False, kind="stable").head(DRAWN)
    names = list(shown.index)
    classes, colors = ask.task.classes, charts.class_colors(ask.task.classes)
    drawn = (
        classes if len(classes) <= DRAWN_CLASSES else tuple(filter(None, (ask.label, ask.called)))
    )
    tables = {label: rows.set_index(ask.by) for label, rows in groups.groupby("label")}
    series = {
        label: tables[label].loc[names].assign(data=[(name, label) for name in names])
        for label in drawn
    }
    swatches = SWATCHES if ask.by == "color" else None
    return charts.bars(names, series, colors, "error rate", swatches, ask.nobody)


def describe(groups: pd.DataFrame, ask: Ask) -> str:
    """Describe how many groups differ from the others of their label, and name the clearest."""
    rows = [row for _, row in groups.sort_values("p_holm").iterrows()]
    told = [row for row in rows if decide_row(row).is_told]
    names = [
        f"{ask.noun(row['label'], row[ask.by])} ({numbers.points(row['difference'])} points wrong)"
        for row in told[:NAMED]
    ]
    more = f" and {len(told) - NAMED:,} more" if len(told) > NAMED else ""
    named = f" They are: {', '.join(names)}{more}." if names else ""
    return (
        f"**{len(told):,} of {int(groups['p'].notna().sum()):,}** groups differ from the other "
        f"{ask.words} of their label after correcting for how many were tried.{named}"
    )


def write_groups(groups: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Write the groups out for reading; an empty one says so."""
    rows = [row for _, row in groups.iterrows()]
    return pd.DataFrame(
        {
            ask.word: groups[ask.by],
            "label": groups["label"].map(ask.task.describe),
            "photos": groups["n"],
            "products": groups["n_products"],
            "wrong": [numbers.rate(row, nobody=ask.nobody) for row in rows],
            f"other {ask.words}": [numbers.rate(row, "_others", ask.nobody) for row in rows],
            "points (95 % interval)": [numbers.change(row) for row in rows],
            "p": groups["p"].map(numbers.p_value),
            "p, corrected": groups["p_holm"].map(numbers.p_value),
            "detectable, points": [numbers.dash(row["detectable"], numbers.points) for row in rows],
            "mean probability of the label": [
                numbers.dash(row["mean_prob"], "{:.3f}".format) for row in rows
            ],
            "too sure by, points": [
                numbers.dash(row["calibration_gap"], numbers.points) for row in rows
            ],
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `by_color`, a row a group and label."""
    names = {"rate": "error_rate", "p_holm": "p_adjusted"}
    columns = ["source", ask.by, "label", "n", "n_products", "error_rate", "low", "high"]
    table = found.groups.rename(columns=names).assign(source=ask.source)
    return {f"by_{ask.by}": table[[*columns, "p_adjusted"]]}
