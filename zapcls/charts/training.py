"""Trainings: learning-rate curves, losses and error rates over epochs."""

import pandas as pd
import plotly.graph_objects as go

from zapcls.charts.base import CLASS_COLORS, NEUTRAL, figure_of

PHASE_DASH = {"frozen": "dot", "unfrozen": "solid"}


def lr_curve(
    median: pd.DataFrame, curves: pd.DataFrame, suggestions: dict[str, float]
) -> go.Figure:
    """Draw a finder's median loss over the learning rate (log axis), each suggestion marked.

    `median` is `lr_curves.summarize(curves)`, of one phase. With several seeds the band holds the
    quartiles, and each seed is a faint line.
    """
    figure = figure_of(330, xaxis_title="learning rate", yaxis_title="training loss (smoothed)")
    # The first losses are hardly smoothed yet, and the last ones explode.
    begun = curves[curves["learning_rate"] >= median["learning_rate"].iloc[len(median) // 10]]
    bottom = min(median["loss"].min(), begun["loss"].min())
    top = median["loss"].iloc[: max(5, len(median) // 2)].max()
    top += 0.5 * max(top - bottom, 0.1 * top)  # what is flat shall look flat
    has_seeds = curves["seed"].nunique() > 1
    if has_seeds:
        _draw_seeds(figure, median, curves, above=2 * top)
    figure.add_scatter(
        x=median["learning_rate"],
        y=median["loss"],
        mode="lines",
        line={"color": NEUTRAL, "width": 2},
        hovertemplate="rate %{x:.2e}<br>loss %{y:.3f}<extra></extra>",
        name="median",
        legendrank=1,
        showlegend=has_seeds,
    )
    for place, (name, rate) in enumerate(suggestions.items()):
        nearest = (median["learning_rate"] - rate).abs().idxmin()
        figure.add_scatter(
            x=[rate],
            y=[median.loc[nearest, "loss"]],
            mode="markers",
            marker={"size": 12, "color": CLASS_COLORS[place], "line": {"width": 1}},
            name=name,
            hovertemplate=f"{name}: {rate:.2e}<extra></extra>",
        )
    figure.update_yaxes(range=[bottom - 0.05 * (top - bottom), top])
    figure.update_xaxes(type="log", exponentformat="power")
    return figure


def _draw_seeds(
    figure: go.Figure, median: pd.DataFrame, curves: pd.DataFrame, above: float
) -> None:
    """Draw the quartiles as a band and the seeds as faint lines; infinite losses lie at `above`."""
    rates, high = median["learning_rate"], median["high"].clip(upper=above)
    figure.add_scatter(
        x=[*rates, *rates[::-1]],
        y=[*high, *median["low"][::-1]],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor="rgba(138, 143, 152, 0.22)",
        name="quartiles",
        legendrank=2,
        hoverinfo="skip",
    )
    for place, (seed, rows) in enumerate(curves.groupby("seed")):
        figure.add_scatter(
            x=rows["learning_rate"],
            y=rows["loss"],
            mode="lines",
            line={"color": NEUTRAL, "width": 1},
            opacity=0.4,
            name="single seeds",
            legendrank=3,
            legendgroup="seeds",
            showlegend=place == 0,
            hovertemplate=f"seed {seed}<br>rate %{{x:.2e}}<br>loss %{{y:.3f}}<extra></extra>",
        )


def loss_curves(losses: pd.DataFrame, history: pd.DataFrame) -> go.Figure:
    """Draw the training loss as it falls and the tune loss after each epoch."""
    figure = figure_of(300, xaxis_title="epoch", yaxis_title="loss (nats)")
    for phase, rows in losses.groupby("phase", sort=False):
        figure.add_scatter(
            x=rows["epoch"],
            y=rows["train_loss"],
            mode="lines",
            name=f"train, {phase}",
            line={"color": NEUTRAL, "width": 2, "dash": PHASE_DASH[str(phase)]},
        )
    if len(history):
        figure.add_scatter(
            x=history["epoch"],
            y=history["tune_loss"],
            mode="lines+markers",
            name="tune",
            line={"color": CLASS_COLORS[2], "width": 2},
        )
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    return figure


def error_curve(history: pd.DataFrame) -> go.Figure:
    """Draw the tune error rate after each epoch, the best one marked."""
    figure = figure_of(300, xaxis_title="epoch", yaxis_title="tune error rate")
    figure.add_scatter(
        x=history["epoch"],
        y=history["tune_error_rate"],
        mode="lines+markers",
        line={"color": CLASS_COLORS[2], "width": 2},
        showlegend=False,
        hovertemplate="epoch %{x}: %{y:.1%}<extra></extra>",
    )
    if len(history):
        best = history.sort_values(["tune_error_rate", "tune_loss"]).iloc[0]
        figure.add_scatter(
            x=[best["epoch"]],
            y=[best["tune_error_rate"]],
            mode="markers",
            marker={"size": 13, "color": CLASS_COLORS[2], "symbol": "star"},
            name="best by tune, kept",
        )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(rangemode="tozero", dtick=1 if len(history) < 20 else None)
    return figure
