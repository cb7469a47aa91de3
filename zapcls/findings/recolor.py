"""Does the answer change with the color of the thing? What a run says of its photos recolored."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from zapcls import schema
from zapcls.analysis.recoloring import (
    ALL,
    CONTROL_OF,
    count_reached,
    find_flips,
    pair_edits,
    summarize_controls,
    summarize_flips,
)
from zapcls.blocks import Block, Chart, Columns, Section, Table, Text, charts, numbers
from zapcls.data.color import BASIC_COLORS, SWATCHES
from zapcls.evidence import MISSING, Evidence
from zapcls.findings.ask import Ask
from zapcls.findings.verdict import FEW_PRODUCTS, decide_row

NEEDS = ("predictions", "colors", "recolor")
EDITS = {"hue": "hue, lightness fixed", "color": "hue and lightness"}
CONTROLS = {"random": "a random hue", "lightness": "the same lightness alone"}
RECOLOR = [
    "edit", "to", "label", "n", "n_products", "flip_rate", "low", "high", "shift", "shift_low",
    "shift_high", "control_rate", "excess", "excess_low", "excess_high", "p", "p_holm",
]  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The tables of `analysis.recoloring`; all are empty where no photo was recolored yet."""

    photos: int  # that the run was asked about in other colors
    flips: pd.DataFrame  # `summarize_flips`
    controls: pd.DataFrame  # `summarize_controls`
    reached: pd.DataFrame  # `count_reached`
    hue_flips: pd.DataFrame  # `find_flips`
    missing: str = MISSING["recolor"]  # why nothing was asked, as a sentence


def find(evidence: Evidence, ask: Ask) -> Found:
    """Count how often, and which way, an edit changes the answer; beside its control."""
    return evidence.keep("recolored", NEEDS, lambda: _count(evidence))  # the same for every ask


def _count(evidence: Evidence) -> Found:
    asked = evidence.recoloring
    if asked is None:
        nothing = pd.DataFrame(columns=list(schema.RECOLORING))
        asked = schema.conform(nothing, schema.RECOLORING, "recoloring")
    pairs = pair_edits(asked, evidence.predictions)
    return Found(
        asked["image_id"].nunique(),
        summarize_flips(pairs),
        summarize_controls(pairs),
        count_reached(asked, BASIC_COLORS),
        find_flips(asked),
        evidence.missing.get("recolor", MISSING["recolor"]),
    )


def section(found: Found, ask: Ask) -> Section:
    """Describe what recoloring does to the answers; the charts are of the label asked about."""
    title = f"The {ask.task.thing} recolored"
    if not found.photos:
        return Section("recolor", title, (Text(found.missing, "missing"),))
    edits = [ask.edit] if ask.edit else list(EDITS)
    blocks: list[Block] = [block for edit in edits for block in list_edits(found, edit, ask)]
    controls = Table(
        write_controls(found.controls, ask),
        "This run, valid: every kind of edit, with the controls. Where nothing is moved, no answer "
        "may flip.",
        title="Every kind of edit",
    )
    return Section("recolor", title, (*blocks, controls))


def list_edits(found: Found, edit: str, ask: Ask) -> list[Block]:
    """Describe one kind of edit, and draw it for the label asked about."""
    control = CONTROLS[CONTROL_OF[edit]]
    order = {name: place for place, name in enumerate([ALL, *ask.task.classes, *BASIC_COLORS])}
    flips = found.flips[found.flips["edit"] == edit].sort_values(
        ["label", "to"], key=lambda names: names.map(order)
    )
    chosen = flips[flips["label"] == ask.label]
    name = numbers.begin(EDITS[edit])
    told: list[Block] = [Text(describe_all(flips, edit), help=explain(ask))]
    if ask.by == "color":
        told.append(Text(describe_target(flips, ask.group, edit, ask)))
    if chosen.empty:
        return told
    recolored = f"{numbers.begin(ask.task.noun(ask.label))} recolored"
    caption = "Each row is a color that they were turned into."
    return [
        *told,
        Columns(
            (
                (Chart(f"{recolored}: answers that change", draw_flips(chosen, control)),),
                (Chart(f"{recolored}: shift of the probability", draw_shifts(chosen, ask)),),
            )
        ),
        Text(f"{name}. {caption} {describe_reached(found, edit)}", "note"),
        Table(
            write_flips(flips, ask),
            f"This run, valid: {EDITS[edit]}. Gray: fewer than {FEW_PRODUCTS} products.",
            tuple(flips["n_products"] < FEW_PRODUCTS),
            "Recolored photos as a table",
        ),
    ]


