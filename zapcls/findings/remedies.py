"""Which remedies reduce color bias, and what do they cost? Heads trained by each, and by none."""

from dataclasses import dataclass, replace

import pandas as pd
import plotly.graph_objects as go

from zapcls import schema
from zapcls.analysis.remedies import ALL_SEEDS, CONTROL, ERROR, EXCESS, FLIP, TESTED, WORST
from zapcls.blocks import Chart, Columns, Section, Table, Text, numbers
from zapcls.blocks.charts import NEUTRAL
from zapcls.blocks.planes import Ends, Mark, plane
from zapcls.evidence import MISSING, Evidence
from zapcls.findings.ask import Ask
from zapcls.findings.remedy_settings import BASE, REMEDIES, find_obstacle
from zapcls.findings.verdict import decide_row
from zapcls.workspace.imports import find_lack

NEEDS = ("trade",)
TITLE = "What reduces it, and what it costs"
# Paul Tol's "bright" scheme, which can be told apart without seeing red or green.
COLORS = dict(
    zip(
        REMEDIES,
        (NEUTRAL, "#4477aa", "#66909c", "#ee6677", "#aa3377", "#228833", "#b8860b"),
        strict=True,
    )
)


@dataclass(frozen=True)
class Found:
    """`remedies` is `schema.TRADE`, empty before the job; its group column is `by`."""

    remedies: pd.DataFrame
    obstacle: str = ""  # why no remedy can be tried on the run, as a sentence

    @property
    def by(self) -> str:
        """The group column of the worst group."""
        return next((name for name in self.remedies if name not in schema.TRADE), "color")

    def read_means(self, measure: str) -> pd.DataFrame:
        """Return the rows of a measure that are means over all seeds; the index is the remedy."""
        is_mean = (self.remedies["measure"] == measure) & (self.remedies["seed"] == ALL_SEEDS)
        return self.remedies[is_mean].set_index("option", drop=False)

    def is_known(self, measure: str) -> bool:
        """Whether there are photos that the measure is about."""
        return bool(self.read_means(measure)["n"].any())


def find(evidence: Evidence, ask: Ask) -> Found:
    """Read what the job that tries remedies found."""
    table = evidence.remedies
    if table is None:
        table = pd.DataFrame(columns=list(schema.TRADE))
    lack = find_lack(evidence.run, "training", "trying remedies")
    return Found(table, lack or find_obstacle(evidence.run.train_config))


def section(found: Found, ask: Ask) -> Section:
    """Describe what each remedy lowers and raises, with a chart a figure and a table."""
    if found.obstacle:
        return Section("remedies", TITLE, (Text(found.obstacle, "note"),))
    if found.remedies.empty:
        return Section("remedies", TITLE, (Text(MISSING["trade"], "missing"),))
    ask = replace(ask, by=found.by)
    drawn = tuple(
        (Chart(numbers.begin(name_measure(found, measure, ask)), draw(found, measure, ask)),)
        for measure in (WORST, FLIP)
        if found.is_known(measure)
    )
    return Section(
        "remedies", TITLE,
        (
            Text(describe_answer(found, ask), help=explain(ask)),
            Columns(drawn),
            Text(
                "Each against the error rate; lower left is better. Lines are 95 % intervals of "
                f"the difference from {_title(BASE)} (dotted): one that crosses a dotted line may "
                f"be chance. Pale points are single trainings. {explain_trainings(found)}",
                "note",
            ),
            *(Text(describe_measure(found, measure, ask)) for measure in TESTED),
            Text(describe_flips(found), help=explain_flips(ask)),
            Table(write_remedies(found, ask), title="The remedies as a table"),
        ),
    )  # fmt: skip


