"""How the run was trained: its settings, its curves, and its recipe over all photos."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.metrics import error_by_split
from zapcls.blocks import Block, Chart, Columns, Section, Table, Text, charts, numbers
from zapcls.blocks.lines import Line, band, lines
from zapcls.config import TrainConfig
from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask
from zapcls.workspace.imports import describe_given, find_lack
from zapcls.workspace.runs import Run

NEEDS = ("predictions", "history", "losses", "metrics", "cross-validation")
FACTS = ("device", "torch", "fastai")
SPLIT_WORDS = {
    "product": "Photos are split by product, so that no photo of a product in valid was trained "
    "on. Nothing is chosen on valid; it is only reported.",
    "random": "Photos are split at random, as in the blog: other colors of the same products were "
    "trained on, so every rate here is too optimistic for new products.",
}
PHASE_DASH = {"frozen": "dot", "unfrozen": "solid"}


@dataclass(frozen=True)
class Found:
    """`history` and `losses` as `schema` has them; `cross_validation` is None before its job."""

    run: Run
    parts: pd.DataFrame  # `error_by_split`
    history: pd.DataFrame
    losses: pd.DataFrame
    cross_validation: dict[str, Any] | None

    @property
    def settings(self) -> dict[str, Any]:
        """The run's settings as it used them, then what it ran on."""
        facts = self.run.facts
        used = {name: facts[name] for name in FACTS if name in facts}
        batch_size = facts.get("batch_size", self.run.config["train"]["batch_size"])
        settings = self.run.config["train"] | {"batch_size": batch_size}
        return settings | {"catalogue": facts["catalogue_id"]} | used


def find(evidence: Evidence, ask: Ask) -> Found:
    """Gather what a training left."""
    return Found(
        evidence.run, error_by_split(evidence.predictions), evidence.history, evidence.losses,
        evidence.cross_validation,
    )  # fmt: skip


def section(found: Found, ask: Ask) -> Section:
    """Describe the training, draw its curves, and list its settings."""
    if found.run.is_imported:
        lack = find_lack(found.run, "training", "a chart of its curves")
        told = Text(describe_given(found.run)), Text(lack, "missing")
        return Section("run", "Where it is from", told)
    cells = [
        {"setting": name, "value": write_setting(value)} for name, value in found.settings.items()
    ]
    blocks: list[Block] = [
        Text(describe(found)),
        *([Text(said, "note")] if (said := describe_batch(found.run)) else []),
        Columns(
            (
                (Chart("Loss", draw_losses(found.losses, found.history)),),
                (Chart("Error rate on tune", draw_errors(found.history, found.run.train_config)),),
            )
        ),
        Table(pd.DataFrame(cells), "All settings.", title="Settings"),
    ]
    if found.cross_validation:
        blocks.append(Text(describe_cross_validation(found.cross_validation)))
    return Section("run", "How it was trained", tuple(blocks))


def describe(found: Found) -> str:
    """Describe the run in a few sentences: seed, time, device, split."""
    run, config = found.run, found.run.train_config
    parts = ", ".join(
        f"{row.split} {row.n:,} photos of {row.n_products:,} products"
        for row in found.parts.itertuples()
    )
    return (
        f"**{run.run_id}**, seed {config.seed}, trained and evaluated in "
        f"{numbers.duration(run.metrics['seconds'])} on {run.facts['device']}. "
        f"{SPLIT_WORDS[config.split]} {numbers.begin(parts)}."
    )


def describe_batch(run: Run) -> str:
    """Describe that a run was trained with a smaller batch than was asked for, "" if it was not."""
    asked = run.config["train"]["batch_size"]
    used = run.facts.get("batch_size", asked) if (run.path / "model.json").is_file() else asked
    if used >= asked:
        return ""
    return f"A batch of {asked} did not fit in memory; the run was trained with {used}."


def describe_cross_validation(result: dict[str, Any]) -> str:
    """Describe what trainings of the recipe come to over all photos."""
    return (
        f"Over all images **{result['errors']:,} of {result['n']:,}** photos are wrong: "
        f"{numbers.percent(result['error_rate'])} (95 % interval "
        f"{numbers.interval(result['error_low'], result['error_high'])}), each predicted by "
        f"one of {result['folds']} trainings of this recipe that never saw its product."
    )


