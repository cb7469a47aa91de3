"""Two runs in one figure; each run keeps its color."""

import pandas as pd
import plotly.graph_objects as go

from zapcls import charts
from zapcls.analysis.compare import RUNS

# Blue and vermilion can be told apart without seeing red or green; no class has these two.
RUN_COLORS = dict(zip(RUNS, ("#4478b8", "#c2563a"), strict=True))
FEW = 20  # photos: fewer do not set an axis


def differences(summary: pd.DataFrame) -> go.Figure:
    """Draw the difference of the error rates in each row of `compare.summarize`, n beside it.

    Left of zero the second run errs less. A row without images says "no such shoes".
    """
    names = [f"{row.images}, {row.labels} labels" for row in summary.itertuples()]
    figure = go.Figure()
    figure.add_vline(x=0, line={"color": charts.NEUTRAL, "dash": "dot"})
    figure.add_scatter(
        x=summary["difference"],
        y=names,
        mode="markers",
        marker={"size": 12, "color": RUN_COLORS["second"]},
        error_x=charts.intervals(summary, "difference"),
        customdata=summary[["low", "high", "n"]],
        hovertemplate="%{y}: %{x:+.1%} (%{customdata[0]:+.1%} to %{customdata[1]:+.1%})"
        "<br>n = %{customdata[2]:,}<extra></extra>",
        showlegend=False,
    )
    for name, row in zip(names, summary.itertuples(), strict=True):
        figure.add_annotation(
            xref="paper",
            x=1.01,
            y=name,
            text=f"n = {row.n:,}" if row.n else "no such shoes",
            showarrow=False,
            xanchor="left",
            font_size=12,
        )
    large = summary[summary["n"] >= FEW]  # the interval of a few photos may run off the axis
    reach = (large if len(large) else summary)[["low", "high"]].abs().max().max()
    reach = 1.1 * max(reach, summary["difference"].abs().max()) if reach > 0 else 1
    figure.update_layout(height=90 + 36 * len(summary), margin={"l": 8, "r": 92, "t": 8, "b": 8})
    figure.update_xaxes(
        tickformat="+.1~%", range=[-reach, reach], title="error rate, second minus first"
    )
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def error_curves(first: pd.DataFrame, second: pd.DataFrame) -> go.Figure:
    """Draw both runs' tune error rate after each epoch (`schema.HISTORY`), the best ones marked."""
    figures = [charts.error_curve(history) for history in (first, second)]
    for figure, (run, color) in zip(figures, RUN_COLORS.items(), strict=True):
        figure.update_traces(marker_color=color)
        figure.data[0].update(name=run, line_color=color, showlegend=True)
        for star in figure.data[1:]:
            star.update(name=f"{run}: best by tune, kept", showlegend=False)
    both = figures[0].add_traces(figures[1].data)
    return both.update_xaxes(dtick=1 if max(len(first), len(second)) < 20 else None)


def rates_by_color(groups: pd.DataFrame, kind: str = "error") -> go.Figure:
    """Draw both runs' rates by color, bar by bar, with intervals.

    `groups` has a row a color: color, n, and of each run errors_, rate_, low_ and high_
    (`compare_colors`); `kind` of rate is "error" or "flip".
    """
    names = {"errors": "hits", "rate": "rate", "low": "low", "high": "high"}
    sides = [
        groups[["color", "n"]].assign(
            label=run, **{name: groups[f"{source}_{run}"] for source, name in names.items()}
        )
        for run in RUNS
    ]
    figure = charts.error_by_color(pd.concat(sides, ignore_index=True), RUNS)
    for bar in figure.data:
        bar.marker.color = RUN_COLORS[bar.name]
        if kind == "flip":
            bar.hovertemplate = bar.hovertemplate.replace("wrong", "flipped")
    return figure.update_yaxes(title=f"{kind} rate")


def color_differences(groups: pd.DataFrame, kind: str = "error") -> go.Figure:
    """Draw the paired difference of each color (rows as for `rates_by_color`, and n_products).

    Left of zero the second run has the lower rate. The number of products stands beside.
    """
    return charts.pairs(groups.set_index("color"), f"{kind} rate, second minus first")