def explain(ask: Ask) -> str:
    """Explain how a remedy is compared, and how the worst group is chosen."""
    return (
        f"Every remedy is compared on the same photos with {_title(BASE)}: the run's own recipe "
        "for the head, with the colors as they are. It lowers or raises a figure where p, "
        "corrected for all remedies and the three figures (Holm), is below 0.05 and the 95 % "
        "interval excludes zero. p swaps, product by product, which of the two answers is the "
        "remedy's; the interval counts both products and trainings as chance. The worst of many "
        f"groups is partly bad luck, so the worst {ask.word} group here is the one with the most "
        "errors of all remedies together on tune, whose photos no rate here counts."
    )


def explain_flips(ask: Ask) -> str:
    """Explain what a hue edit and a random edit are."""
    return (
        f"The hue of the {ask.task.thing} is moved to each basic color that it reaches at its own "
        "lightness, and the network answers again. A random edit moves it the same distance in "
        "another direction. Where the hue flips no more answers than a random edit, the color is "
        "not the cause."
    )


def name_measure(found: Found, measure: str, ask: Ask) -> str:
    """Name a measure in a few words; the worst group by its value and label."""
    if measure != WORST:
        return {ERROR: "error rate", FLIP: "share of answers that the hue flips"}[measure]
    worst = found.read_means(WORST).iloc[0]
    if not worst[found.by]:
        return f"error rate of the worst {ask.word} group"
    return f"error rate of {ask.noun(worst['label'], worst[found.by])}"


def list_remedies(found: Found, measure: str) -> dict[str, list[pd.Series]]:
    """Sort the remedies by what they do to a measure: lower, raise, or "" (it may be chance)."""
    sides: dict[str, list[pd.Series]] = {"lower": [], "raise": [], "": []}
    for _, row in found.read_means(measure).drop(BASE).iterrows():
        sides[decide_row(row).word("raise", "lower", "")].append(row)
    return sides


def describe_answer(found: Found, ask: Ask) -> str:
    """Describe in a sentence what lowers each figure, what none does, and what raises any."""
    known = [measure for measure in (FLIP, WORST, ERROR) if found.is_known(measure)]
    names = {measure: f"the {name_measure(found, measure, ask)}" for measure in known}
    sides = {measure: list_remedies(found, measure) for measure in known}
    parts = [_tell(sides[measure]["lower"], "lower", names[measure]) for measure in known]
    kept = [names[measure] for measure in known if not sides[measure]["lower"]]
    parts += [f"**none** lowers {numbers.join(kept, 'or')}"] if kept else []
    parts += [_tell(sides[measure]["raise"], "raise", names[measure]) for measure in known]
    count = found.remedies["option"].nunique() - 1
    return f"Of {count} {'remedies' if count > 1 else 'remedy'}: {'; '.join(filter(None, parts))}."


def _tell(rows: list[pd.Series], verb: str, name: str) -> str:
    titles = [_title(row["option"]) for row in rows]
    said = verb if len(rows) > 1 else f"{verb}s"
    return f"**{numbers.join(titles)}** {said} {name}" if rows else ""


def describe_measure(found: Found, measure: str, ask: Ask) -> str:
    """Describe what one figure is without a remedy, and which remedies change it or may not."""
    base = found.read_means(measure).loc[BASE]
    name = numbers.begin(name_measure(found, measure, ask))
    if not base["n"]:
        return f"**{name}**: no {ask.word} group is large enough to be compared with the others."
    sides = list_remedies(found, measure)
    units = "edited photos" if measure == FLIP else "photos"
    changes = {
        side: numbers.join([f"{_title(row['option'])} {numbers.change(row)}" for row in rows])
        for side, rows in sides.items()
    }
    unclear = numbers.join([_title(row["option"]) for row in sides[""]])
    parts = [
        f"**{name}**: {numbers.rate(base)} with {_title(BASE)} ({base['n']:,} {units}, "
        f"{base['n_products']:,} products)."
    ]
    parts += [f"Lower with {changes['lower']} points."] if sides["lower"] else []
    parts += [f"Higher with {changes['raise']} points."] if sides["raise"] else []
    parts += [f"Chance may explain the difference: {unclear}."] if unclear else []
    return " ".join(parts)


