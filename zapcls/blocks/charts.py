"""The shapes of charts: rows with intervals, bars with intervals, squares, lines.

Numbers in, plotly figures out; nothing here knows of Streamlit, of the disk or of a finding.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from zapcls.blocks import numbers

# Okabe-Ito-like hues that do not say pink and blue; the first two are the usual two classes.
CLASS_COLORS = ("#128a86", "#e0952b", "#6f5b9a", "#8a9a3b", "#b5543c", "#4f7cac", "#8c8c8c")
NEUTRAL = "#8a8f98"
OUTLINE = {"width": 1, "color": "#888"}
PALE = 0.5  # opacity of what rests on few
HEIGHT = 320
WRAPPED = 24  # characters of a name in a line
_NO_MARGIN = {"l": 8, "r": 8, "t": 28, "b": 8}


def class_colors(classes: Sequence[str]) -> dict[str, str]:
    """Return each class's fixed color, by its place in the run's order.

    More classes than there are colors all have one: names on the axis tell them apart.
    """
    if len(classes) > len(CLASS_COLORS):
        return dict.fromkeys(classes, NEUTRAL)
    return dict(zip(classes, CLASS_COLORS, strict=False))


def figure_of(height: int = HEIGHT, **layout: object) -> go.Figure:
    """Begin a figure of a height in px in the house's layout."""
    figure = go.Figure()
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"}
    figure.update_layout(
        height=height, margin=_NO_MARGIN, legend=legend, hoverlabel={"namelength": -1}, **layout
    )
    return figure


def error_bars(middle: pd.Series, low: pd.Series, high: pd.Series, **look: Any) -> dict[str, Any]:
    """Return error bars from `low` to `high` around `middle`; none where that is NaN."""
    return {
        "type": "data", "symmetric": False, "array": high - middle, "arrayminus": middle - low,
        "color": NEUTRAL, "thickness": 1.5, "width": 4, **look,
    }  # fmt: skip


@dataclass(frozen=True)
class Dots:
    """One mark with its 95 % interval in each row of `rows`.

    `table` has the columns middle, low, high (NaN: nothing is drawn) and color; and if wanted pale
    (bool: it rests on few, and its interval may run off the axis), hover (text) and data (what a
    click gives, a tuple a row).
    """

    table: pd.DataFrame
    name: str = ""  # in the legend, "" for none
    symbol: str = "circle"


@dataclass(frozen=True)
class Axis:
    """The axis that the marks of `rows` lie on: rates, or around a null of 0 points."""

    title: str = ""
    null: float | None = None  # a dotted line at the value of no difference
    reach: float = 0.0  # around a null of 0, where charts are looked at together; 0: of the marks
    null_name: str = ""
    is_log: bool = False
    ticks: Sequence[float] = field(default=())


def rows(
    names: Sequence[str], dots: Sequence[Dots], axis: Axis, notes: Sequence[str] = ()
) -> go.Figure:
    """Draw marks with intervals, a row each, the first on top; `notes` stand at the right.

    Around a null of 0 the axis is symmetric. Pale marks do not set its ends, but no mark is
    outside.
    """
    height = 80 + 34 * len(names) + (30 if any(one.name for one in dots) else 0)
    figure = figure_of(height)
    if axis.null is not None:
        label = {"annotation_text": axis.null_name, "annotation_position": "top"}
        line = {"color": NEUTRAL, "dash": "dot"}
        figure.add_vline(x=axis.null, line=line, **(label if axis.null_name else {}))
    for place, one in enumerate(dots):
        shift = 0.3 * (place - (len(dots) - 1) / 2)
        _add_dots(figure, one, [row + shift for row in range(len(names))])
    for place, note in enumerate(notes):
        figure.add_annotation(
            xref="paper", x=1.01, y=place, text=note, showarrow=False, xanchor="left", font_size=12
        )
    if notes:
        figure.update_layout(margin_r=24 + 8 * max(map(len, notes)))
    figure.update_xaxes(title=axis.title or None, **_span(dots, axis))
    shown = [wrap(name) for name in names]
    return figure.update_yaxes(
        autorange="reversed", tickvals=list(range(len(names))), ticktext=shown, zeroline=False
    )


