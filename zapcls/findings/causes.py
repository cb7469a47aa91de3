"""Why each photo is wrong: the first cause that there is evidence for, and how many have which."""

from dataclasses import dataclass

import pandas as pd

from zapcls.analysis.causes import EXPLANATIONS, count_causes, count_siblings, sort_causes
from zapcls.analysis.recoloring import find_righted
from zapcls.blocks import Block, Chart, Link, Links, Section, Text, charts, numbers
from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask

NEEDS = ("predictions", "check", "recolor", "reviews", "outliers")


@dataclass(frozen=True)
class Found:
    """`errors` has image_id, product_id, cause and evidence; `counts` is `count_causes` of them."""

    errors: pd.DataFrame
    counts: pd.DataFrame
    is_checked: bool  # whether the labels are
    siblings: pd.DataFrame  # `count_siblings`


def sort_errors(evidence: Evidence) -> pd.DataFrame:
    """Sort every error of a run into its cause: image_id, cause, evidence (`analysis.causes`)."""
    return evidence.keep("sorted errors", NEEDS, lambda: _sort(evidence))


def _sort(evidence: Evidence) -> pd.DataFrame:
    recoloring = evidence.recoloring
    return sort_causes(
        evidence.predictions,
        issues=evidence.issues,
        verdicts=evidence.verdicts,
        outlier=evidence.outliers,
        flips=None if recoloring is None else find_righted(recoloring, evidence.predictions),
    )


def find(evidence: Evidence, ask: Ask) -> Found:
    """Count the asked split's errors by cause."""
    wrong = evidence.labelled(ask.split).query("wrong")
    errors = wrong[["image_id", "product_id"]].merge(sort_errors(evidence), on="image_id")
    siblings = count_siblings(evidence.predictions, ask.split)
    return Found(errors, count_causes(errors), evidence.check.is_done, siblings)


def section(found: Found, ask: Ask) -> Section:
    """Show how many errors have which cause; each opens its photos."""
    title, counts, total = "Why it is wrong", found.counts, len(found.errors)
    if not total:
        return Section("causes", title, (Text(f"Nothing is wrong in {ask.split}.", "note"),))
    shares = counts.rename(columns={"n": "hits", "share": "rate"}).assign(n=total)
    opens = {
        (row.cause,): ask.view(answer="wrong", cause=[row.cause]) for row in counts.itertuples()
    }
    chart = Chart(
        "",
        charts.rates(list(counts["cause"]), shares, [charts.NEUTRAL] * len(counts), list(opens)),
        "",
        opens,
    )
    links = Links(
        tuple(
            Link(
                f"cause-{row.cause}", f"{numbers.begin(row.cause)}: {row.n:,}",
                opens[(row.cause,)], EXPLANATIONS[row.cause],
            )
            for row in counts[counts["n"] > 0].itertuples()
        )
    )  # fmt: skip
    blocks: tuple[Block, ...] = (chart, links, Text(describe(found, ask), "note"))
    return Section("causes", title, blocks)


def describe(found: Found, ask: Ask) -> str:
    """Describe what the shares are of, and what no suspicion rests on yet."""
    unchecked = " The labels have not been checked yet (Errors, Suspects), so none is suspected."
    return (
        f"{numbers.begin(ask.source_name)}: each error's first cause with evidence for it, as "
        f"shares of {len(found.errors):,} errors. A suspected label is something to look at: in "
        "published studies, about half of such suspicions are "
        f"right.{describe_siblings(found.siblings)}{'' if found.is_checked else unchecked}"
    )


def describe_siblings(siblings: pd.DataFrame) -> str:
    """Describe the control of the cause "right in another color"; "" without any pair."""
    other, same = siblings.itertuples()
    if not other.n or not same.n:
        return ""
    return (
        f" Photos of the product in another color are right in {other.right:,} of {other.n:,} "
        f"pairs, in the same color in {same.right:,} of {same.n:,}: to the extent that the two are "
        "equal, another photo helps, not another color."
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return `causes` (cause, n, share, low, high) and `errors`, each with its cause."""
    return {"causes": found.counts, "errors": found.errors}
