"""All that is found out about one group column: sections in reading order, and tables.

The report and the command color-bias show every source; the labels are those of the claim, or all.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from zapcls.blocks import Block, Photos, Section, Text
from zapcls.evidence import MISSING, Evidence
from zapcls.findings import (
    association,
    claim,
    directions,
    groups,
    odds,
    pairs,
    recolor,
    remedies,
    summary,
)
from zapcls.findings.ask import Ask, build_ask


def list_missing(evidence: Evidence, by: str = "color") -> dict[str, str]:
    """Return a sentence for each part whose job has not run; only colors can be changed."""
    parts = MISSING if by == "color" else ("oof",)
    return {part: said for part, said in evidence.missing.items() if part in parts}


def build_sections(evidence: Evidence, ask: Ask, labels: Sequence[str]) -> list[Section]:
    """Build what the data teach; groups, pairs, odds and directions in every source.

    Pairs and odds are of each of `labels`. The example photos are those of the claim, in the
    source of most photos.
    """
    sources = [replace(ask, source=source) for source in evidence.sources]
    missing = list_missing(evidence, ask.by)
    no_oof = (Text(missing["oof"], "missing"),) if "oof" in missing else ()
    asked = [replace(one, label=label) for one in sources for label in labels]
    best = replace(sources[-1], label=ask.label)
    of_pairs = [
        _keep_photos(pairs.section(pairs.find(evidence, one), one), one == best) for one in asked
    ]
    of_groups = [groups.section(groups.find(evidence, one), one) for one in sources]
    return [
        association.section(association.find(evidence, ask), ask),
        _merge(of_groups, no_oof),
        _merge(of_pairs),
        _merge([odds.section(odds.find(evidence, one), one) for one in asked]),
        _merge([directions.section(directions.find(evidence, one), one) for one in sources]),
    ]


def _keep_photos(section: Section, is_kept: bool) -> Section:
    blocks = (block for block in section.blocks if is_kept or not isinstance(block, Photos))
    return replace(section, blocks=tuple(blocks))


def _merge(sections: Sequence[Section], first: tuple[Block, ...] = ()) -> Section:
    """Put the blocks of sections under the heading of the first; a sentence stands once."""
    blocks = list(first)
    for section in sections:
        said = {block for block in blocks if isinstance(block, Text)}
        blocks += [
            block for block in section.blocks if not (isinstance(block, Text) and block in said)
        ]
    return replace(sections[0], blocks=tuple(blocks))


def build_tables(evidence: Evidence, by: str = "color") -> dict[str, pd.DataFrame]:
    """Build every table about one group column, by name; those of answers hold all sources.

    Raises:
        BadInput: photos cannot be grouped by it.
    """
    ask = build_ask(evidence, by)
    found = association.tables(association.find(evidence, ask), ask)
    parts: dict[str, list[pd.DataFrame]] = {}
    for name, table in _list_tables(evidence, ask):
        parts.setdefault(name, []).append(table)
    found |= {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
    compared = found.pop("pairs")
    found |= summary.tables(summary.find(evidence, ask), ask)
    changed = _build_changed(evidence, ask) if by == "color" else {}
    return found | changed | {"pairs": compared}


def _list_tables(evidence: Evidence, ask: Ask) -> Iterator[tuple[str, pd.DataFrame]]:
    for source in evidence.sources:
        one = replace(ask, source=source)
        all_labels = replace(one, label="")
        yield from claim.tables(claim.find(evidence, one), one).items()
        yield from groups.tables(groups.find(evidence, one), one).items()
        yield from odds.tables(odds.find(evidence, all_labels), all_labels).items()
        yield from pairs.tables(pairs.find(evidence, one), one).items()


def _build_changed(evidence: Evidence, ask: Ask) -> dict[str, pd.DataFrame]:
    """Build the tables on what is changed: the color in the photo, or the training."""
    found = recolor.tables(recolor.find(evidence, ask), ask)
    tried = remedies.tables(remedies.find(evidence, ask), ask)
    return found | {"trade": tried["remedies"]}


def build_json(evidence: Evidence, by: str = "color") -> dict[str, Any]:
    """Build one object of all tables; what is not known is None, never NaN.

    `missing` holds a sentence for each part that is empty because its job has not run.

    Raises:
        BadInput: photos cannot be grouped by it.
    """
    tables = build_tables(evidence, by)
    shares, [whole] = _list_rows(tables.pop("shares")), tables.pop("association").to_dict("records")
    told = {key: None if math.isnan(value) else value for key, value in whole.items()}
    rows = {name: _list_rows(table) for name, table in tables.items()}
    found = {"association": told | {"shares": shares}} | rows
    return found | {"missing": list_missing(evidence, by)}


def _list_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(table.to_json(orient="records", double_precision=15))
