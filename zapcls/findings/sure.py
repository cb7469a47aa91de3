"""Which answers can be relied on, and how many are left if only those are given?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis import abstention, metrics
from zapcls.blocks import Chart, Section, Table, Text, charts, numbers
from zapcls.blocks.lines import Line, lines
from zapcls.config.risks import RISK, RISKS, write_risk
from zapcls.evidence import Evidence
from zapcls.findings.ask import RUN, Ask

NEEDS = ("predictions",)


@dataclass(frozen=True)
class Found:
    """`risks` is as `abstention.count_risks` returns it, of the asked split; `error_rate` is of all
    its photos."""

    risks: pd.DataFrame
    thresholds: dict[str, float | None]  # by class, for RISK
    error_rate: float


def find(evidence: Evidence, ask: Ask) -> Found:
    """Find the thresholds on tune, and count what they come to on the asked split."""
    table, classes = evidence.answers(RUN), evidence.classes
    tune = metrics.labelled(table, "tune")
    return Found(
        abstention.count_risks(table, classes, ask.split),
        abstention.find_thresholds(tune, classes, RISK),
        float(metrics.labelled(table, ask.split)["wrong"].mean()),
    )


def section(found: Found, ask: Ask) -> Section:
    """Show how many answers are sure, how many of those are wrong, and at which probability."""
    chart = Chart(
        "", draw(found),
        f"{numbers.begin(ask.source_name)}. Each point is a share of sure answers that may be "
        "wrong, as set on tune; the dotted line is the error rate of all answers.",
    )  # fmt: skip
    blocks = (Text(describe(found, ask)), chart, Table(write_thresholds(found, ask)))
    return Section("sure", "Sure or not sure", blocks)


def describe(found: Found, ask: Ask) -> str:
    """Describe what the usual threshold comes to."""
    row = found.risks[found.risks["risk"] == RISK].iloc[0]
    allowed = (
        f"An answer is *sure* where tune suggests that at most {write_risk(RISK)} of such answers "
        "are wrong"
    )
    if not row["n"]:
        return (
            f"{allowed}. No answer on {ask.split} is sure: tune is too small, or has too many "
            "errors."
        )
    return (
        f"{allowed}. On {ask.split}, **{numbers.percent(row['coverage'])}** of the answers are "
        f"sure; of those {int(row['n']):,}, **{numbers.rate(row)}** are wrong, compared with "
        f"{numbers.percent(found.error_rate)} of all answers."
    )


def draw(found: Found) -> go.Figure:
    """Draw the share of wrong answers over the share of photos that are answered."""
    given = found.risks[found.risks["n"] > 0]
    told = [
        f"allowed {write_risk(row.risk)}: {numbers.percent(row.coverage)} answered, "
        f"{numbers.percent(row.rate)} of those wrong"
        for row in given.itertuples()
    ]
    points = given.rename(columns={"coverage": "x", "rate": "y"}).assign(hover=told)
    level = Line(pd.DataFrame({"x": [0.0, 1.0], "y": [found.error_rate] * 2}), dash="dot")
    line = Line(points, color=charts.CLASS_COLORS[2], mode="lines+markers", size=9)
    figure = lines((level, line), "answered", "wrong, of those answered")
    figure.update_xaxes(**charts.percent_axis(0, 1.02))
    highest = max(given["high"].max(), found.error_rate)
    return figure.update_yaxes(**charts.percent_axis(0, 1.05 * highest))


def write_thresholds(found: Found, ask: Ask) -> pd.DataFrame:
    """Write out what each share that can be allowed comes to."""
    rows = [row for _, row in found.risks.iterrows()]
    return pd.DataFrame(
        {
            "allowed wrong": list(map(write_risk, RISKS)),
            "sure": [numbers.percent(row["coverage"]) for row in rows],
            "photos": found.risks["n"],
            "wrong of those": [numbers.rate(row, nobody=ask.nobody) for row in rows],
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return `risks` (as counted) and `thresholds`: label, prob (NaN where none is sure)."""
    known = found.thresholds
    prob = np.array([np.nan if value is None else value for value in known.values()])
    return {
        "risks": found.risks, "thresholds": pd.DataFrame({"label": list(known), "prob": prob}),
    }  # fmt: skip
