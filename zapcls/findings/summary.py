"""Is color (or another attribute) to blame? One verdict, and what it rests on."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from zapcls.analysis.recoloring import ALL
from zapcls.blocks import Photos, Section, Table, Text, numbers
from zapcls.evidence import Evidence
from zapcls.findings import groups, pairs, recolor
from zapcls.findings.ask import Ask
from zapcls.findings.verdict import HIGHER, NONE, Verdict, decide_row

NOT_TRIED = "not tried yet; a few minutes will tell whether the color alone changes the answer"
NEEDS = ("predictions", "colors", "check", "store", "recolor")
YES, IN_PART, MOSTLY_NOT, UNTOLD = "Yes", "In part", "Mostly not", "Nothing shows it so far"


@dataclass(frozen=True)
class Row:
    """One kind of evidence: what was compared, the figure, its verdict, and where more stands."""

    name: str
    figure: str
    verdict: Verdict
    said: str
    section: str  # of the page
    example: tuple[str, str] = ("", "")  # group and label of photos that illustrate it


@dataclass(frozen=True)
class Found:
    """The rows of evidence; `of_any` is whether changing the color at all changes the answers.

    `photos` are pairs of one product whose answer changes with the group.
    """

    rows: tuple[Row, ...]
    of_any: Verdict
    photos: tuple[Photos, ...] = ()

    @property
    def answer(self) -> str:
        """Return the verdict in a word or two."""
        is_told = any(row.verdict.is_told for row in self.rows)
        is_worse = any(
            row.section == "pairs" and row.verdict.outcome == HIGHER for row in self.rows
        )
        if self.of_any.outcome == NONE:  # no photo was recolored
            return IN_PART if is_worse else UNTOLD
        if self.of_any.outcome == HIGHER:
            return YES if is_worse else IN_PART
        return MOSTLY_NOT if is_told else UNTOLD


def find(evidence: Evidence, ask: Ask) -> Found:
    """Gather the same product in two groups, the recolored photos, and the clearest group."""
    rows: list[Row | None] = [_tell_pairs(evidence, ask)]
    of_any = Verdict(NONE)
    if ask.by == "color" and evidence.recoloring is None:
        rows.append(Row(f"The {ask.task.thing} recolored", NOT_TRIED, of_any, "", "recolor"))
    elif ask.by == "color":
        flips = recolor.find(evidence, ask).flips
        hue = flips[flips["edit"] == "hue"]
        rows += [_tell_target(hue, ask)]
        total = hue[hue["to"] == ALL]
        if len(total):
            of_any = decide_row(total.iloc[0], "excess", p="p")
    rows.append(_tell_groups(evidence, ask))
    if of_any.outcome != NONE:
        rows.append(_tell_any(total.iloc[0], of_any))
    photos = pairs.list_examples(pairs.find(evidence, ask), ask)
    return Found(tuple(row for row in rows if row), of_any, tuple(photos))


def _tell_pairs(evidence: Evidence, ask: Ask) -> Row | None:
    table = pairs.take_label(pairs.find(evidence, ask).pairs, ask)
    mine = table[table[ask.by] == ask.group]
    if mine.empty:
        return None
    row = mine.iloc[0]
    verdict = decide_row(row)
    said = verdict.word(f"wrong more often {ask.within()}", f"wrong less often {ask.within()}")
    return Row(
        f"The same {ask.task.thing} {ask.within()} and {ask.another}",
        f"{numbers.points(row['difference'])} points, "
        f"{numbers.count(row['n_products'], 'product')}",
        verdict, said, "pairs", (ask.group, ask.label),
    )  # fmt: skip


def _tell_target(hue: pd.DataFrame, ask: Ask) -> Row | None:
    """Describe the label whose photos, turned into the claim's color, change most for it."""
    rows = hue[(hue["to"] == ask.group) & hue["label"].isin(list(ask.task.classes))]
    if rows.empty:
        return None
    row = rows.sort_values("excess", ascending=False).iloc[0]
    verdict = decide_row(row, "excess")
    return Row(
        f"{numbers.begin(ask.task.noun(row['label']))} turned {ask.group}",
        f"{numbers.percent(row['flip_rate'])} get a different answer; with a random hue, "
        f"{numbers.percent(row['control_rate'])}",
        verdict, recolor.judge(row, "hue"), "recolor", (ask.group, row["label"]),
    )  # fmt: skip


def _tell_groups(evidence: Evidence, ask: Ask) -> Row | None:
    table = groups.find(evidence, ask).groups
    table = table[table["p_holm"].notna()]
    if table.empty:
        return None
    row = table.sort_values(["p_holm", "p"]).iloc[0]
    verdict = decide_row(row)
    said = verdict.word("wrong more often than the others", "wrong less often than the others")
    return Row(
        numbers.begin(ask.noun(row["label"], row[ask.by])),
        f"{numbers.points(row['difference'])} points against the other {ask.words}",
        verdict, said, "groups", (row[ask.by], row["label"]),
    )  # fmt: skip


def _tell_any(row: Any, verdict: Verdict) -> Row:
    return Row(
        "Any other hue",
        f"{numbers.percent(row['flip_rate'])} get a different answer; with a random hue, "
        f"{numbers.percent(row['control_rate'])}",
        verdict, recolor.judge(row, "hue", "p"), "recolor",
    )  # fmt: skip


def ask_aloud(ask: Ask) -> str:
    """Ask what the verdict answers: is color to blame?"""
    return f"Is {'' if ask.by == 'color' else 'the '}{ask.word} to blame?"


def section(found: Found, ask: Ask) -> Section:
    """Answer in a word, and list what the answer rests on."""
    table = Table(write_rows(found), f"{numbers.begin(ask.source_name)}.", title="", is_open=True)
    lead = Text(f"{ask_aloud(ask)} {found.answer}.", "lead")
    return Section("summary", "The verdict", (lead, table, *found.photos))


def write_rows(found: Found) -> pd.DataFrame:
    """Write the rows out for reading."""
    return pd.DataFrame(
        {
            "evidence": [row.name for row in found.rows],
            "figure": [row.figure for row in found.rows],
            "verdict": [row.said for row in found.rows],
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `verdict`, a row a kind of evidence, and the answer."""
    table = write_rows(found).assign(
        outcome=[row.verdict.outcome for row in found.rows], answer=found.answer
    )
    return {"verdict": table.drop(columns="verdict")}
