"""Colors: rates, counts, differences."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from zapcls.charts.base import NEUTRAL, class_colors, figure_of, intervals
from zapcls.data.color import SWATCHES

MIN_PRODUCTS = 20  # fewer are drawn pale


def error_by_color(table: pd.DataFrame, classes: Sequence[str]) -> go.Figure:
    """Draw the error rate by color, a bar a label, with intervals; a bar is clickable.

    `table` is `color_bias.error_by_color`; each bar's customdata is (color, label, n, ...).
    """
    figure = figure_of(400, barmode="group", yaxis_title="error rate", bargap=0.25)
    outline = class_colors(classes)
    for place, label in enumerate(classes):
        rows = table[table["label"] == label]
        figure.add_bar(
            x=rows["color"],
            y=rows["rate"],
            name=label,
            marker={
                "color": outline[label],
                "opacity": [1.0 if n >= 20 else 0.45 for n in rows["n"]],
            },
            error_y=intervals(rows),
            customdata=rows[["color", "label", "n", "hits", "low", "high"]],
            hovertemplate="%{customdata[0]}, %{customdata[1]}: %{y:.1%} "
            "(%{customdata[4]:.1%} to %{customdata[5]:.1%})<br>"
            "%{customdata[3]} of %{customdata[2]} wrong<extra></extra>",
            offsetgroup=str(place),
        )
    colors = list(dict.fromkeys(table["color"]))
    for row in table[table["n"] == 0].itertuples():
        aside = (list(classes).index(row.label) - (len(classes) - 1) / 2) * 0.75 / len(classes)
        figure.add_annotation(
            x=colors.index(row.color) + aside,
            y=0,
            text="no such shoes",
            textangle=-90,
            showarrow=False,
            yanchor="bottom",
            font={"size": 11, "color": NEUTRAL},
        )
    for color in colors:  # the swatch under its name
        figure.add_shape(
            type="rect",
            xref="x",
            yref="paper",
            x0=colors.index(color) - 0.36,
            x1=colors.index(color) + 0.36,
            y0=-0.045,
            y1=-0.01,
            fillcolor=SWATCHES[color],
            line={"color": "#888", "width": 1},
        )
    top = table["high"].max()
    figure.update_yaxes(tickformat=".0%", range=[0, min(1.02, top * 1.05) if top > 0 else 1])
    figure.update_xaxes(ticklabelstandoff=14)
    return figure


def counts_by_color(
    table: pd.DataFrame, colors: Sequence[str], classes: Sequence[str]
) -> go.Figure:
    """Draw how many kept photos each color has, in its swatch; hovering tells the labels."""
    counts = pd.crosstab(table["color"], table["label"])
    counts = counts.reindex(index=list(colors), columns=list(classes), fill_value=0)
    total = counts.sum(axis=1)
    notes = [
        ", ".join(f"{label} {counts.loc[color, label]:,}" for label in classes) for color in colors
    ]
    figure = figure_of(70 + 30 * len(colors), xaxis_title="photos")
    figure.add_bar(
        y=list(colors),
        x=total,
        orientation="h",
        marker={
            "color": [SWATCHES[color] for color in colors],
            "line": {"color": "#888", "width": 1},
        },
        text=[f"{n:,}" for n in total],
        textposition="outside",
        cliponaxis=False,
        customdata=notes,
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )
    figure.update_xaxes(range=[0, max(1, total.max()) * 1.15])  # room for the last number
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def pairs(found: pd.DataFrame, title: str = "error rate, this color minus others") -> go.Figure:
    """Draw the difference of each color (the index of `found`) with its interval, n beside it."""
    figure = go.Figure()
    figure.add_vline(x=0, line={"color": NEUTRAL, "dash": "dot"})
    figure.add_scatter(
        x=found["difference"],
        y=list(found.index),
        mode="markers",
        marker={
            "size": 13,
            "color": [SWATCHES[color] for color in found.index],
            "opacity": [1 if n >= MIN_PRODUCTS else 0.35 for n in found["n_products"]],
            "line": {"width": 1, "color": "#888"},
        },
        error_x=intervals(found, "difference"),
        customdata=found[["low", "high", "n_products", "p_holm"]],
        hovertemplate="%{y}: %{x:+.1%} (%{customdata[0]:+.1%} to %{customdata[1]:+.1%})"
        "<br>%{customdata[2]:,} products<br>corrected p %{customdata[3]:.2g}<extra></extra>",
        showlegend=False,
    )
    for color, row in found.iterrows():
        n = int(row["n_products"])
        figure.add_annotation(
            xref="paper", x=1.01, y=color, text=f"n = {n:,}" if n else "no such shoes",
            showarrow=False, xanchor="left", font_size=12,
        )  # fmt: skip
    large = found[found["n_products"] >= MIN_PRODUCTS]
    reach = 1.2 * max(0.05, (large if len(large) else found)[["low", "high"]].abs().max().max())
    reach = max(reach, 1.1 * found["difference"].abs().max())  # no mark lies outside
    figure.update_layout(height=80 + 32 * len(found), margin={"l": 8, "r": 76, "t": 8, "b": 8})
    figure.update_xaxes(tickformat="+.0%", range=[-reach, reach], title=title)
    figure.update_yaxes(autorange="reversed", type="category")
    return figure