def wrap(name: str) -> str:
    """Break a long name into lines, so that a narrow chart is not all names."""
    lines = (textwrap.fill(line, WRAPPED, break_long_words=False) for line in name.split("<br>"))
    return "<br>".join(lines).replace("\n", "<br>")


def _add_dots(figure: go.Figure, dots: Dots, places: Sequence[float]) -> None:
    table = dots.table
    pale = table["pale"] if "pale" in table else pd.Series(False, index=table.index)
    figure.add_scatter(
        x=table["middle"], y=list(places), mode="markers", name=dots.name,
        marker={
            "size": 13, "symbol": dots.symbol, "color": list(table["color"]), "line": OUTLINE,
            "opacity": [PALE if is_pale else 1 for is_pale in pale],
        },
        error_x=error_bars(table["middle"], table["low"], table["high"]),
        customdata=list(table["data"]) if "data" in table else None,
        hovertext=table.get("hover"),
        hovertemplate="%{hovertext}<extra></extra>" if "hover" in table else None,
        showlegend=bool(dots.name),
    )  # fmt: skip


def _span(dots: Sequence[Dots], axis: Axis) -> dict[str, Any]:
    """Return the axis's range, type and ticks: from what does not rest on few."""
    ticks = {"tickvals": list(axis.ticks)} if axis.ticks else {}
    if axis.is_log:
        return {"type": "log"} | ticks
    table = pd.concat([one.table for one in dots], ignore_index=True)
    large = table[~table["pale"].astype(bool)] if "pale" in table else table
    ends = (large if large["middle"].notna().any() else table)[["low", "high"]]
    if axis.null == 0:
        own = max(1.2 * ends.abs().max().max(), 1.1 * table["middle"].abs().max(), 1e-3)
        reach = axis.reach or own
        span = [-reach, reach] if reach == reach else [-1, 1]
    else:
        top = max(ends["high"].max(), table["middle"].max())
        span = [0, min(1.0, top) * 1.06] if top == top and top > 0 else [0, 1]
    return percent_axis(span[0], span[1], axis.null == 0) | ticks


def percent_axis(low: float, high: float, is_points: bool = False) -> dict[str, Any]:
    """Return an axis from `low` to `high` (0..1) with its ticks as text writes them: 5 %, or +5."""
    if not high > low:  # nothing is drawn, or all of it at one place
        high = low + 1
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
    whole = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    digits = max(0, -math.floor(math.log10(step) + 1e-9) - 2)
    sign, unit = ("+", "") if is_points else ("", " %")
    texts = [f"{100 * n * step:{sign if n else ''}.{digits}f}{unit}" for n in whole]
    return {
        "range": [low, high], "tickvals": [n * step for n in whole],
        "ticktext": [text.replace("-", "−") for text in texts],
    }  # fmt: skip


def rates(
    names: Sequence[str],
    table: pd.DataFrame,
    colors: Sequence[str],
    data: Sequence[tuple[Any, ...]] = (),
    axis: Axis | None = None,
    nobody: str = "none",
) -> go.Figure:
    """Draw a rate a row with its interval, "4 of 40" beside it; a mark is clickable.

    `table` has n, hits, rate, low and high; where n is 0 no mark but `nobody` stands. `data` is
    what a click gives.
    """
    notes = [f"{row.hits:,} of {row.n:,}" if row.n else nobody for row in table.itertuples()]
    hover = [
        f"{name}: {numbers.rate(row)}<br>{note}"
        for name, note, (_, row) in zip(names, notes, table.iterrows(), strict=True)
    ]
    dots = table[["rate", "low", "high"]].rename(columns={"rate": "middle"})
    dots = dots.assign(color=list(colors), hover=hover, **({"data": list(data)} if data else {}))
    return rows(names, [Dots(dots)], axis or Axis(), notes)


