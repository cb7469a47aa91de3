"""The sections on what is changed: the color of the shoe in the photo, or the training."""

from dataclasses import dataclass

import pandas as pd

from zapcls import charts, words
from zapcls.analysis.groups import MIN_PRODUCTS
from zapcls.analysis.recoloring import (
    ALL,
    CONTROL_OF,
    count_reached,
    pair_edits,
    summarize_controls,
    summarize_flips,
)
from zapcls.analysis.trade import ALL_SEEDS, FLIP, TESTED, WORST
from zapcls.blocks import Block, Chart, Section, Table, Text
from zapcls.charts.trade import trade as draw_trade
from zapcls.data.color import BASIC_COLORS
from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask
from zapcls.words import recoloring as recolor_words
from zapcls.words import trade as trade_words


@dataclass(frozen=True)
class Recolored:
    """What the run says of its photos recolored."""

    found: pd.DataFrame  # `schema.RECOLORING`
    flips: pd.DataFrame  # `recoloring.summarize_flips`
    controls: pd.DataFrame  # `recoloring.summarize_controls`
    reached: pd.DataFrame  # `recoloring.count_reached`


def _sum_up(found: pd.DataFrame, table: pd.DataFrame) -> Recolored:
    pairs = pair_edits(found, table)
    reached = count_reached(found, BASIC_COLORS)
    return Recolored(found, summarize_flips(pairs), summarize_controls(pairs), reached)


def build_recoloring(evidence: Evidence, ask: Ask) -> Section:
    """How often, and which way, the answer changes with the color of the shoe."""
    title = "The shoe recolored"
    if evidence.recoloring is None:
        return Section("recolor", title, (Text(evidence.missing["recolor"], "missing"),))
    found = _sum_up(evidence.recoloring, evidence.predictions)
    blocks: list[Block] = [Text(recolor_words.RECOLOR_HELP, "note")]
    for edit in CONTROL_OF:
        blocks += list_edits(found, edit, ask)
    blocks.append(
        Table(
            recolor_words.write_controls(found.controls),
            "This run, valid: every kind of edit, controls among them. Nothing moved must flip "
            "nothing.",
        )
    )
    return Section("recolor", title, tuple(blocks))


def list_edits(found: Recolored, edit: str, ask: Ask) -> list[Block]:
    """What one kind of edit does to the answers; the charts are of the claim's label."""
    color, label, classes = ask.group, ask.label, ask.task.classes
    control = recolor_words.CONTROLS[CONTROL_OF[edit]]
    order = {name: place for place, name in enumerate([ALL, *classes, *BASIC_COLORS])}
    flips = found.flips[found.flips["edit"] == edit].sort_values(
        ["label", "to"], key=lambda names: names.map(order)
    )
    chosen = flips[flips["label"] == label]
    said = [
        recolor_words.describe_all(found.flips, edit, control),
        recolor_words.describe_target(chosen, color, label, control),
    ]
    name, sold = words.begin(recolor_words.EDITS[edit]), words.department(label)
    blocks: list[Block] = [Text(f"{name}. {' '.join(said)}")]
    if chosen.empty:
        return blocks
    first, *others = map(words.department, classes)
    away = others[0] if len(others) == 1 else f"less {first}"
    caption = recolor_words.describe_reached(found.reached, edit, found.found)
    return [
        *blocks,
        Chart(f"{name}: {sold} shoes turned, answered otherwise", charts.flips(chosen, control)),
        Chart(
            f"{name}: {sold} shoes turned, which way the probability moves",
            charts.shifts(chosen, first, away), caption,
        ),
        Table(
            recolor_words.write_flips(flips), f"This run, valid: {recolor_words.EDITS[edit]}.",
            tuple(flips["n_products"] < MIN_PRODUCTS),
        ),
    ]  # fmt: skip


def build_trade(evidence: Evidence) -> Section:
    """What other trainings of the head cost and bring."""
    title, found = "What lessens it, and at what price", evidence.remedies
    if found is None:
        return Section("trade", title, (Text(evidence.missing["trade"], "missing"),))
    means = found[found["seed"] == ALL_SEEDS]
    charted = [
        Chart(f"Error rate against the {name}", draw_trade(found, measure, name))
        for measure in (WORST, FLIP)
        for name in [trade_words.name_measure(found, measure)]
        if means.loc[means["measure"] == measure, "n"].any()
    ]
    return Section(
        "trade", title,
        (
            Text(trade_words.describe_answer(found)),
            *charted,
            Text(
                "Lower left is better. Lines are 95 % intervals of the difference to No option "
                "(dotted): one that crosses a dotted line may be chance. Pale: single trainings.",
                "note",
            ),
            *(Text(trade_words.describe_measure(found, measure)) for measure in TESTED),
            Text(trade_words.describe_flips(found)),
            Table(trade_words.write_trade(found), trade_words.explain_trainings(found)),
            Text(f"{trade_words.TRADE_HELP} {trade_words.FLIP_HELP}", "note"),
        ),
    )  # fmt: skip