def explain(ask: Ask) -> str:
    """Explain what an edit and its control are."""
    return (
        f"Only the color of the {ask.task.thing} is moved; its shading stays (CIELAB). A flip: the "
        "edited photo gets a different answer than the photo as it is. Any edit flips some "
        "answers. What counts is how much more often the color flips them than its control does on "
        "the same photos: a move of the same distance in a random hue, or of lightness alone. p "
        "flips signs product by product; corrected: Holm's for all rows."
    )


def describe_all(flips: pd.DataFrame, edit: str) -> str:
    """Describe how often any color flips an answer, and whether it is that color or any change."""
    rows = flips[(flips["edit"] == edit) & (flips["to"] == ALL)]
    name = numbers.begin(EDITS[edit])
    if rows.empty:
        return f"{name}: no photo could be given another color in this way."
    row, control = rows.iloc[0], CONTROLS[CONTROL_OF[edit]]
    return (
        f"{name}: **{row['flips']:,} of {row['n']:,}** recolored photos "
        f"({row['n_products']:,} products) get a different answer, {_write_rate(row)}. "
        f"With {control} as the control it is {numbers.percent(row['control_rate'])}. The "
        f"difference is {numbers.change(row, 'excess')} points: **{judge(row, edit, 'p')}**."
    )


def describe_target(flips: pd.DataFrame, color: str, edit: str, ask: Ask) -> str:
    """Describe what it does to turn the photos of the label asked about into one color."""
    noun = ask.task.noun(ask.label)
    rows = flips[(flips["edit"] == edit) & (flips["to"] == color) & (flips["label"] == ask.label)]
    if rows.empty:
        return f"No {noun} of another color could be turned {color} in this way."
    row, control = rows.iloc[0], CONTROLS[CONTROL_OF[edit]]
    return (
        f"{numbers.begin(noun)} turned {color}: **{row['flips']:,} of {row['n']:,}** get "
        f"a different answer, {_write_rate(row)}; with {control} it is "
        f"{numbers.percent(row['control_rate'])}. The difference is "
        f"{numbers.change(row, 'excess')} points: **{judge(row, edit)}** "
        f"(p = {numbers.p_value(row['p'])}, "
        f"{numbers.p_value(row['p_holm'])} corrected for the colors tried)."
    )


def judge(row: Any, edit: str, p: str = "p_holm") -> str:
    """Describe what the difference from the control allows, and no more."""
    control = CONTROLS[CONTROL_OF[edit]]
    return decide_row(row, "excess", p=p).word(
        "it is the color itself",
        f"the color flips fewer than {control}",
        "could be chance",
    )


def describe_reached(found: Found, edit: str) -> str:
    """Count what was tried and could not be reached."""
    rows = found.reached[found.reached["edit"] == edit]
    missed = rows[rows["reached"] < rows["tried"] / 2]
    names = ", ".join(f"{row.to} {row.reached:,} of {row.tried:,}" for row in missed.itertuples())
    rarely = f" Seldom reached: {names}." if names else ""
    return (
        f"This run, valid: {found.photos:,} photos; {rows['reached'].sum():,} of "
        f"{rows['tried'].sum():,} edits came out in the intended color, and only they "
        f"count.{rarely} Lines are 95 % intervals over products; pale: fewer than {FEW_PRODUCTS} "
        "products; diamonds are the control."
    )


