"""Is the run as often right as it is sure?"""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.abstention import calibration_error
from zapcls.analysis.metrics import count_calibration
from zapcls.blocks import Chart, Section, Text, charts, numbers
from zapcls.blocks.lines import Line, lines
from zapcls.evidence import Evidence
from zapcls.findings.ask import RUN, Ask
from zapcls.workspace.imports import find_lack

NEEDS = ("predictions", "check")


@dataclass(frozen=True)
class Found:
    """`bins` is as `count_calibration` returns it; `lack` says why there are none, or is ""."""

    bins: pd.DataFrame
    lack: str = ""


def find(evidence: Evidence, ask: Ask) -> Found:
    """Compare how sure the answers are with how often they are right."""
    answers = evidence.answers(ask.source)
    lack = find_lack(evidence.run, "probabilities", "calibration") if ask.source == RUN else ""
    return Found(count_calibration(answers.head(0) if lack else answers, ask.split), lack)


def section(found: Found, ask: Ask) -> Section:
    """Show how often the run was right against how sure it was."""
    title = "How sure, how right"
    if found.lack:
        return Section("calibration", title, (Text(found.lack, "missing"),))
    chart = Chart(
        "", draw(found.bins),
        f"{numbers.begin(ask.source_name)}. On the dotted line, the run is right as often as it is "
        "sure.",
    )  # fmt: skip
    return Section("calibration", title, (chart, Text(describe(found), "note")))


def describe(found: Found) -> str:
    """Describe how sure the run is on average, and how often it is right."""
    bins = found.bins
    n = bins["n"].sum()
    if not n:
        return "There are no photos to compare."
    sure, right = (bins["mean_prob"] * bins["n"]).sum() / n, bins["hits"].sum() / n
    return (
        f"On average it is {numbers.percent(sure)} sure of its answer, and right on "
        f"{numbers.percent(right)} of {n:,} photos. Expected calibration error: "
        f"{numbers.points(calibration_error(bins)).lstrip('+')} points."
    )


def draw(bins: pd.DataFrame) -> go.Figure:
    """Draw the share of right answers over the probability, with intervals."""
    points = bins.rename(columns={"mean_prob": "x", "rate": "y"})
    diagonal = Line(pd.DataFrame({"x": [0, 1], "y": [0, 1]}), dash="dot")
    points["hover"] = [
        f"sure {numbers.percent(row.x)}, right {numbers.percent(row.y)}, n = {row.n:,}"
        for row in points.itertuples()
    ]
    line = Line(points, color=charts.CLASS_COLORS[2], mode="markers+lines", size=9)
    figure = lines((diagonal, line), "how sure the run was", "how often it was right")
    surest = bins["mean_prob"].min() if len(bins) else 0.5
    figure.update_xaxes(**charts.percent_axis(max(0.0, surest - 0.05), 1.01))
    return figure.update_yaxes(**charts.percent_axis(0, 1.02))


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return `calibration` (bin, mean_prob, n, hits, rate, low, high) and `calibration_error`."""
    error = pd.DataFrame([{"calibration_error": calibration_error(found.bins)}])
    return {"calibration": found.bins, "calibration_error": error}
