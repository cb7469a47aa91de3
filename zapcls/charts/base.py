"""What all figures share: the palette, the layout, error bars, rates in rows."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

# Okabe-Ito-like hues that do not say pink and blue; the first two are the usual two classes.
CLASS_COLORS = ("#128a86", "#e0952b", "#6f5b9a", "#8a9a3b", "#b5543c", "#4f7cac", "#8c8c8c")
NEUTRAL = "#8a8f98"
HEIGHT = 320
_NO_MARGIN = {"l": 8, "r": 8, "t": 28, "b": 8}


def class_colors(classes: Sequence[str]) -> dict[str, str]:
    """Give each class its fixed color, by its place in the run's order."""
    return {
        name: CLASS_COLORS[place % len(CLASS_COLORS)] for place, name in enumerate(list(classes))
    }


def figure_of(height: int = HEIGHT, **layout: object) -> go.Figure:
    """Begin a figure of a height in px in the house's layout."""
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin=_NO_MARGIN,
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "traceorder": "normal",
        },
        hoverlabel={"namelength": -1},
        **layout,
    )
    return figure


def intervals(table: pd.DataFrame, middle: str = "rate") -> dict[str, object]:
    """Error bars from `low` to `high` around the column `middle`; none where that is NaN."""
    return {
        "type": "data",
        "symmetric": False,
        "array": table["high"] - table[middle],
        "arrayminus": table[middle] - table["low"],
        "color": NEUTRAL,
        "thickness": 1.5,
        "width": 4,
    }


def rates(table: pd.DataFrame, names: Sequence[str], colors: Sequence[str]) -> go.Figure:
    """Draw a rate a row with its interval, n written beside; the first row on top.

    `table` has rate, low, high, n, hits; a row with n = 0 says "no such shoes".
    """
    figure = figure_of(60 + 44 * len(table))
    drawn = table["n"] > 0
    labels = [
        f"{row.hits:,} of {row.n:,}" if row.n else "no such shoes" for row in table.itertuples()
    ]
    figure.add_scatter(
        x=table["rate"].where(drawn),
        y=list(names),
        mode="markers",
        marker={"size": 13, "color": list(colors), "line": {"width": 1, "color": "#888"}},
        error_x=intervals(table),
        customdata=list(zip(labels, table["low"].fillna(0), table["high"].fillna(0), strict=True)),
        hovertemplate="%{y}: %{x:.1%} (%{customdata[1]:.1%} to %{customdata[2]:.1%})"
        "<br>%{customdata[0]}<extra></extra>",
        showlegend=False,
    )
    for name, text, row in zip(names, labels, table.itertuples(), strict=True):
        place = {"x": row.high if row.n else 0, "y": name, "text": text}
        figure.add_annotation(**place, showarrow=False, xanchor="left", xshift=10, font_size=12)
    top = table["high"].max() if drawn.any() else 1
    figure.update_xaxes(tickformat=".0%", range=[0, min(1.0, top) * 1.3])
    figure.update_yaxes(autorange="reversed", type="category")
    return figure