def draw_flips(chosen: pd.DataFrame, control: str) -> go.Figure:
    """Draw the flip rate of each target color with its interval, and its control's above it."""
    pale = chosen["n_products"] < FEW_PRODUCTS
    written = [f"{row['to']}: {_write_rate(row)}" for _, row in chosen.iterrows()]
    edited = pd.DataFrame(
        {
            "middle": chosen["flip_rate"], "low": chosen["low"], "high": chosen["high"],
            "color": chosen["to"].map(SWATCHES), "pale": pale, "hover": written,
        }
    )  # fmt: skip
    hover = [
        f"{row['to']}, {control}: {numbers.percent(row['control_rate'])}"
        for _, row in chosen.iterrows()
    ]
    beside = edited.assign(
        middle=chosen["control_rate"], low=float("nan"), high=float("nan"),
        color=charts.NEUTRAL, pale=False, hover=hover,
    )  # fmt: skip
    dots = [charts.Dots(beside, control, "diamond"), charts.Dots(edited, "the color")]
    notes = [f"{row.flips:,} of {row.n:,}" for row in chosen.itertuples()]
    return charts.rows(list(chosen["to"]), dots, charts.Axis("answers that change"), notes)


def draw_shifts(chosen: pd.DataFrame, ask: Ask) -> go.Figure:
    """Draw how far each target color moves the probability of the first class, with intervals."""
    first, *others = (ask.task.name(label) for label in ask.task.classes)
    away = others[0] if len(others) == 1 else f"less {first}"
    table = pd.DataFrame(
        {
            "middle": chosen["shift"], "low": chosen["shift_low"], "high": chosen["shift_high"],
            "color": chosen["to"].map(SWATCHES), "pale": chosen["n_products"] < FEW_PRODUCTS,
            "hover": [
                f"{row['to']}: {numbers.change(row, 'shift')} points"
                for _, row in chosen.iterrows()
            ],
        }
    )  # fmt: skip
    axis = charts.Axis(f"← {away} · mean shift of the probability, points · {first} →", null=0)
    return charts.rows(list(chosen["to"]), [charts.Dots(table)], axis)


def write_flips(flips: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Write the flips out for reading."""
    rows = [row for _, row in flips.iterrows()]
    return pd.DataFrame(
        {
            "turned": flips["to"],
            "label": [ALL if name == ALL else ask.task.describe(name) for name in flips["label"]],
            "photos": flips["n"],
            "products": flips["n_products"],
            "answers that change": [_write_rate(row) for row in rows],
            "control": flips["control_rate"].map(numbers.percent),
            "points more (95 % interval)": [numbers.change(row, "excess") for row in rows],
            "p": flips["p"].map(numbers.p_value),
            "p, corrected": flips["p_holm"].map(numbers.p_value),
            f"probability of {ask.task.name(ask.task.classes[0])}, points": [
                numbers.change(row, "shift") for row in rows
            ],
        }
    )


def write_controls(controls: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Write every kind of edit out for reading, the identity first."""
    names = name_edits(ask)
    shown = controls.set_index("edit", drop=False).reindex(
        [edit for edit in names if edit in set(controls["edit"])]
    )
    return pd.DataFrame(
        {
            "edit": [names[edit] for edit in shown["edit"]],
            "photos": shown["n"].to_numpy(),
            "answers that change": [numbers.rate(row) for _, row in shown.iterrows()],
            "mean change, CIELAB": shown["delta_e"].map("{:.1f}".format).to_numpy(),
        }
    )


def name_edits(ask: Ask) -> dict[str, str]:
    """Name every kind of edit, the identity first."""
    return {
        "identity": "nothing moved",
        "hue": f"hue of the {ask.task.thing}",
        "random": "random hue, same distance",
        "ground": "background, same distance",
        "color": "hue and lightness",
        "lightness": "lightness alone",
    }


def _write_rate(row: Any) -> str:
    rate, between = numbers.percent(row["flip_rate"]), numbers.interval(row["low"], row["high"])
    return f"{rate} ({between})"


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `recolor`, a row an edit, target and label; `controls`."""
    return {
        "recolor": found.flips[RECOLOR],
        "controls": found.controls.rename(columns={"rate": "flip_rate"}),
    }
