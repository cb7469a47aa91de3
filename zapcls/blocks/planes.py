"""The shape of a chart of two measures: marks on a plane with intervals both ways, named aside."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go

from zapcls.blocks import numbers
from zapcls.blocks.charts import NEUTRAL, OUTLINE, PALE, figure_of, percent_axis

HEIGHT = 420
_NAME_SHARE = 0.4  # of the panel's width is for the names at its right
_GAP_SHARE = 0.085  # of its height, between two names


@dataclass(frozen=True)
class Ends:
    """A value with the ends of its interval; they may lie on one side of it."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Mark:
    """One mark with its intervals, the single measurements behind it, and its name."""

    name: str
    x: Ends
    y: Ends
    color: str
    hover: str
    singles: Sequence[tuple[float, float]] = field(default=())
    is_base: bool = False  # a diamond without intervals; dotted lines go through it


def plane(marks: Sequence[Mark], x_title: str, y_title: str) -> go.Figure:
    """Draw marks of two rates; single measurements are pale, names stand in a column at the right.

    The dotted lines go through the base: an interval that crosses one may be chance.
    """
    figure = figure_of(HEIGHT, xaxis_title=x_title, yaxis_title=y_title, showlegend=False)
    for mark in marks:
        if mark.is_base:
            figure.add_vline(x=mark.x.middle, line={"color": NEUTRAL, "dash": "dot"})
            figure.add_hline(y=mark.y.middle, line={"color": NEUTRAL, "dash": "dot"})
    for mark in marks:
        _add_singles(figure, mark)
    for mark in marks:
        _add_mark(figure, mark)
    x_range, y_range = _span(marks, 0), _span(marks, 1)
    _write_names(figure, marks, x_range[1] + 0.05 * (x_range[1] - x_range[0]), y_range)
    axis = {"showgrid": False, "zeroline": False}
    figure.update_xaxes(domain=[0, 1 - _NAME_SHARE], **percent_axis(*x_range), **axis)
    return figure.update_yaxes(**percent_axis(*y_range), **axis)


def _span(marks: Sequence[Mark], side: int) -> tuple[float, float]:
    """Return an axis's range: x (side 0) or y (1), with all that is drawn inside."""
    ends = [mark.y if side else mark.x for mark in marks]
    singles = [one[side] for mark in marks for one in mark.singles]
    low = min([*(min(one.low, one.middle) for one in ends), *singles])
    high = max([*(max(one.high, one.middle) for one in ends), *singles])
    room = 0.06 * max(high - low, 0.002)
    return low - room, high + room


def _add_singles(figure: go.Figure, mark: Mark) -> None:
    figure.add_scatter(
        x=[x for x, _ in mark.singles], y=[y for _, y in mark.singles], mode="markers",
        marker={"size": 7, "color": mark.color, "opacity": PALE},
        hovertext=[
            f"{mark.name}, one training<br>{numbers.percent(x)}, {numbers.percent(y)}"
            for x, y in mark.singles
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _add_mark(figure: go.Figure, mark: Mark) -> None:
    bars = {}
    if not mark.is_base:
        bars = {
            name: {
                "type": "data", "symmetric": False, "array": [side.high - side.middle],
                "arrayminus": [side.middle - side.low], "color": mark.color, "thickness": 1.5,
                "width": 4,
            }
            for name, side in (("error_x", mark.x), ("error_y", mark.y))
        }  # fmt: skip
    figure.add_scatter(
        x=[mark.x.middle], y=[mark.y.middle], mode="markers", name=mark.name,
        marker={
            "size": 13, "color": mark.color, "symbol": "diamond" if mark.is_base else "circle",
            "line": OUTLINE,
        },
        hovertemplate=f"{mark.hover}<extra></extra>", **bars,
    )  # fmt: skip


def _write_names(
    figure: go.Figure, marks: Sequence[Mark], place: float, y_range: tuple[float, float]
) -> None:
    """Write the names in a column at `place`, each with a line to its mark."""
    order = sorted(marks, key=lambda mark: mark.y.middle)
    heights = spread(np.array([mark.y.middle for mark in order]), y_range)
    for mark, height in zip(order, heights, strict=True):
        figure.add_annotation(
            x=mark.x.middle, y=mark.y.middle, ax=place, ay=height, axref="x", ayref="y",
            text=mark.name, xanchor="left", showarrow=True, arrowhead=0, arrowwidth=0.75,
            arrowcolor=mark.color, standoff=7, font_size=12,
        )  # fmt: skip


def spread(heights: np.ndarray, within: tuple[float, float]) -> np.ndarray:
    """Move sorted heights apart, as little as it takes for names to stand below each other."""
    gap = _GAP_SHARE * (within[1] - within[0])
    steps = gap * np.arange(len(heights))
    # Pushed up by those below; then the whole pile down again by what it rose, if there is room.
    placed = np.maximum.accumulate(heights - steps) + steps
    placed -= (placed - heights).mean()
    placed -= max(0.0, placed[-1] - (within[1] - gap / 2))
    return placed + max(0.0, (within[0] + gap / 2) - placed[0])
