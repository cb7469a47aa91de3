"""The claim: are photos of a group called something else more often than others of its label?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from zapcls.analysis.ways import GROUP, OTHERS, compare_claim, compare_way
from zapcls.blocks import Chart, Section, Text, charts, numbers
from zapcls.evidence import Evidence
from zapcls.findings import groups
from zapcls.findings.ask import SPLIT, Ask
from zapcls.findings.verdict import decide_row

NEEDS = ("predictions", "colors", "check")
COARSE = 0.05  # a group that shows only larger rises is small
HELP = (
    "p: errors are moved between products of the label at random, 2,000 times, and more often "
    "where many groups are compared and p is small. Corrected (Holm): for all groups and "
    "mistakes. A rise would show if it is found four times in five (p < 0.05, before the "
    "correction); how large it must be depends on the number of products and the others' rate. A "
    "difference counts as one where the corrected p is below 0.05 and the 95 % interval excludes "
    "0."
)


@dataclass(frozen=True)
class Found:
    """The two rates (`compare_claim`) and what chance allows to be said of them (`compare_way`)."""

    rates: pd.DataFrame
    way: dict[Any, Any]
    tried: int  # groups and ways that p is corrected for


def find(evidence: Evidence, ask: Ask) -> Found:
    """Compare how often the claim's photos are called so with the other photos of its label."""
    table = evidence.answers(ask.source)
    rates = compare_claim(table, ask.group, ask.label, ask.called, SPLIT, ask.by)
    known = evidence.list_groups(ask.by, ask.source)
    if ask.group not in known:  # of photos that this source does not answer for
        return Found(rates, {"n": 0}, 0)
    if len(evidence.classes) == 2 or not ask.called:  # any error counts: the groups say it all
        compared = groups.find(evidence, ask).groups
        is_asked = (compared[ask.by] == ask.group) & (compared["label"] == ask.label)
        return Found(rates, compared[is_asked].iloc[0].to_dict(), int(compared["p"].notna().sum()))
    claim = ask.group, ask.label, ask.called
    return Found(rates, *compare_way(table, SPLIT, known, evidence.classes, claim, by=ask.by))


def section(found: Found, ask: Ask) -> Section:
    """Answer the claim: a heading with its rate, what chance allows to be said, two rates."""
    judged = judge(found, ask)
    return Section(
        "claim", "The claim",
        (
            Text(describe(found, ask), "lead"),
            *([Text(judged, help=HELP)] if judged else []),
            draw([(found, ask)]),
        ),
    )  # fmt: skip


def describe(found: Found, ask: Ask) -> str:
    """Count in a heading how many photos of the claim are called so."""
    mine = found.rates.iloc[0]
    if not mine["n"]:
        return f"{numbers.begin(ask.nobody)}: {ask.photos_name} has no {ask.noun()}."
    return (
        f"{mine['hits']:,} of {mine['n']:,} {ask.noun()} are called "
        f"{ask.called_name}: {numbers.percent(mine['rate'])}"
    )


def judge(found: Found, ask: Ask) -> str:
    """Describe what the others' rate, p and n allow; "" where there are no such photos."""
    row, others = found.way, f"other {ask.noun(group='')}"
    if not row["n"]:
        return ""
    if not row["n_others"]:
        return f"There are no {others} to compare with."
    between = numbers.change(row)
    called = f"Called {ask.called_name}"
    said = decide_row(row).word(
        f"{called} more often for {ask.group}.", f"{called} less often for {ask.group}.",
        describe_doubt(row, ask),
    )  # fmt: skip
    return (
        f"Of the {others} it is {numbers.percent(row['rate_others'])} "
        f"({int(row['hits_others']):,} of {int(row['n_others']):,}): **{between} points** for "
        f"{ask.group}; p = {numbers.p_value(row['p'])}, corrected for the {found.tried:,} groups "
        f"tried {numbers.p_value(row['p_holm'])}. **{said}** {describe_reach(row)}."
    )


def describe_doubt(row: Any, ask: Ask) -> str:
    """Describe in a sentence why nothing is told: too few of them, or what could be chance."""
    return f"Too few {ask.noun()} to tell." if row["detectable"] > COARSE else "Could be chance."


def describe_reach(row: Any) -> str:
    """Describe which rise of a group's rate would show with as many products as it has."""
    reach, products = row["detectable"], f"With {int(row['n_products']):,} products"
    if reach >= 1:
        return f"{products} no rise would show"
    rise = f"{100 * reach:.{0 if reach >= 0.1 else 1}f}"
    return f"{products} only a rise of about {rise} points would show"


def draw(asked: Sequence[tuple[Found, Ask]]) -> Chart:
    """Draw the two rates of each source, one below the other."""
    names: list[str] = []
    colors: list[str] = []
    for _, ask in asked:
        source = f",<br>{ask.source_name}" if len(asked) > 1 else ""
        names += [f"{ask.noun()}{source}", f"other {ask.noun(group='')}{source}"]
        colors += [ask.swatch(ask.group), charts.NEUTRAL]
    ask = asked[-1][1]
    rates = pd.concat([found.rates for found, _ in asked], ignore_index=True)
    return Chart(
        f"{numbers.begin(ask.noun(group=''))} called {ask.called_name}"
        if len(asked) > 1 else "",
        charts.rates(names, rates, colors, nobody=ask.nobody),
        "Lines are 95 % intervals that count products, not photos.",
    )  # fmt: skip


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `claim`, a row for the group and one for the others."""
    sides = {GROUP: ask.group, OTHERS: f"not {ask.group}"}
    table = found.rates.assign(source=ask.source, label=ask.label, called=ask.called)
    table[ask.by] = table["side"].map(sides)
    columns = ["source", ask.by, "label", "called", "hits", "n", "n_products", "rate", "low"]
    return {"claim": table[[*columns, "high"]]}
