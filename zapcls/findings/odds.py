"""Is it the group, or what comes with it? Odds of an error, with the sub-category held."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.adjusted import FACTOR, STRATUM, Adjusted, fit_adjusted
from zapcls.blocks import Chart, Section, Table, Text, charts, numbers
from zapcls.evidence import Evidence
from zapcls.findings.ask import SPLIT, Ask, keep_by
from zapcls.findings.verdict import FEW_PRODUCTS, decide_row

NEEDS = ("predictions", "colors", "check")
HELD = "sub-category held constant"
KINDS = ("category", "sub_category")  # grouped by one of them, the sub-category cannot be held
TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
TABLE_HELP = (
    "Pooled: against all others within each sub-category (Mantel-Haenszel). Same: p that this "
    "ratio is the same in all sub-categories (Breslow-Day). Both count photos as independent and "
    "are description only."
)
COUNTS = ["reference", "n", "n_fitted", "n_products", "one_label", "n_split"]


@dataclass(frozen=True)
class Found:
    """The odds of each label asked about; `obstacle` says why there are none, "" where there are.

    A question without a label is about all of them.
    """

    fits: dict[str, Adjusted]
    obstacle: str = ""


@keep_by(NEEDS, "by", "source", "label")
def find(evidence: Evidence, ask: Ask) -> Found:
    """Fit the odds of an error of each group, alone and with the sub-category held."""
    table = evidence.answers(ask.source)
    obstacle = find_obstacle(ask, bool((table[STRATUM] != "").any()))
    if obstacle:
        return Found({}, obstacle)
    labels = [ask.label] if ask.label else evidence.classes
    return Found({label: fit_adjusted(table, SPLIT, label, ask.by) for label in labels})


def find_obstacle(ask: Ask, has_stratum: bool = True) -> str:
    """Find why the sub-category cannot be held, as a sentence; "" where it can."""
    cannot = "The sub-category cannot be held constant here, so there are no adjusted odds"
    if not has_stratum:
        return f"{cannot}: the catalogue names none."
    if ask.by in KINDS:
        return f"{cannot}: photos are grouped by {ask.word}."
    if ask.task.column == STRATUM:
        return f"{cannot}: it is the label."
    return ""


def section(found: Found, ask: Ask) -> Section:
    """Describe the odds of the claim's label: a sentence, what disagrees, a chart and a table."""
    title = f"Is it the {ask.word}, or what comes with it?"
    if found.obstacle:
        return Section("odds", title, (Text(found.obstacle, "note"),))
    fit = found.fits[ask.label]
    source = numbers.begin(ask.source_name)
    said = Text(f"{source}: {describe(fit, ask)}", help=explain(ask))
    if not fit.reference:
        return Section("odds", title, (said,))
    warning = warn_of_disagreement(fit, ask)
    caption = (
        f"{source}: odds of a wrong answer against {fit.reference}, {ask.noun(group='')}; "
        f"{fit.n_fitted:,} of {fit.n:,} photos ({fit.n_products:,} products) could be used. Lines "
        "are 95 % intervals, clustered by product; pale: fewer than "
        f"{FEW_PRODUCTS} products."
    )
    table = Table(
        write_odds(fit, ask), f"{source}: {ask.noun(group='')}. {TABLE_HELP}",
        tuple(fit.odds["n_products"] < FEW_PRODUCTS), "Odds as a table",
    )  # fmt: skip
    return Section(
        "odds", title,
        (
            said,
            *([Text(warning, "warning")] if warning else []),
            Chart("", draw(fit, ask), caption),
            Text(describe_overlap(fit, ask), "note"),
            table,
        ),
    )  # fmt: skip


def explain(ask: Ask) -> str:
    """Explain what odds are, and how their intervals count."""
    return (
        "Odds are wrong answers per right one; the odds ratio is how many times higher they are "
        f"than those of the {ask.word} compared with; 1 means no difference. Photos of one product "
        "err together, so they do not count as independent: the intervals are clustered by "
        "product, and wider."
    )


def describe(fit: Adjusted, ask: Ask) -> str:
    """Describe what the two odds ratios of the claim's group are."""
    rows = fit.odds[fit.odds[ask.by] == ask.group]
    if rows.empty:
        return f"{ask.nobody}: there are no {ask.noun()}."
    row = rows.iloc[0]
    if not fit.reference:
        return (
            f"too few errors. Of the {fit.n:,} {ask.noun(group='', things='photos')} no two "
            f"{ask.words} have both right and wrong answers in a sub-category that they share."
        )
    if np.isnan(row["adjusted"]):
        pooled = "" if np.isnan(row["pooled"]) else (
            f" Against all other {ask.words} of the same sub-category the odds of an error are "
            f"**{write_ratio(row, 'pooled')}**, counting photos as independent."
        )  # fmt: skip
        return f"no odds ratio for {ask.noun()}: {row['note']}.{pooled}"
    said = decide_row(row, "adjusted", null=1).word("wrong more often", "wrong less often")
    others = f"{fit.reference} ones" if ask.by == "color" else f"{ask.word} {fit.reference}"
    return (
        f"for {ask.noun()} the odds of an error are **{write_ratio(row, 'crude')} times** those of "
        f"{others}, and **{write_ratio(row, 'adjusted')} times** among {ask.task.things} of the "
        f"same sub-category: **{said}** (p = {row['adjusted_p']:.2g}, {row['p_holm']:.2g} "
        f"corrected for the {ask.words} tried)."
    )