def bars(
    groups: Sequence[str],
    series: Mapping[str, pd.DataFrame],
    colors: Mapping[str, str],
    title: str,
    swatches: Mapping[str, str] | None = None,
    nobody: str = "no such photos",
    top: float = 0.0,
) -> go.Figure:
    """Draw rates with intervals as bars, a bar a series in each group; a bar is clickable.

    Each table of `series` has a row a group, in the order of `groups`: n, hits, rate, low, high,
    and data (what a click gives). Bars of fewer than 20 photos are pale; where n is 0 `nobody`
    stands. `swatches` are squares of color below the groups' names. The axis ends at `top`, where
    charts are looked at together, else at the highest interval.
    """
    figure = figure_of(400, barmode="group", yaxis_title=title, bargap=0.25)
    for place, (name, table) in enumerate(series.items()):
        between = [
            f"{group}, {name}: {numbers.rate(row)}<br>{row['hits']:,} of {row['n']:,}"
            for group, (_, row) in zip(groups, table.iterrows(), strict=True)
        ]
        figure.add_bar(
            x=list(groups), y=table["rate"], name=name, offsetgroup=str(place),
            marker={"color": colors[name], "opacity": [1 if n >= 20 else 0.45 for n in table["n"]]},
            error_y=error_bars(table["rate"], table["low"], table["high"]),
            customdata=list(table["data"]) if "data" in table else None,
            hovertext=between, hovertemplate="%{hovertext}<extra></extra>",
        )  # fmt: skip
        aside = (place - (len(series) - 1) / 2) * 0.75 / len(series)
        for number in [number for number, n in enumerate(table["n"]) if not n]:
            figure.add_annotation(
                x=number + aside, y=0, text=nobody, textangle=-90, showarrow=False,
                yanchor="bottom", font={"size": 11, "color": NEUTRAL},
            )  # fmt: skip
    for number, group in enumerate(groups):
        if swatches and group in swatches:
            figure.add_shape(
                type="rect", xref="x", yref="paper", x0=number - 0.36, x1=number + 0.36, y0=-0.045,
                y1=-0.01, fillcolor=swatches[group], line=OUTLINE,
            )  # fmt: skip
    top = top or max((table["high"].max() for table in series.values()), default=0)
    figure.update_yaxes(**percent_axis(0, min(1.02, top * 1.05) if top > 0 else 1))
    return figure.update_xaxes(ticklabelstandoff=14 if swatches else 0, type="category")


def counts(
    names: Sequence[str],
    values: Sequence[int],
    colors: Sequence[str],
    title: str,
    hover: Sequence[str] = (),
) -> go.Figure:
    """Draw a count a row, the first on top, the number written at its end."""
    figure = figure_of(70 + 30 * len(names), xaxis_title=title)
    figure.add_bar(
        y=list(names), x=list(values), orientation="h",
        marker={"color": list(colors), "line": OUTLINE},
        text=[f"{value:,}" for value in values], textposition="outside", cliponaxis=False,
        customdata=list(hover) or None,
        hovertemplate="%{y}: %{customdata}<extra></extra>" if hover else None,
    )  # fmt: skip
    figure.update_xaxes(range=[0, max([1, *values]) * 1.15])  # room for the last number
    return figure.update_yaxes(autorange="reversed", type="category")


def opposed(counts: pd.DataFrame, colors: Sequence[str], title: str) -> go.Figure:
    """Draw two columns of counts, the first to the left of zero, the first row on top."""
    figure = figure_of(60 + 32 * len(counts), barmode="relative", xaxis_title=title)
    for sign, (name, values), color in zip((-1, 1), counts.items(), colors, strict=True):
        figure.add_bar(
            y=list(counts.index), x=[sign * value for value in values], orientation="h",
            name=name, marker_color=color, textposition="auto",
            text=[f"{value:,}" if value else "" for value in values],
            hovertemplate=f"%{{y}}: %{{text}}<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category")
    return figure.update_xaxes(showticklabels=False, zeroline=True)
