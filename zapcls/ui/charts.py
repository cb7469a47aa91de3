"""Tables in, plotly figures out; nothing here knows of Streamlit or of the disk."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from zapcls.data.color import SWATCHES

# Okabe-Ito-like hues that do not say pink and blue; the first two are the usual two classes.
CLASS_COLORS = ("#128a86", "#e0952b", "#6f5b9a", "#8a9a3b", "#b5543c", "#4f7cac", "#8c8c8c")
NEUTRAL = "#8a8f98"
PHASE_DASH = {"frozen": "dot", "unfrozen": "solid"}
HEIGHT = 320
_NO_MARGIN = {"l": 8, "r": 8, "t": 28, "b": 8}


def class_colors(classes: Sequence[str]) -> dict[str, str]:
    """Give each class its fixed color, by its place in the run's order."""
    return {
        name: CLASS_COLORS[place % len(CLASS_COLORS)] for place, name in enumerate(list(classes))
    }


def _figure(height: int = HEIGHT, **layout: object) -> go.Figure:
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


def lr_curve(
    median: pd.DataFrame, curves: pd.DataFrame, suggestions: dict[str, float]
) -> go.Figure:
    """Draw a finder's median loss over the learning rate (log axis), each suggestion marked.

    `median` is `lr_curves.summarize(curves)`, of one phase. With several seeds the band holds the
    quartiles, and each seed is a faint line.
    """
    figure = _figure(330, xaxis_title="learning rate", yaxis_title="training loss (smoothed)")
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
    figure = _figure(300, xaxis_title="epoch", yaxis_title="loss (nats)")
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
    figure = _figure(300, xaxis_title="epoch", yaxis_title="tune error rate")
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


def rates(table: pd.DataFrame, names: Sequence[str], colors: Sequence[str]) -> go.Figure:
    """Draw a rate a row with its interval, n written beside; the first row on top.

    `table` has rate, low, high, n, hits; a row with n = 0 says "no such shoes".
    """
    figure = _figure(60 + 44 * len(table))
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


def error_by_color(table: pd.DataFrame, classes: Sequence[str]) -> go.Figure:
    """Draw the error rate by color, a bar a label, with intervals; a bar is clickable.

    `table` is `color_bias.error_by_color`; each bar's customdata is (color, label, n, ...).
    """
    figure = _figure(400, barmode="group", yaxis_title="error rate", bargap=0.25)
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


def directions(table: pd.DataFrame, colors: Sequence[str], classes: Sequence[str]) -> go.Figure:
    """Draw which way the errors go, by color: a bar to each side for each label called another."""
    figure = _figure(60 + 32 * len(colors), barmode="relative", xaxis_title="errors")
    palette = class_colors(classes)
    for place, label in enumerate(classes):
        counts = table[table["label"] == label].groupby("color")["errors"].sum()
        values = counts.reindex(list(colors), fill_value=0)
        sign = -1 if place == 0 else 1
        figure.add_bar(
            y=list(colors),
            x=sign * values,
            orientation="h",
            name=f"{label}, called otherwise",
            marker_color=palette[label],
            customdata=[[color, label] for color in colors],
            text=[str(value) if value else "" for value in values],
            textposition="auto",
            hovertemplate="%{customdata[0]}, %{customdata[1]}: %{text}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(showticklabels=False, zeroline=True)
    return figure


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
    figure = _figure(120 + 110 * len(labels), xaxis_title="called", yaxis_title="sold as")
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
    figure = _figure(300, xaxis_title="how sure the run was", yaxis_title="how often it was right")
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


def counts_by_class(table: pd.DataFrame, by: str, classes: Sequence[str]) -> go.Figure:
    """Draw how many kept photos each value of `by` has, stacked by label; most first."""
    order = list(table[by].value_counts().index)
    figure = _figure(70 + 24 * len(order), barmode="stack", xaxis_title="photos")
    palette = class_colors(classes)
    for label in classes:
        counts = table.loc[table["label"] == label, by].value_counts().reindex(order, fill_value=0)
        figure.add_bar(y=order, x=counts, orientation="h", name=label, marker_color=palette[label])
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def probabilities(prob: dict[str, float], classes: Sequence[str]) -> go.Figure:
    """Draw one photo's class probabilities as bars."""
    palette = class_colors(classes)
    figure = _figure(30 + 34 * len(prob))
    figure.add_bar(
        y=list(prob),
        x=list(prob.values()),
        orientation="h",
        marker_color=[palette[name] for name in prob],
        text=[f"{p:.0%}" for p in prob.values()],
        textposition="outside",
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure.update_xaxes(range=[0, 1.15], visible=False)
    figure.update_yaxes(autorange="reversed", type="category")
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
    figure = _figure(70 + 30 * len(colors), xaxis_title="photos")
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
