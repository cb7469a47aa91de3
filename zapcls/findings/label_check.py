"""Which labels are probably wrong themselves, and what says so?"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from zapcls.blocks import Section, Text, numbers
from zapcls.data.task import Task
from zapcls.evidence import MISSING, Evidence
from zapcls.findings.ask import SPLIT, Ask
from zapcls.schema import SEVERAL

NEEDS = ("predictions", "check", "reviews")
ISSUES = ["image_id", "label", "suggested_label", "label_quality", "reasons"]
HELP = (
    "Heads on the frozen network's features are trained five times, each time on all but a fifth "
    "of the products; each label is judged by heads that never saw its product. Confident learning "
    "(cleanlab) names the suspects among them. Siblings and near-duplicates need no model. In "
    "published studies about half of such flags are right: look before you mark."
)


@dataclass(frozen=True)
class Found:
    """What is held against the labels, worst first; all is None or empty before a label check.

    `suspects` has the facts of each photo beside what is held against it, and what reviewers
    decided: mark (NaN: nobody has) and is_conflict. `agreement` is the share of the run's valid
    photos on which it and the heads agree, of `n_both`.
    """

    issues: pd.DataFrame | None
    suspects: pd.DataFrame
    facts: dict[str, Any]
    agreement: float
    n_both: int


def find(evidence: Evidence, ask: Ask) -> Found:
    """List the suspects, and measure how far the run and the heads agree."""
    issues, heads = evidence.issues, evidence.heads
    if issues is None or heads is None:
        return Found(None, pd.DataFrame(), {}, float("nan"), 0)
    suspects = issues[issues["is_suspect"]].drop(columns=["product_id", "label"])
    verdicts = evidence.verdicts[["image_id", "mark", "is_conflict"]]
    suspects = suspects.merge(heads, on="image_id", validate="one_to_one").merge(
        verdicts, on="image_id", how="left", validate="one_to_one"
    )
    valid = evidence.labelled(SPLIT)
    both = valid.merge(heads[["image_id", "prediction"]], on="image_id", suffixes=("", "_heads"))
    agreement = float((both["prediction"] == both["prediction_heads"]).mean())
    return Found(issues, suspects, evidence.check.facts, agreement, len(both))


def section(found: Found, ask: Ask) -> Section:
    """Describe how many labels are suspected, by whom, and how far that can be trusted."""
    title, facts, suspects = "Suspected labels", found.facts, found.suspects
    if found.issues is None:
        return Section("label-check", title, (Text(MISSING["oof"], "missing"),))
    done = int(suspects["mark"].notna().sum())
    headline = f"**{len(suspects):,} of {facts['n']:,}** labels are suspected; {done:,} reviewed."
    note = (
        "Label check: classifiers that never saw this product, "
        f"{numbers.percent(facts['error_rate'])} wrong "
        f"({numbers.interval(facts['error_low'], facts['error_high'])}, n = {facts['n']:,} photos "
        f"of {facts['n_products']:,} products). They are not the run on this page: on its "
        f"{found.n_both:,} valid photos the two give the same answer in "
        f"{numbers.dash(found.agreement, numbers.percent)}."
    )
    return Section("label-check", title, (Text(headline, help=HELP), Text(note, "note")))


def describe_reasons(reasons: str, task: Task) -> list[str]:
    """Describe what speaks against a label (`schema.LABEL_ISSUES`), a clause each."""
    return [_describe_reason(reason, task) for reason in filter(None, reasons.split("; "))]


def _describe_reason(reason: str, task: Task) -> str:
    who, _, said = reason.partition(": ")
    if who == "heads":
        label, _, share = said.rpartition(", ")
        return f"the label check says {task.name(label)} ({share})"
    kind, _, others = who.partition(" ")
    more = others.rpartition(" and ")[2].removesuffix(" more")
    n = int(more) + 1 if others.endswith(" more") else 1
    label = numbers.join([task.name(name) for name in said.split(SEVERAL)])
    told = task.describe(said) if said in task.classes else f"{task.verb} {label}"
    what = {
        "sibling": ("another photo of the product is", "{} other photos of the product are"),
        "near-duplicate": ("a photo that looks the same is", "{} photos that look the same are"),
    }.get(kind)
    if what is None:  # of another version
        return reason
    return f"{what[n > 1].format(n)} {told}"


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return `label_issues`, worst first, with `is_suspect`; none before a label check."""
    return {} if found.issues is None else {"label_issues": found.issues}