def list_sentences(found: Found, ask: Ask) -> list[str]:
    """List what the terminal prints: the answer, each figure, and what was trained."""
    figures = [describe_measure(found, measure, ask) for measure in TESTED]
    return [describe_answer(found, ask), *figures, explain_trainings(found)]


def describe_flips(found: Found) -> str:
    """Describe for the base line how much of what the hue flips a random edit flips too."""
    flip, control, excess = (
        found.read_means(measure).loc[BASE] for measure in (FLIP, CONTROL, EXCESS)
    )
    said = (
        f"With {_title(BASE)} a hue edit flips {numbers.percent(flip['rate'])} of the answers, a "
        f"random edit of the same distance {numbers.percent(control['rate'])}: "
        f"{numbers.change(excess, 'rate')} points."
    )
    if excess["rate"] < control["rate"]:
        said += " Most of these flips come with any move of the hue, whatever the color."
    return said


def explain_trainings(found: Found) -> str:
    """Describe what was trained, and how often."""
    seeds = int((found.remedies["seed"].unique() != ALL_SEEDS).sum())
    return (
        f"Heads on the run's frozen network, averaged over {seeds} trainings of each remedy. They "
        "are not this run: they lack its unfrozen phase. Valid photos only."
    )


def draw(found: Found, measure: str, ask: Ask) -> go.Figure:
    """Draw the error rate of each remedy (x) against another measure (y); lower left is better.

    The intervals are of the difference from the base line, set at the remedy's mark.
    """
    sides = found.read_means(ERROR), found.read_means(measure)
    rates = found.remedies.pivot(index="seed", columns=["option", "measure"], values="rate")
    singles = rates.drop(index=ALL_SEEDS)
    marks = []
    for name in [name for name in REMEDIES if name in sides[0].index]:
        x, y = (side.loc[name] for side in sides)
        hover = (
            f"{_title(name)}<br>error rate {numbers.rate(x)}, n = {x['n']:,}<br>"
            f"{numbers.rate(y)}, n = {y['n']:,}"
        )
        marks.append(
            Mark(
                _title(name), _find_ends(sides[0], name), _find_ends(sides[1], name),
                COLORS[name], hover,
                list(zip(singles[name, ERROR], singles[name, measure], strict=True)),
                is_base=name == BASE,
            )
        )  # fmt: skip
    return plane(marks, "error rate", name_measure(found, measure, ask))


def _find_ends(side: pd.DataFrame, name: str) -> Ends:
    base, row = side.loc[BASE, "rate"], side.loc[name]
    if name == BASE:
        return Ends(base, base, base)
    return Ends(row["rate"], max(0.0, base + row["difference_low"]), base + row["difference_high"])


def write_remedies(found: Found, ask: Ask) -> pd.DataFrame:
    """Write the figures out for reading, a row a remedy."""
    names = list(dict.fromkeys(found.remedies["option"]))
    columns = {"remedy": [_title(name) for name in names]}
    for measure in TESTED:
        rows = [found.read_means(measure).loc[name] for name in names]
        title = name_measure(found, measure, ask)
        columns[title] = [numbers.rate(row, nobody=ask.nobody) for row in rows]
        columns[f"{title}, change in points"] = [
            numbers.change(row) if pd.isna(row["difference"])
            else f"{numbers.change(row)}, p {numbers.p_value(row['p_holm'])}"
            for row in rows
        ]  # fmt: skip
    excess = [found.read_means(EXCESS).loc[name] for name in names]
    columns["flips beyond those of random edits, points"] = [
        numbers.change(row, "rate") for row in excess
    ]
    return pd.DataFrame(columns)


def _title(name: str) -> str:
    return REMEDIES[name].title if name in REMEDIES else name


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `remedies`, a row a remedy, measure and seed."""
    return {"remedies": found.remedies}
