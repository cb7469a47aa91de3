"""Training options against each other: what each costs beside what it brings."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.trade import ALL_SEEDS, ERROR
from zapcls.charts.base import NEUTRAL, figure_of
from zapcls.color_options import BASE, OPTIONS

# Paul Tol's "bright" scheme, which can be told apart without seeing red or green.
OPTION_COLORS = dict(
    zip(
        OPTIONS,
        (NEUTRAL, "#4477aa", "#66909c", "#ee6677", "#aa3377", "#228833", "#b8860b"),
        strict=True,
    )
)
_NAME_SHARE = 0.4  # of the panel's width is for the names at its right
_GAP_SHARE = 0.085  # of its height, between two names


def trade(found: pd.DataFrame, measure: str, title: str) -> go.Figure:
    """Draw the error rate of each option (x) against another measure (y); lower left is better.

    `found` is `schema.TRADE`. Dotted lines go through the base line. The lines of a point are the
    95 % interval of its difference to the base line: one that crosses a dotted line may be chance.
    Pale points are the single seeds.
    """
    both = found[found["measure"].isin([ERROR, measure])].set_index(["option", "seed", "measure"])
    points = both.unstack("measure")
    x, y = (_read_side(points, name) for name in (ERROR, measure))
    figure = figure_of(420, xaxis_title="error rate", yaxis_title=title, showlegend=False)
    means = [option for option in OPTIONS if (option, ALL_SEEDS) in x.index]
    figure.add_vline(x=x.loc[(BASE, ALL_SEEDS), "rate"], line={"color": NEUTRAL, "dash": "dot"})
    figure.add_hline(y=y.loc[(BASE, ALL_SEEDS), "rate"], line={"color": NEUTRAL, "dash": "dot"})
    for option in means:
        _add_seeds(figure, option, x.loc[option], y.loc[option])
    for option in means:
        _add_option(figure, option, x.loc[(option, ALL_SEEDS)], y.loc[(option, ALL_SEEDS)])
    x_range, y_range = _span(x), _span(y)
    place = x_range[1] + 0.05 * (x_range[1] - x_range[0])
    across, up = (side.xs(ALL_SEEDS, level="seed").loc[means, "rate"] for side in (x, y))
    _write_names(figure, across, up, place, y_range)
    axis = {"tickformat": ".1~%", "showgrid": False, "zeroline": False, "nticks": 6}
    figure.update_xaxes(range=x_range, domain=[0, 1 - _NAME_SHARE], **axis)
    return figure.update_yaxes(range=y_range, **axis)


def _read_side(points: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The rates of one measure, and where its differences' intervals end on the axis."""
    side = points.xs(measure, axis=1, level="measure")
    base = side.loc[(BASE, ALL_SEEDS), "rate"]
    return side.assign(
        start=(base + side["difference_low"]).clip(lower=0).fillna(side["rate"]).astype(float),
        end=(base + side["difference_high"]).fillna(side["rate"]).astype(float),
    )


def _span(side: pd.DataFrame) -> tuple[float, float]:
    low, high = side[["start", "rate"]].min().min(), side[["end", "rate"]].max().max()
    room = 0.06 * max(high - low, 0.002)
    return low - room, high + room


def _add_seeds(figure: go.Figure, option: str, x: pd.DataFrame, y: pd.DataFrame) -> None:
    alone = x.index != ALL_SEEDS
    figure.add_scatter(
        x=x.loc[alone, "rate"], y=y.loc[alone, "rate"], mode="markers",
        marker={"size": 7, "color": OPTION_COLORS[option], "opacity": 0.35},
        hovertemplate=f"{OPTIONS[option].title}, one training<br>%{{x:.1%}}, %{{y:.1%}}"
        "<extra></extra>",
    )  # fmt: skip


def _add_option(figure: go.Figure, option: str, x: pd.Series, y: pd.Series) -> None:
    color, bars = OPTION_COLORS[option], {}
    if option != BASE:
        bars = {
            name: {
                "type": "data", "symmetric": False, "array": [side["end"] - side["rate"]],
                "arrayminus": [side["rate"] - side["start"]], "color": color, "thickness": 1.5,
                "width": 4,
            }
            for name, side in (("error_x", x), ("error_y", y))
        }  # fmt: skip
    said = [f"{side['rate']:.1%} ({side['low']:.1%} to {side['high']:.1%})" for side in (x, y)]
    figure.add_scatter(
        x=[x["rate"]], y=[y["rate"]], mode="markers", name=OPTIONS[option].title,
        marker={
            "size": 13, "color": color, "symbol": "diamond" if option == BASE else "circle",
            "line": {"width": 1, "color": "#888"},
        },
        hovertemplate=f"{OPTIONS[option].title}<br>error rate {said[0]}, n = {x['n']:,.0f}<br>"
        f"{said[1]}, n = {y['n']:,.0f}<extra></extra>",
        **bars,
    )  # fmt: skip


def _write_names(
    figure: go.Figure, x: pd.Series, y: pd.Series, place: float, y_range: tuple[float, float]
) -> None:
    """Write the options' names in a column at `place`, each with a line to its point (x, y)."""
    order = y.sort_values()
    for option, height in zip(order.index, spread(order.to_numpy(), y_range), strict=True):
        figure.add_annotation(
            x=x[option], y=y[option], ax=place, ay=height, axref="x", ayref="y",
            text=OPTIONS[option].title, xanchor="left", showarrow=True, arrowhead=0,
            arrowwidth=0.75, arrowcolor=OPTION_COLORS[option], standoff=7, font_size=12,
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
