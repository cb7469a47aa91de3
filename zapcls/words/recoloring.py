"""What recolored photos come to, in sentences and tables, the same on the page and in a report."""

from typing import Any

import pandas as pd

from zapcls import words
from zapcls.analysis.recoloring import ALL

CHANCE = 0.05  # a corrected p at or above it is put down to chance
EDITS = {"hue": "hue, lightness fixed", "color": "hue and lightness"}
CONTROLS = {"random": "a random hue", "lightness": "the same lightness alone"}
EDIT_NAMES = {
    "identity": "nothing moved",
    "hue": "hue of the shoe",
    "random": "random hue, as far",
    "ground": "ground, as far",
    "color": "hue and lightness",
    "lightness": "lightness alone",
}
RECOLOR_HELP = (
    "Only the shoe's own color is moved, its shading kept (CIELAB). A flip is another answer than "
    "for the photo as it is. Any edit flips some answers: what counts is how much more often the "
    "color does than its control, a move as far in a random hue or of lightness alone, on the same "
    "photos. p flips signs product by product; corrected: Holm's for all rows."
)


def describe_all(summary: pd.DataFrame, edit: str, control: str) -> str:
    """Say how often any color flips an answer, and whether it is the named color or any change."""
    rows = summary[(summary["edit"] == edit) & (summary["to"] == ALL)]
    if rows.empty:
        return "No photo could be given another color in this way."
    row = rows.iloc[0]
    return (
        f"**{int(row['flips']):,} of {int(row['n']):,}** recolored photos "
        f"({words.percent(row['flip_rate'])}, {words.interval(row['low'], row['high'])}; "
        f"{int(row['n_products']):,} products) are answered otherwise than before; with "
        f"{control} as a control, {words.percent(row['control_rate'])}: {excess(row)} points, "
        f"**{judge(row, row['p'], control)}**."
    )


def describe_target(chosen: pd.DataFrame, color: str, label: str, control: str) -> str:
    """Say what turning the shoes of a label into one color does."""
    sold = words.department(label)
    rows = chosen[chosen["to"] == color]
    if rows.empty:
        return f"No {sold} shoe of another color can be turned {color} in this way."
    row = rows.iloc[0]
    return (
        f"{words.begin(sold)} shoes turned {color}: **{int(row['flips']):,} of {int(row['n']):,}** "
        f"({words.percent(row['flip_rate'])}, {words.interval(row['low'], row['high'])}) are "
        f"answered otherwise; with {control}, {words.percent(row['control_rate'])}: {excess(row)} "
        f"points, **{judge(row, row['p_holm'], control)}** (p = {words.write_p(row['p'])}, "
        f"{words.write_p(row['p_holm'])} corrected for the colors tried)."
    )


def excess(row: Any) -> str:
    """Write how much more often an edit flips than its control, with the interval in points."""
    return words.difference(row["excess"], row["excess_low"], row["excess_high"])


def judge(row: Any, p: float, control: str) -> str:
    """Say what the difference from the control allows, and no more."""
    if p >= CHANCE or row["excess_low"] <= 0 <= row["excess_high"]:
        return f"not to be told from {control}"
    return "the color itself" if row["excess"] > 0 else f"less than {control}"


def describe_reached(reached: pd.DataFrame, edit: str, found: pd.DataFrame) -> str:
    """Count what was tried and could not be reached."""
    rows = reached[reached["edit"] == edit]
    missed = rows[rows["reached"] < rows["tried"] / 2]
    names = ", ".join(f"{row.to} {row.reached:,} of {row.tried:,}" for row in missed.itertuples())
    rarely = f" Seldom reached: {names}." if names else ""
    photos = found["image_id"].nunique()
    return (
        f"This run, valid: {photos:,} photos, {rows['reached'].sum():,} of {rows['tried'].sum():,} "
        f"edits named as they were meant to be, the others left out.{rarely} Lines are 95 % "
        "intervals over products; pale: fewer than 20 products; the bar is the control."
    )


def write_flips(summary: pd.DataFrame) -> pd.DataFrame:
    """Write the flips out for reading."""
    rows = [row for _, row in summary.iterrows()]
    return pd.DataFrame(
        {
            "turned": summary["to"],
            "sold as": summary["label"].map(words.department),
            "photos": summary["n"],
            "products": summary["n_products"],
            "answered otherwise": [
                f"{words.percent(row['flip_rate'])} ({words.interval(row['low'], row['high'])})"
                for row in rows
            ],
            "control": summary["control_rate"].map(words.percent),
            "points more (95 % interval)": [excess(row) for row in rows],
            "p": summary["p"].map(words.write_p),
            "p, corrected": summary["p_holm"].map(words.write_p),
            "probability of the first class, points": [
                words.difference(row["shift"], row["shift_low"], row["shift_high"]) for row in rows
            ],
        }
    )


def write_controls(controls: pd.DataFrame) -> pd.DataFrame:
    """Write the controls out for reading, the identity first."""
    shown = controls.set_index("edit").reindex(
        [e for e in EDIT_NAMES if e in set(controls["edit"])]
    )
    return pd.DataFrame(
        {
            "edit": [EDIT_NAMES[edit] for edit in shown.index],
            "photos": shown["n"].to_numpy(),
            "answered otherwise": [
                f"{words.percent(row.rate)} ({words.interval(row.low, row.high)})"
                for row in shown.itertuples()
            ],
            "mean change, CIELAB": shown["delta_e"].map("{:.1f}".format).to_numpy(),
        }
    )
