"""The answer to the claim in one paragraph, and what each way of looking at it says."""

from dataclasses import dataclass, replace

import pandas as pd

from zapcls.blocks import Facts, Section, Text, numbers
from zapcls.evidence import Evidence
from zapcls.findings import claim, groups, odds, pairs, recolor
from zapcls.findings.ask import Ask
from zapcls.findings.verdict import HIGHER, LOWER, decide_row

NEEDS = ("predictions", "colors", "check", "store", "recolor")


@dataclass(frozen=True)
class Found:
    """The claim in each source; the rest of the source of most photos."""

    claims: dict[str, claim.Found]
    pairs: pairs.Found
    odds: odds.Found
    groups: groups.Found
    flips: pd.DataFrame | None  # of recolored photos


def find(evidence: Evidence, ask: Ask) -> Found:
    """Find all that bears on the claim."""
    asked = {source: replace(ask, source=source) for source in evidence.sources}
    best = asked[evidence.sources[-1]]
    return Found(
        {source: claim.find(evidence, one) for source, one in asked.items()},
        pairs.find(evidence, best), odds.find(evidence, best), groups.find(evidence, best),
        _find_flips(evidence, ask),
    )  # fmt: skip


def _find_flips(evidence: Evidence, ask: Ask) -> pd.DataFrame | None:
    if evidence.recoloring is None or ask.by != "color":
        return None
    return recolor.find(evidence, ask).flips


def section(found: Found, ask: Ask) -> Section:
    """Ask the claim as a question, answer it, and list what the answer rests on."""
    asked = [(one, replace(ask, source=source)) for source, one in found.claims.items()]
    best = asked[-1][1]
    name = best.source_name
    facts = [
        (
            numbers.begin(one.source_name),
            f"**{claim.describe(of_source, one).rstrip('.')}**. {claim.judge(of_source, one)}",
        )
        for of_source, one in asked
    ]
    said = numbers.begin(pairs.describe(found.pairs, best))
    facts.append((f"The same product {ask.within()}, {name}", said))
    fit = found.odds.fits.get(ask.label)
    said = found.odds.obstacle if fit is None else numbers.begin(odds.describe(fit, best))
    facts.append((f"The sub-category held constant, {name}", said))
    if found.flips is not None:
        facts.append((f"The {ask.task.thing} recolored, this run", _describe_hue(found.flips, ask)))
    said = groups.describe(found.groups.groups, best)
    facts.append((f"All {ask.words} and labels, {name}", said))
    return Section(
        "answer",
        f"Are {ask.noun()} called {ask.called_name} more often than others?",
        (Text(sum_up(found, ask), "lead"), claim.draw(asked), Facts(tuple(facts))),
    )


def sum_up(found: Found, ask: Ask) -> str:
    """Answer the claim in a paragraph: yes or no only where no source says otherwise."""
    outcomes: set[str] = set()
    said: list[str] = []
    for source, of_source in found.claims.items():
        one, (mine, others) = replace(ask, source=source), of_source.rates.itertuples()
        name = numbers.begin(one.source_name)
        if not mine.n or not others.n:
            said.append(f"{name}: {ask.nobody} to compare.")
            continue
        verdict = decide_row(of_source.way)
        outcomes |= {verdict.outcome} if verdict.is_told else set()
        said.append(
            f"{name}: {mine.hits:,} of {mine.n:,} {ask.noun()} are called "
            f"{ask.called_name}, **{numbers.percent(mine.rate)}** "
            f"({numbers.interval(mine.low, mine.high)}); of the others "
            f"**{numbers.percent(others.rate)}** ({numbers.interval(others.low, others.high)})."
        )
    answers = {frozenset({HIGHER}): "Yes.", frozenset({LOWER}): "No, less often."}
    answer = answers.get(frozenset(outcomes), "Too few to tell.")
    return " ".join([f"**{answer}**", *said])


def _describe_hue(flips: pd.DataFrame, ask: Ask) -> str:
    rows = flips[(flips["edit"] == "hue") & (flips["label"] == ask.label)]
    return recolor.describe_target(rows, ask.group, "hue", ask)
