"""Whose answers depend less on the color of the thing? Two runs on the same recolored photos."""

from dataclasses import dataclass

import pandas as pd

from zapcls.analysis.compare import RUNS
from zapcls.analysis.compare_groups import compare_flips
from zapcls.analysis.recoloring import ALL
from zapcls.blocks import Block, Section, Table, Text, numbers
from zapcls.data.color import BASIC_COLORS
from zapcls.evidence import Evidence
from zapcls.findings import compare
from zapcls.findings.ask import Ask
from zapcls.findings.compare_groups import HELP, describe_told, draw_pair, write_groups
from zapcls.findings.recolor import name_edits

NEEDS = (*compare.NEEDS, "recolor")


@dataclass(frozen=True)
class Found:
    """`flips` is `compare_flips`, empty where runs have not answered recolored photos."""

    flips: pd.DataFrame
    missing: tuple[str, ...]  # first, second: the runs that were not asked


def find(first: Evidence, second: Evidence, ask: Ask) -> Found:
    """Compare how often two runs' answers flip with the color, on the same edits."""
    asked = first.recoloring, second.recoloring
    missing = tuple(run for run, table in zip(RUNS, asked, strict=True) if table is None)
    if asked[0] is None or asked[1] is None:
        return Found(pd.DataFrame(columns=["edit", "to", "p"]), missing)
    pairs = compare.pair(first, second, ask)
    return Found(compare_flips(pairs, *asked, BASIC_COLORS), missing)


def section(found: Found, ask: Ask) -> Section:
    """Describe whose answers flip less with the color, with two charts an edit and a table."""
    title, edits = f"The {ask.task.thing} recolored", name_edits(ask)
    if found.missing:
        said = (
            "Flip rates can be compared once both runs have answered recolored photos, which Color "
            f"bias starts; missing: {' and '.join(found.missing)}."
        )
        return Section("recolored", title, (Text(said, "note"),))
    if found.flips.empty:
        said = "No photo that is valid in both runs was given another color."
        return Section("recolored", title, (Text(said, "note"),))
    flips = found.flips.reset_index(drop=True)
    names = [f"{edits[row.edit]}, {row.to}" for row in flips.itertuples()]
    is_group = flips["to"] != ALL
    groups = flips[is_group]
    blocks: list[Block] = [
        Text(describe_told(groups, [names[n] for n in groups.index], "edits and colors"), help=HELP)
    ]
    blocks += [Text(said) for said in describe_edits(flips[~is_group], ask)]
    blocks += [
        draw_pair(rows, list(rows["to"]), edits[str(edit)], "flip", ask)
        for edit, rows in groups.groupby("edit", sort=False)
    ]
    caption = (
        "A flip: the recolored photo gets a different answer than the photo itself. Both runs "
        "answered the same photos and edits, all valid. Left of zero, the second run's answers "
        "flip less often. Flips are due to the color only where they are more frequent than with "
        "its control."
    )
    table = Table(
        write_groups(flips, names, "flipped", ask, "edited photos"), title="Flips as a table"
    )
    return Section("recolored", title, (*blocks, Text(caption, "note"), table))


def describe_edits(totals: pd.DataFrame, ask: Ask) -> list[str]:
    """Describe how often each kind of edit flips the runs' answers, all colors together."""
    return [
        f"{numbers.begin(name_edits(ask)[row['edit']])}: {numbers.percent(row['rate_first'])} → "
        f"{numbers.percent(row['rate_second'])} flipped, {numbers.change(row)} points "
        f"(n = {row['n']:,} edited photos)."
        for _, row in totals.iterrows()
    ]


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `flips`, a row an edit and color."""
    return {"flips": found.flips}