def write_setting(value: Any) -> str:
    """Write a setting's value; of a file only the name."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    text = str(value)
    return Path(text).name if Path(text).is_absolute() else text


def draw_losses(losses: pd.DataFrame, history: pd.DataFrame) -> go.Figure:
    """Draw the training loss as it falls and the tune loss after each epoch."""
    shown = [
        Line(
            rows.rename(columns={"epoch": "x", "train_loss": "y"}), f"train, {phase}",
            dash=PHASE_DASH[str(phase)],
        )
        for phase, rows in losses.groupby("phase", sort=False)
    ]  # fmt: skip
    if len(history):
        tune = history.rename(columns={"epoch": "x", "tune_loss": "y"})
        shown.append(Line(tune, "tune", charts.CLASS_COLORS[2], "lines+markers"))
    figure = lines(shown, "epoch", "loss (nats)")
    figure.update_xaxes(rangemode="tozero")
    return figure.update_yaxes(rangemode="tozero")


def pick_kept(history: pd.DataFrame, config: TrainConfig) -> pd.DataFrame:
    """Return the row of the epoch that a training keeps.

    It is the last phase's best on tune; of averaged weights it is the last one.
    """
    if config.averaging == "yes":
        return history.tail(1)
    last = history[history["phase"] == history["phase"].iloc[-1]] if len(history) else history
    return last.sort_values(["tune_error_rate", "tune_loss"]).head(1)


def draw_errors(history: pd.DataFrame, config: TrainConfig) -> go.Figure:
    """Draw the tune error rate after each epoch, the one that is kept marked."""
    color = charts.CLASS_COLORS[2]
    rates = write_epochs(history)
    shown = [Line(rates, color=color, mode="lines+markers")]
    if len(rates):
        kept = write_epochs(pick_kept(history, config))
        shown.append(Line(kept, "kept", color, "markers", size=13, symbol="star"))
    figure = lines(shown, "epoch", "tune error rate")
    figure.update_yaxes(**charts.percent_axis(0, 1.1 * rates["y"].max()))
    return figure.update_xaxes(rangemode="tozero", dtick=1 if len(history) < 20 else None)


def write_epochs(history: pd.DataFrame) -> pd.DataFrame:
    """Return the tune error rate after each epoch as a line's table: x, y, hover."""
    hover = [
        f"epoch {row.epoch}: {numbers.percent(row.tune_error_rate)}" for row in history.itertuples()
    ]
    names = {"epoch": "x", "tune_error_rate": "y"}
    return history.rename(columns=names)[["x", "y"]].assign(hover=hover)


def draw_lr_curve(
    median: pd.DataFrame, curves: pd.DataFrame, suggestions: dict[str, float]
) -> go.Figure:
    """Draw a finder's median loss over the learning rate (log axis), each suggestion marked.

    `median` is `lr_curves.summarize(curves)`, of one phase. With several seeds the band holds the
    quartiles, and each seed is a faint line.
    """
    # The first losses are hardly smoothed yet, and the last ones explode.
    begun = curves[curves["learning_rate"] >= median["learning_rate"].iloc[len(median) // 10]]
    bottom = min(median["loss"].min(), begun["loss"].min())
    top = median["loss"].iloc[: max(5, len(median) // 2)].max()
    top += 0.5 * max(top - bottom, 0.1 * top)  # what is flat shall look flat
    names = {"learning_rate": "x", "loss": "y"}
    line = median.rename(columns=names)
    has_seeds = curves["seed"].nunique() > 1
    hover = "rate %{x:.2e}<br>loss %{y:.3f}"
    shown = [Line(line[["x", "y"]], "median" if has_seeds else "", hover=hover, group="median")]
    for place, (name, rate) in enumerate(suggestions.items()):
        mark = line.loc[[(line["x"] - rate).abs().idxmin()], ["y"]].assign(x=rate)
        color = charts.CLASS_COLORS[place]
        said = f"{name}: {rate:.2e}"
        shown.append(Line(mark, name, color, "markers", size=12, hover=said))
    if has_seeds:
        shown = [*_list_seeds(curves.rename(columns=names)), *shown]
    figure = lines(shown, "learning rate", "training loss (smoothed)", 330)
    if has_seeds:  # infinite losses lie above what is shown
        quartiles = line.assign(high=line["high"].clip(upper=2 * top))
        figure.add_trace(band(quartiles, "quartiles"))
        figure.data = (figure.data[-1], *figure.data[:-1])  # under the lines
    figure.update_yaxes(range=[bottom - 0.05 * (top - bottom), top])
    return figure.update_xaxes(type="log", exponentformat="power")


def _list_seeds(curves: pd.DataFrame) -> list[Line]:
    """List a faint line for each seed, all of them one entry of the legend."""
    return [
        Line(
            rows, "" if place else "single seeds", width=1, opacity=0.4, group="single seeds",
            hover=f"seed {seed}<br>rate %{{x:.2e}}<br>loss %{{y:.3f}}",
        )
        for place, (seed, rows) in enumerate(curves.groupby("seed"))
    ]  # fmt: skip


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return `history`, an epoch a row, and `cross_validation` where there is one."""
    crossed = found.cross_validation
    known = {"history": found.history}
    return known | ({"cross_validation": pd.DataFrame([crossed])} if crossed else {})
