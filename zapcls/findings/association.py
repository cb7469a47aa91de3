"""What the data teach: how far the group tells the label in the catalogue, before any model."""

import dataclasses
import math
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.association import Association, count_shares, measure_association
from zapcls.blocks import Chart, Columns, Section, Table, Text, charts, numbers
from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask, keep_by
from zapcls.findings.groups import DRAWN

NEEDS = ("predictions", "colors")
SHARES = ["label", "n", "n_products", "share", "low", "high"]


@dataclass(frozen=True)
class Found:
    """The two figures, and how often each group of the catalogue has each label."""

    association: Association
    shares: pd.DataFrame  # `count_shares`


@keep_by(NEEDS, "by")
def find(evidence: Evidence, ask: Ask) -> Found:
    """Measure how group and label go together among all labelled photos of the catalogue."""
    table, groups = evidence.predictions, evidence.list_groups(ask.by)
    return Found(
        measure_association(table, by=ask.by),
        count_shares(table, groups, evidence.classes, ask.by),
    )


def section(found: Found, ask: Ask) -> Section:
    """Describe the two figures, with the share of the claim's label and the photos by group."""
    shares = found.shares[found.shares["label"] == ask.label]
    table = Table(
        write_shares(found.shares, ask), f"All labelled photos of the catalogue, by {ask.word}.",
        title="Shares as a table",
    )  # fmt: skip
    help_text = (
        f"Cramér's V measures how strongly {ask.word} and label go together, from 0 (not at all) "
        "to 1 (one determines the other). Mutual information is how many of the label's bits the "
        f"{ask.word} reveals. Both are corrected for chance; their intervals resample whole "
        "products, 500 times."
    )
    title = f"Share {ask.task.describe(ask.label)}, by {ask.word}"
    caption = "All labelled photos of the catalogue, before any model. Lines are 95 % intervals."
    drawn = shares.head(DRAWN)
    charted = Columns(
        (
            (Chart(title, draw_shares(drawn, ask), caption),),
            (Chart(f"Photos by {ask.word}", draw_counts(found.shares, drawn, ask), ""),),
        )
    )
    return Section(
        "association", f"What the data teach: {ask.word} and label",
        (Text(describe(found.association, ask), help=help_text), charted, table),
    )  # fmt: skip


def describe(found: Association, ask: Ask) -> str:
    """Describe the two figures with their intervals."""
    if math.isnan(found.cramers_v):
        return f"There is only one {ask.word} or one label here: neither can reveal the other."
    return (
        f"Cramér's V **{found.cramers_v:.3f}** ({found.v_low:.3f} to {found.v_high:.3f}); the "
        f"{ask.word} reveals **{found.bits:.3f}** bits ({found.bits_low:.3f} to "
        f"{found.bits_high:.3f}) of the label's {found.label_bits:.2f}: {found.n:,} photos, "
        f"{found.n_products:,} products of the catalogue, before any model."
    )


def draw_shares(shares: pd.DataFrame, ask: Ask) -> go.Figure:
    """Draw the share of one label in each group with its interval."""
    names = shares[ask.by].to_list()
    axis = charts.Axis(ticks=(0, 0.25, 0.5, 0.75, 1))
    return charts.rates(names, shares, [ask.swatch(name) for name in names], axis=axis)


def draw_counts(shares: pd.DataFrame, drawn: pd.DataFrame, ask: Ask) -> go.Figure:
    """Draw how many photos each group has; hovering tells the labels."""
    names = drawn[ask.by].to_list()
    hits = shares.pivot(index=ask.by, columns="label", values="hits")
    hover = [
        ", ".join(f"{label} {hits.loc[name, label]:,}" for label in ask.task.classes)
        for name in names
    ]
    swatches = [ask.swatch(name) for name in names]
    return charts.counts(names, drawn["n"].to_list(), swatches, "photos", hover)


def write_shares(shares: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Write how often each group has each label out for reading."""
    return pd.DataFrame(
        {
            ask.word: shares[ask.by],
            "label": shares["label"].map(ask.task.describe),
            "photos": shares["hits"],
            f"of all of this {ask.word}": shares["n"],
            "share (95 % interval)": [numbers.rate(row) for _, row in shares.iterrows()],
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `association`, one row, and `shares`."""
    shares = found.shares.rename(columns={"rate": "share"})
    return {
        "association": pd.DataFrame([dataclasses.asdict(found.association)]),
        "shares": shares[[ask.by, *SHARES]],
    }
