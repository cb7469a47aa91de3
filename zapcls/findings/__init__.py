"""The findings: what is found out about a run, one file each, in reading order.

A finding is a module with one contract:

- `NEEDS`: the tables of the evidence that it stands on.
- `find(evidence, ask) -> Found`: pure; its tables in a frozen dataclass.
- `section(found, ask) -> Section`: its sentences, charts and tables, for page, report and terminal.
- `tables(found, ask) -> dict[str, DataFrame]`: what JSON and the API show of it, by key.

Page, report, commands and API all read FINDINGS; `bias` and `answer` put several of them together.
`verdict` alone decides what is a difference; `ask` says what is asked. Pure statistics, which know
no page, are in `zapcls.analysis`.
"""

from types import ModuleType
from typing import Any

from zapcls.evidence import Evidence
from zapcls.findings import association, claim, directions, groups, odds, pairs
from zapcls.findings.ask import Ask

FINDINGS: dict[str, ModuleType] = {
    "claim": claim,
    "groups": groups,
    "pairs": pairs,
    "odds": odds,
    "association": association,
    "directions": directions,
}


def find(name: str, evidence: Evidence, ask: Ask) -> Any:
    """Find by name, once: it is kept with the evidence until a table that it needs changes."""
    finding = FINDINGS[name]
    return evidence.keep((name, ask), finding.NEEDS, lambda: finding.find(evidence, ask))
