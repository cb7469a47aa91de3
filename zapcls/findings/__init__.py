"""The findings: what is found out about a run, one file each, in reading order.

A finding is a module with one contract:

- `NEEDS`: the tables of the evidence that it stands on.
- `find(evidence, ask) -> Found`: pure; its tables in a frozen dataclass.
- `section(found, ask) -> Section`: its sentences, charts and tables, for page, report and terminal.
- `tables(found, ask) -> dict[str, DataFrame]`: what JSON and the API show of it, by key.

A finding on two runs keeps the same contract, but for `find(first, second, ask)`; what it NEEDS is
needed of both.

Page, report, commands and API all read FINDINGS and COMPARISONS; `bias` and `answer` put several of
them together. `verdict` alone decides what is a difference; `ask` says what is asked. Pure
statistics, which know no page, are in `zapcls.analysis`.
"""

from types import ModuleType
from typing import Any

from zapcls.blocks import Section
from zapcls.evidence import Evidence
from zapcls.findings import (
    association,
    calibration,
    causes,
    claim,
    compare,
    compare_flips,
    compare_groups,
    compare_trainings,
    confusions,
    directions,
    familiar,
    groups,
    label_check,
    labels,
    odds,
    pairs,
    rates,
    recolor,
    remedies,
    slices,
    summary,
    sure,
    training,
)
from zapcls.findings.ask import Ask

FINDINGS: dict[str, ModuleType] = {
    "rates": rates,
    "labels": labels,
    "confusions": confusions,
    "calibration": calibration,
    "sure": sure,
    "familiar": familiar,
    "causes": causes,
    "label_check": label_check,
    "slices": slices,
    "summary": summary,
    "claim": claim,
    "groups": groups,
    "pairs": pairs,
    "odds": odds,
    "recolor": recolor,
    "association": association,
    "directions": directions,
    "remedies": remedies,
    "training": training,
}
COMPARISONS: dict[str, ModuleType] = {  # findings on two runs, in reading order
    "compare": compare,
    "compare_trainings": compare_trainings,
    "compare_groups": compare_groups,
    "compare_flips": compare_flips,
}


def find(name: str, evidence: Evidence, ask: Ask) -> Any:
    """Find by name, once: it is kept with the evidence until a table that it needs changes."""
    finding = FINDINGS[name]
    return evidence.keep((name, ask), finding.NEEDS, lambda: finding.find(evidence, ask))


def build_section(name: str, evidence: Evidence, ask: Ask) -> Section:
    """Build the section of a finding, once: it is kept as what is found is; nobody changes it."""
    finding = FINDINGS[name]
    return evidence.keep(
        ("section", name, ask), finding.NEEDS,
        lambda: finding.section(find(name, evidence, ask), ask),
    )  # fmt: skip


def find_between(name: str, first: Evidence, second: Evidence, ask: Ask) -> Any:
    """Find by name what two runs differ in, once: kept until a table of either run changes."""
    finding = COMPARISONS[name]
    return first.keep(
        (name, second.run.run_id, ask), finding.NEEDS, lambda: finding.find(first, second, ask),
        second.stamp(finding.NEEDS),
    )  # fmt: skip


def build_between(name: str, first: Evidence, second: Evidence, ask: Ask) -> Section:
    """Build the section of a finding on two runs by name, once, as `build` does."""
    finding = COMPARISONS[name]
    return first.keep(
        ("section", name, second.run.run_id, ask), finding.NEEDS,
        lambda: finding.section(find_between(name, first, second, ask), ask),
        second.stamp(finding.NEEDS),
    )  # fmt: skip
