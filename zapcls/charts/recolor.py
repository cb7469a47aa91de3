"""Recolored photos: how often, and which way, the answer changes with the color of the shoe."""

import pandas as pd
import plotly.graph_objects as go

from zapcls.charts.base import NEUTRAL, figure_of
from zapcls.data.color import SWATCHES

MIN_PRODUCTS = 20  # fewer are drawn pale


def flips(table: pd.DataFrame, control: str) -> go.Figure:
    """Draw the flip rate of each target color with its interval, and its control's beside it.

    `table` has rows of `recoloring.summarize_flips`, one a color; `control` names the control.
    """
    figure = _rows(len(table), "answers that change")
    figure.add_scatter(
        x=table["control_rate"], y=table["to"], mode="markers", name=control,
        marker={"symbol": "line-ns", "size": 16, "line": {"width": 3, "color": NEUTRAL}},
        hovertemplate="%{y}, " + control + ": %{x:.1%}<extra></extra>",
    )  # fmt: skip
    _add_dots(figure, table, "flip_rate", "low", "high", "%{x:.1%} (%{customdata[0]:.1%} to "
              "%{customdata[1]:.1%})")  # fmt: skip
    _write_n(figure, table)
    top = max(_find_large(table)["high"].max(), table["control_rate"].max(), 0.05)
    top = max(top, table["flip_rate"].max())  # no mark lies outside
    figure.update_xaxes(tickformat=".0%", range=[0, min(1, top) * 1.03])
    return figure


def shifts(table: pd.DataFrame, toward: str, away: str) -> go.Figure:
    """Draw the shift of the first class's probability for each target color, with intervals.

    `toward` and `away` name what right and left of zero mean.
    """
    figure = _rows(len(table), f"← {away} · mean shift of the probability · {toward} →")
    figure.add_vline(x=0, line={"color": NEUTRAL, "dash": "dot"})
    _add_dots(figure, table, "shift", "shift_low", "shift_high", "%{x:+.3f} (%{customdata[0]:+.3f} "
              "to %{customdata[1]:+.3f})")  # fmt: skip
    large = _find_large(table)[["shift_low", "shift_high"]].abs().max().max()
    reach = 1.1 * max(0.02, large, table["shift"].abs().max())
    figure.update_xaxes(tickformat="+.2f", range=[-reach, reach])
    return figure


def _find_large(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the axis is made for: a small group's interval may run off it."""
    large = table[table["n_products"] >= MIN_PRODUCTS]
    return large if len(large) else table


def _rows(count: int, title: str) -> go.Figure:
    figure = figure_of(100 + 30 * count, xaxis_title=title)
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def _add_dots(
    figure: go.Figure, table: pd.DataFrame, middle: str, low: str, high: str, said: str
) -> None:
    figure.add_scatter(
        x=table[middle], y=table["to"], mode="markers", showlegend=False,
        marker={
            "size": 13, "line": {"width": 1, "color": "#888"},
            "color": [SWATCHES[color] for color in table["to"]],
            "opacity": [1 if n >= MIN_PRODUCTS else 0.35 for n in table["n_products"]],
        },
        error_x={
            "type": "data", "symmetric": False, "array": table[high] - table[middle],
            "arrayminus": table[middle] - table[low], "color": NEUTRAL, "thickness": 1.5,
            "width": 4,
        },
        customdata=table[[low, high, "n", "n_products"]],
        hovertemplate="turned %{y}: " + said + "<br>%{customdata[2]:,} photos, "
        "%{customdata[3]:,} products<extra></extra>",
    )  # fmt: skip


def _write_n(figure: go.Figure, table: pd.DataFrame) -> None:
    for row in table.itertuples():
        figure.add_annotation(
            xref="paper", x=1.01, y=row.to, text=f"{row.flips:,} of {row.n:,}", showarrow=False,
            xanchor="left", font_size=12,
        )  # fmt: skip
    figure.update_layout(margin_r=84)
