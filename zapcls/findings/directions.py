"""Which way the errors go: of each group, the claim's way to err and the other way round."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.ways import count_directions
from zapcls.blocks import Chart, Section, Table, Text, charts, numbers
from zapcls.evidence import Evidence
from zapcls.findings.ask import SPLIT, Ask, keep_by
from zapcls.findings.groups import DRAWN

NEEDS = ("predictions", "colors", "check")


@dataclass(frozen=True)
class Found:
    """`ways` is `count_directions`; `groups` are those that have errors, in their order."""

    ways: pd.DataFrame
    groups: tuple[str, ...]


@keep_by(NEEDS, "by", "source")
def find(evidence: Evidence, ask: Ask) -> Found:
    """Count the errors of each group by label and answer."""
    ways = count_directions(evidence.answers(ask.source), SPLIT, ask.by)
    there = set(ways[ask.by])
    known = evidence.list_groups(ask.by, ask.source)
    return Found(ways, tuple(group for group in known if group in there))


def section(found: Found, ask: Ask) -> Section:
    """Show both ways of the claim by group, and every way in a table."""
    title, source = "Which way the errors go", numbers.begin(ask.source_name)
    ways = found.ways[found.ways[ask.by].isin(found.groups)]
    if ways.empty:
        return Section("ways", title, (Text(f"{source}: there are no errors.", "note"),))
    there, back = count_way(ways, ask.label, ask.called), count_way(ways, ask.called, ask.label)
    total = ways["errors"].sum()
    said = f"{source}: {there.sum():,} {name_way(ask, ask.label, ask.called)}, "
    said += f"{back.sum():,} {name_way(ask, ask.called, ask.label)}."
    if there.sum() + back.sum() < total:
        said += f" All kinds of error together are {total:,}; the table lists them."
    chart = Chart("", draw(found.groups[:DRAWN], there, back, ask))
    table = Table(write_ways(ways, ask), f"{source}: each kind of error, the most frequent first.")
    return Section("ways", title, (Text(said), chart, table))


def count_way(ways: pd.DataFrame, label: str, called: str) -> pd.Series:
    """Count the errors of one way by group; "" is any class."""
    is_way = ways["label"].isin([label] if label else ways["label"])
    is_way &= ways["prediction"].isin([called] if called else ways["prediction"])
    return ways[is_way].groupby(ways.columns[0])["errors"].sum()


def name_way(ask: Ask, label: str, called: str) -> str:
    """Name one way to err: women's shoes called men's; "" is any other class."""
    who = ask.noun(label, "") if label else f"other {ask.task.things}"
    return f"{who} called {ask.task.name(called) if called else 'something else'}"


def draw(groups: tuple[str, ...], there: pd.Series, back: pd.Series, ask: Ask) -> go.Figure:
    """Draw the claim's way to the left and the other way round to the right, by group."""
    palette = charts.class_colors(ask.task.classes) | {"": charts.NEUTRAL}
    ways = {(ask.label, ask.called): there, (ask.called, ask.label): back}
    counts = pd.DataFrame(
        {
            name_way(ask, *way): errors.reindex(list(groups), fill_value=0)
            for way, errors in ways.items()
        }
    )
    return charts.opposed(counts, [palette[label] for label, _ in ways], "errors")


def write_ways(ways: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Write each way to err out for reading."""
    return pd.DataFrame(
        {
            ask.word: ways[ask.by],
            "label": ways["label"].map(ask.task.describe),
            "called": ways["prediction"].map(ask.task.name),
            "errors": ways["errors"],
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what the API shows: `ways`, a row a group, label and answer."""
    return {"ways": found.ways.assign(source=ask.source)}
