"""A run's answers: confusions, calibration."""

import pandas as pd
import plotly.graph_objects as go

from zapcls.charts.base import CLASS_COLORS, NEUTRAL, class_colors, figure_of, intervals


def _pale(color: str, share: float) -> str:
    """Mix a color with white, more of it for a larger share (0..1); dark text stays legible."""
    weight = 0.12 + 0.5 * share
    channels = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    mixed = [round(255 + (channel - 255) * weight) for channel in channels]
    return "rgb({},{},{})".format(*mixed)


def confusions(counts: pd.DataFrame) -> go.Figure:
    """Draw the confusion counts as clickable squares; customdata is (label, prediction)."""
    labels, predictions = list(counts.index), list(counts.columns)
    cells = [(label, called) for label in labels for called in predictions]
    totals = counts.sum(axis=1)
    shares = [counts.loc[a, b] / max(totals[a], 1) for a, b in cells]
    palette = class_colors(labels)
    figure = figure_of(120 + 110 * len(labels), xaxis_title="called", yaxis_title="sold as")
    figure.add_scatter(
        x=[called for _, called in cells],
        y=[label for label, _ in cells],
        mode="markers+text",
        marker={
            "symbol": "square",
            "size": 92 if len(labels) <= 3 else 56,
            "color": [
                _pale(palette[label], share)
                for (label, _), share in zip(cells, shares, strict=True)
            ],
            "opacity": 1,
            "line": {"width": 0},
        },
        text=[
            f"<b>{counts.loc[a, b]:,}</b><br>{share:.1%}"
            for (a, b), share in zip(cells, shares, strict=True)
        ],
        textfont={"size": 14, "color": "#16191c"},  # the squares are light in both themes
        customdata=cells,
        hovertemplate="sold as %{customdata[0]}, called %{customdata[1]}<extra></extra>",
        showlegend=False,
    )
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_xaxes(range=[-0.6, len(predictions) - 0.4])
    return figure


def calibration(table: pd.DataFrame) -> go.Figure:
    """Draw how often the run was right against how sure it was, with intervals."""
    figure = figure_of(
        300, xaxis_title="how sure the run was", yaxis_title="how often it was right"
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": NEUTRAL, "dash": "dot"}, showlegend=False
    )
    figure.add_scatter(
        x=table["mean_prob"],
        y=table["rate"],
        mode="markers+lines",
        marker={"size": 9, "color": CLASS_COLORS[2]},
        error_y=intervals(table),
        customdata=table["n"],
        hovertemplate="sure %{x:.0%}, right %{y:.0%}, n = %{customdata}<extra></extra>",
        showlegend=False,
    )
    surest = table["mean_prob"].min() if len(table) else 0.5
    figure.update_xaxes(tickformat=".0%", range=[max(0.0, surest - 0.05), 1.01])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return figure
