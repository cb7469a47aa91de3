"""The evidence as the command line gives it: one JSON object, or tables for a person."""

import dataclasses
import json
import math
from typing import Any

import pandas as pd

from zapcls import words
from zapcls.findings import recolor
from zapcls.report.change_sections import build_ask
from zapcls.report.evidence import Answers, Evidence
from zapcls.words import colors as color_words

RATE = ["n", "n_products", "rate", "low", "high"]
BY_COLOR = ["source", "color", "label", "n", "n_products", "error_rate", "low", "high"]
FITTED = ["reference", "n", "n_fitted", "n_products", "one_label", "n_split"]


def build_findings(evidence: Evidence) -> dict[str, Any]:
    """Build what `color-bias --json` prints from an `Evidence`; no number is None, never NaN.

    `missing` holds a sentence for each part that is empty because its job has not run.
    """
    association = dataclasses.asdict(evidence.association)
    shares = evidence.shares[["color", "label", *RATE]].rename(columns={"rate": "share"})
    recolored = evidence.recolored
    return {
        "association": {key: _or_none(value) for key, value in association.items()}
        | {"shares": build_rows(shares)},
        "claim": build_claims(evidence),
        "by_color": [row for answers in evidence.answers for row in build_groups(answers)],
        "adjusted": [row for answers in evidence.answers for row in build_odds(answers)],
        "recolor": build_flips(recolored.flips) if recolored else [],
        "controls": build_rows(recolored.controls.rename(columns={"rate": "flip_rate"}))
        if recolored
        else [],
        "pairs": [
            row
            for answers in evidence.answers
            for row in build_rows(answers.pairs.assign(source=answers.source))
        ],
        "missing": evidence.missing,
    }


def build_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a table's rows; NaN becomes None."""
    return json.loads(table.to_json(orient="records", double_precision=15))


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def build_claims(evidence: Evidence) -> list[dict[str, Any]]:
    """P(called | label, color) and the same of the other colors, by source."""
    color, label, called = evidence.claim
    tables = [answers.claim.assign(source=answers.source) for answers in evidence.answers]
    table = pd.concat(tables).assign(label=label, called=called)
    table["color"] = table["group"].map({"color": color, "others": f"not {color}"})
    return build_rows(table[["source", "color", "label", "called", "hits", *RATE]])


def build_groups(answers: Answers) -> list[dict[str, Any]]:
    """The error rate of each color and label of one source."""
    names = {"rate": "error_rate", "p_holm": "p_adjusted"}
    table = answers.groups.rename(columns=names).assign(source=answers.source)
    return build_rows(table[[*BY_COLOR, "p_adjusted"]])


def build_odds(answers: Answers) -> list[dict[str, Any]]:
    """The odds of each color of one source; `fit` has the counts of the whole label's fit."""
    return [
        {"source": answers.source, "label": label, **row, "fit": counts}
        for label, found in answers.adjusted.items()
        for counts in [{name: getattr(found, name) for name in FITTED}]
        for row in build_rows(found.odds)
    ]


def build_flips(flips: pd.DataFrame) -> list[dict[str, Any]]:
    """How often a recolored photo is answered otherwise, by edit, target color and label."""
    return build_rows(flips[recolor.RECOLOR])


def write_findings(evidence: Evidence) -> str:
    """Write the findings for a person: a sentence, then a table, of each part."""
    parts = [color_words.describe_association(evidence.association)]
    for answers in evidence.answers:
        name = words.begin(answers.name)
        parts.append(f"{name}: {color_words.describe_groups(answers.groups)}")
        parts.append(_write(color_words.write_groups(answers.groups)))
        for label, found in answers.adjusted.items():
            sold = words.department(label)
            parts.append(f"{name}: {sold} shoes, {_tell_reference(found.reference)}")
            parts.append(_write(color_words.write_odds(found)))
            pairs = answers.pairs[answers.pairs["label"] == label].set_index("color")
            parts.append(f"{name}: {sold} products in two colors.")
            parts.append(_write(color_words.write_pairs(pairs)))
    if evidence.recolored:
        parts.append("This run, valid: recolored photos, and every kind of edit.")
        parts.append(_write(recolor.write_flips(evidence.recolored.flips, build_ask(evidence))))
        parts.append(
            _write(recolor.write_controls(evidence.recolored.controls, build_ask(evidence)))
        )
    return "\n\n".join([*parts, *evidence.missing.values()]).replace("**", "")


def _tell_reference(reference: str) -> str:
    return f"odds of a wrong answer against {reference}." if reference else "too few errors."


def _write(table: pd.DataFrame) -> str:
    return table.to_string(index=False) if len(table) else "None."
