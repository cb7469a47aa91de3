"""The shapes that show counts and shares: squares, stacks of bars, plain bars."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from zapcls.blocks import numbers
from zapcls.blocks.charts import CLASS_COLORS, class_colors, figure_of

FEW_CLASSES = len(CLASS_COLORS)  # more are drawn small, in one color
VERY_FEW = 3  # their squares fit half of a page
WRONG = CLASS_COLORS[4]
GROUND = "#dfe3e6"  # of what is right, where classes have no color of their own
INK = "#16191c"  # on squares, which are light in both themes
SHOWN = 8  # bars of one photo's probabilities at most


def mix_with_white(color: str, share: float) -> str:
    """Mix a color with white, less of it for a larger share (0..1); dark text stays legible."""
    weight = 0.12 + 0.5 * share
    channels = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    mixed = [round(255 + (channel - 255) * weight) for channel in channels]
    return "rgb({},{},{})".format(*mixed)


def squares(
    counts: pd.DataFrame, names: Mapping[str, str], colors: Mapping[str, str], titles: Sequence[str]
) -> go.Figure:
    """Draw counts as a clickable square each, darker for a larger share of its row.

    With more than FEW_CLASSES rows the squares are small, errors stand out in one color, and 0 is
    not written.

    Args:
        counts: a row a truth, a column an answer; customdata of a square is (row, column).
        names: what is written for a row or a column.
        colors: of each row, where there are few.
        titles: of the columns' axis and of the rows'.
    """
    cells = [(row, column) for row in counts.index for column in counts.columns]
    totals = counts.sum(axis=1)
    shares = [counts.loc[cell] / max(totals[cell[0]], 1) for cell in cells]
    is_small = len(counts) > FEW_CLASSES
    paints = [
        (
            GROUND
            if cell[0] == cell[1]
            else mix_with_white(WRONG, share**0.5)
            if share
            else "#f4f5f6"
        )
        if is_small
        else mix_with_white(colors[cell[0]], share)
        for cell, share in zip(cells, shares, strict=True)
    ]
    side, size = (110, 92) if len(counts) <= VERY_FEW else (27, 20) if is_small else (76, 64)
    figure = figure_of(140 + side * len(counts), xaxis_title=titles[0], yaxis_title=titles[1])
    figure.add_scatter(
        x=[names[column] for _, column in cells], y=[names[row] for row, _ in cells],
        mode="markers+text", customdata=cells, showlegend=False,
        marker={"symbol": "square", "size": size, "color": paints, "opacity": 1, "line_width": 0},
        text=[
            _write_square(counts.loc[cell], share, is_small)
            for cell, share in zip(cells, shares, strict=True)
        ],
        textfont={"size": 10 if is_small else 14, "color": INK},
        hovertext=[
            f"{titles[1]} {names[row]}, {titles[0]} {names[column]}: "
            f"{counts.loc[row, column]:,} ({numbers.percent(share)} of the row)"
            for (row, column), share in zip(cells, shares, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    last = len(counts.columns) - 0.4
    angle = {"tickangle": -60, "dtick": 1} if is_small else {}
    figure.update_xaxes(type="category", showgrid=False, range=[-0.6, last], **angle)
    return figure.update_yaxes(dtick=1 if is_small else None)


def _write_square(count: int, share: float, is_small: bool) -> str:
    if is_small:
        return f"{count:,}" if count else ""
    return f"<b>{count:,}</b><br>{numbers.percent(share)}"


def stacks(counts: pd.DataFrame, colors: Mapping[str, str], title: str = "photos") -> go.Figure:
    """Draw counts as horizontal bars, a row each, the first on top; columns are stacked.

    Where the columns have no colors of their own, the bars are whole and hovering tells them.
    """
    figure = figure_of(70 + 24 * len(counts), barmode="stack", xaxis_title=title)
    is_whole = len(set(colors.values())) < len(counts.columns)
    parts = {"": counts.sum(axis=1)} if is_whole else {name: counts[name] for name in counts}
    for name, values in parts.items():
        color = next(iter(colors.values())) if is_whole else colors[name]
        figure.add_bar(
            y=list(counts.index), x=values, orientation="h", name=name, marker_color=color,
            showlegend=not is_whole, customdata=write_parts(counts) if is_whole else None,
            hovertemplate="%{y}: %{customdata}<extra></extra>" if is_whole else None,
        )  # fmt: skip
    return figure.update_yaxes(autorange="reversed", type="category")


def write_parts(counts: pd.DataFrame) -> list[str]:
    """Write out the columns of each row: Women 120, Men 80; of many those not 0."""
    return [
        ", ".join(f"{name} {n:,}" for name, n in row.items() if n or len(row) <= FEW_CLASSES)
        for _, row in counts.iterrows()
    ]


def probabilities(prob: Mapping[str, float], name: Callable[[str], str] = str) -> go.Figure:
    """Draw one photo's class probabilities as bars; of many classes the likeliest, then the rest.

    Few classes stand in their own order, so that a class has one place on every photo. `name`
    writes a class.
    """
    shown, colors = list(prob), class_colors(list(prob))
    if len(prob) > SHOWN:
        shown = sorted(prob, key=lambda label: -prob[label])[: SHOWN - 1]
    bars = {name(label): (prob[label], colors[label]) for label in shown}
    if len(prob) > len(shown):
        rest = sum(prob.values()) - sum(prob[label] for label in shown)
        bars[f"{len(prob) - len(shown)} others"] = (max(0.0, rest), GROUND)
    figure = figure_of(30 + 34 * len(bars))
    figure.add_bar(
        y=list(bars), x=[p for p, _ in bars.values()], orientation="h",
        marker_color=[color for _, color in bars.values()],
        text=[numbers.probability(p) for p, _ in bars.values()], textposition="outside",
        hovertemplate="%{y}: %{text}<extra></extra>", cliponaxis=False,
    )  # fmt: skip
    figure.update_xaxes(range=[0, 1.25], visible=False)
    return figure.update_yaxes(autorange="reversed", type="category")
