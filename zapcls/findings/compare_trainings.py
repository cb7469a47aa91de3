"""How did two runs learn, and in which settings do they differ?"""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.compare import RUNS, diff_configs
from zapcls.blocks import Block, Chart, Columns, Section, Table, Text, numbers
from zapcls.blocks.charts import figure_of, percent_axis
from zapcls.config import SETTINGS
from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask
from zapcls.findings.compare import RUN_COLORS
from zapcls.findings.training import pick_kept, write_epochs, write_setting
from zapcls.workspace.imports import find_lack

NAMED = 4  # settings that a sentence names at most
NEEDS = ("history",)


@dataclass(frozen=True)
class Found:
    """`settings` is `compare.diff_configs`, of files only the names; `histories` each run's
    `schema.HISTORY`, `kept` their rows of the epoch that is kept."""

    settings: pd.DataFrame
    histories: tuple[pd.DataFrame, pd.DataFrame]
    kept: tuple[pd.DataFrame, pd.DataFrame]
    lack: str = ""  # why there is nothing to compare


def find(first: Evidence, second: Evidence, ask: Ask) -> Found:
    """Read how both runs learned, and list the settings in which they differ."""
    lacks = (
        find_lack(run, "training", "a comparison of trainings") for run in (first.run, second.run)
    )
    configs = (first.run.train_config, second.run.train_config)
    histories = (first.history, second.history)
    settings = diff_configs(*configs)
    return Found(
        settings.assign(**{run: settings[run].map(write_setting) for run in RUNS}),
        histories,
        (pick_kept(histories[0], configs[0]), pick_kept(histories[1], configs[1])),
        next(filter(None, lacks), ""),
    )


def section(found: Found, ask: Ask) -> Section:
    """Describe both trainings: the curves in one chart beside the settings that differ."""
    if found.lack:
        return Section("trainings", "How they learned", (Text(found.lack, "missing"),))
    curves = Chart(
        "Error rate on tune after each epoch",
        draw(found),
        "Each run on its own tune photos, under the labels that it was trained on.",
    )
    settings: Block = Text("Both were trained with the same settings.", "note")
    if len(found.settings):
        settings = Table(found.settings, "The settings that differ.", is_open=True)
    return Section("trainings", "How they learned", (Columns(((curves,), (settings,))),))


def describe_settings(found: Found, corrected: int | None = None) -> str:
    """Describe in a sentence what was done differently: only hue jitter differs (0 → 0.5).

    `corrected` is how many labels were corrected for the second run, None if it is no retraining.
    """
    said = [
        f"{_name_setting(row.setting)} ({row.first} → {row.second})"
        for row in found.settings.itertuples()
    ]
    if corrected:
        said.append(f"{numbers.count(corrected, 'corrected label')}")
    if not said:
        return "Nothing differs in the settings, not even the seed."
    if len(said) == 1:
        return f"**Only this differs: {said[0]}.**"
    more = f" and {len(said) - NAMED} more settings" if len(said) > NAMED else ""
    return f"**{numbers.count(len(said), 'thing differs', 'things differ')}:** " + (
        "; ".join(said[:NAMED]) + f"{more}."
    )


def _name_setting(name: str) -> str:
    if name in SETTINGS and "{" not in SETTINGS[name].title:
        return SETTINGS[name].title.lower()
    return name.replace("_", " ")


def draw(found: Found) -> go.Figure:
    """Draw the tune error rate after each epoch, a line a run, the epoch that is kept marked."""
    figure = figure_of(300, xaxis_title="epoch", yaxis_title="tune error rate")
    runs = zip(found.histories, found.kept, RUN_COLORS.items(), strict=True)
    for history, kept, (run, color) in runs:
        figure.add_scatter(
            x=history["epoch"], y=history["tune_error_rate"], mode="lines+markers", name=run,
            line={"color": color, "width": 2}, hovertext=write_epochs(history)["hover"],
            hovertemplate=f"{run}, %{{hovertext}}<extra></extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=kept["epoch"], y=kept["tune_error_rate"], mode="markers", showlegend=False,
            marker={"size": 13, "color": color, "symbol": "star"}, name=f"{run}: kept",
        )  # fmt: skip
    highest = pd.concat(found.histories)["tune_error_rate"].max()
    figure.update_yaxes(**percent_axis(0, 1.1 * highest))
    longest = max(map(len, found.histories))
    return figure.update_xaxes(rangemode="tozero", dtick=1 if longest < 20 else None)


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `settings`, a row a setting that differs."""
    return {"settings": found.settings}
