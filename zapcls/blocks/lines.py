"""The shape that shows how a figure goes on: lines, with intervals or marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from zapcls.blocks.charts import NEUTRAL, error_bars, figure_of

BAND = "rgba(138, 143, 152, 0.22)"  # NEUTRAL, so that lines show through


@dataclass(frozen=True)
class Line:
    """A line, marks, or both; `table` has the columns x and y, and low and high of an interval.

    `hover` is a template of plotly's, unless the table has its own text in `hover`.
    """

    table: pd.DataFrame
    name: str = ""  # in the legend, "" for none
    color: str = NEUTRAL
    mode: str = "lines"  # lines, markers or lines+markers
    dash: str = "solid"
    width: float = 2
    size: float = 6
    symbol: str = "circle"
    opacity: float = 1
    hover: str = ""
    group: str = ""  # lines of one entry in the legend


def lines(
    shown: Sequence[Line], x_title: str, y_title: str, height: int = 300, **layout: Any
) -> go.Figure:
    """Draw lines over each other, the last on top."""
    figure = figure_of(height, xaxis_title=x_title, yaxis_title=y_title, **layout)
    for line in shown:
        table = line.table
        has_interval = "low" in table
        figure.add_scatter(
            x=table["x"], y=table["y"], mode=line.mode, name=line.name or line.group,
            line={"color": line.color, "width": line.width, "dash": line.dash},
            marker={"color": line.color, "size": line.size, "symbol": line.symbol},
            opacity=line.opacity, showlegend=bool(line.name), legendgroup=line.group or None,
            error_y=error_bars(table["y"], table["low"], table["high"]) if has_interval else None,
            hovertext=table.get("hover"), hovertemplate=_choose_hover(line),
        )  # fmt: skip
    return figure


def _choose_hover(line: Line) -> str | None:
    hover = "%{hovertext}" if "hover" in line.table else line.hover
    return f"{hover}<extra></extra>" if hover else None


def band(table: pd.DataFrame, name: str) -> go.Scatter:
    """Build the area between low and high over x, named in the legend."""
    x, low, high = table["x"], table["low"], table["high"]
    return go.Scatter(
        x=[*x, *x[::-1]], y=[*high, *low[::-1]], mode="lines", line={"width": 0}, fill="toself",
        fillcolor=BAND, name=name, hoverinfo="skip",
    )  # fmt: skip