def warn_of_disagreement(fit: Adjusted, ask: Ask) -> str:
    """Name the groups whose crude and adjusted odds disagree, "" where none does."""
    names = ", ".join(fit.odds.loc[fit.odds["disagrees"].astype(bool), ask.by])
    return names and (
        f"{numbers.begin(ask.source_name)}, {ask.noun(group='')}: the {ask.word} alone and with "
        f"the sub-category held constant say different things about {names}. The odds ratios "
        f"differ by a factor over {FACTOR}, or in direction. What the {ask.word} alone shows there "
        f"comes in part with the kind of {ask.task.thing}."
    )


def describe_overlap(fit: Adjusted, ask: Ask) -> str:
    """Count the photos of sub-categories in which there is nothing to compare."""
    of_group = fit.odds.loc[fit.odds[ask.by] == ask.group, "no_overlap"]
    alone = int(of_group.iloc[0]) if len(of_group) else fit.n
    return (
        f"Without overlap: {alone:,} of {fit.n:,} {ask.noun(group='', things='photos')} are of "
        f"sub-categories with nothing {ask.within()}, or with nothing else, so they cannot tell "
        f"{ask.group} from its kind. {fit.one_label:,} of all {fit.n_split:,} photos are of "
        "sub-categories with one label only."
    )


def draw(fit: Adjusted, ask: Ask) -> go.Figure:
    """Draw the crude and the adjusted odds ratio of each group on a log axis."""
    rows = fit.odds[fit.odds["crude"].notna() | fit.odds["adjusted"].notna()]
    names = rows[ask.by].to_list()
    sides = {"crude": (f"{ask.word} alone", "circle-open"), "adjusted": (HELD, "circle")}
    dots = []
    for side, (name, symbol) in sides.items():
        hover = [
            f"{group}: {write_ratio(row, side)}<br>{row['n_products']:,} products<br>{name}"
            for group, (_, row) in zip(names, rows.iterrows(), strict=True)
        ]
        is_held = side == "adjusted"
        marks = pd.DataFrame(
            {
                "middle": rows[side], "low": rows[f"{side}_low"], "high": rows[f"{side}_high"],
                "color": [ask.swatch(group) if is_held else charts.NEUTRAL for group in names],
                "pale": rows["n_products"] < FEW_PRODUCTS, "hover": hover,
            }
        )  # fmt: skip
        dots.append(charts.Dots(marks, name, symbol))
    title = f"odds ratio against {fit.reference}"
    return charts.rows(names, dots, charts.Axis(title, null=1, is_log=True, ticks=TICKS))


def write_ratio(row: Any, side: str) -> str:
    """Write an odds ratio with its interval: 1.42 (1.10 to 1.83)."""
    if np.isnan(row[side]):
        return "–"
    return f"{row[side]:.2f} ({row[f'{side}_low']:.2f} to {row[f'{side}_high']:.2f})"


def write_odds(fit: Adjusted, ask: Ask) -> pd.DataFrame:
    """Write the odds ratios out for reading; a group without one says why."""
    odds = fit.odds
    sides = {f"{ask.word} alone": "crude", HELD: "adjusted", "pooled": "pooled"}
    return pd.DataFrame(
        {
            ask.word: odds[ask.by],
            "photos": odds["n"],
            "products": odds["n_products"],
            "wrong": odds["hits"],
            **{
                name: [write_ratio(row, side) for _, row in odds.iterrows()]
                for name, side in sides.items()
            },
            "p, held": odds["adjusted_p"].map(numbers.p_value),
            "p, corrected": odds["p_holm"].map(numbers.p_value),
            "p, pooled": odds["pooled_p"].map(numbers.p_value),
            "same": odds["homogeneity_p"].map(numbers.p_value),
            "no overlap": odds["no_overlap"],
            "note": odds["note"].where(~odds["disagrees"], "crude and adjusted disagree"),
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `adjusted`, a row a label and group.

    `fit` has the counts of the whole label's fit.
    """
    parts = []
    for label, fit in found.fits.items():
        counts = {name: getattr(fit, name) for name in COUNTS}
        part = fit.odds.assign(fit=[counts] * len(fit.odds))
        part.insert(0, "label", label)
        part.insert(0, "source", ask.source)
        parts.append(part)
    return {"adjusted": pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()}
