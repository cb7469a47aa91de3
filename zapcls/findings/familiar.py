"""Does it know what it has never seen? How many photos that it should know it refuses."""

from dataclasses import dataclass

import pandas as pd

from zapcls.analysis.familiarity import REFUSED
from zapcls.analysis.intervals import count_rates
from zapcls.answer.limits import name_learned
from zapcls.blocks import Block, Link, Links, Section, Text, numbers
from zapcls.config.risks import write_risk
from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask

NEEDS = ("predictions", "familiar")
OLDER = (
    "An older version evaluated this run, so nobody knows which photos are familiar to it. "
    "Evaluate it again (command evaluate) to find out."
)
IMPORTED = "This run was imported, so nobody knows which photos are familiar to it."


@dataclass(frozen=True)
class Found:
    """`rates` are of photos that are refused, of tune and valid; None where nobody has looked."""

    rates: pd.DataFrame | None
    strange: tuple[str, ...]  # the photos of valid that are refused, the strangest first
    valid: int  # photos that it has; of many only some are looked at
    missing: str = ""  # why nobody has looked

    @property
    def looked_at(self) -> str:
        """The photos that the share is of, within a sentence."""
        assert self.rates is not None
        looked = int(self.rates.set_index("split").loc["valid", "n"])
        if looked < self.valid:
            return f"{looked:,} looked at of the {self.valid:,} photos of valid"
        return f"{looked:,} photos of valid"


def find(evidence: Evidence, ask: Ask) -> Found:
    """Count the photos of tune and of valid that do not look like those of train."""
    table = evidence.familiar
    valid = int((evidence.predictions["split"] == "valid").sum())
    if table is None:
        return Found(None, (), valid, IMPORTED if evidence.run.is_imported else OLDER)
    table = table.assign(refused=~table["familiar"])
    strange = table[(table["split"] == "valid") & table["refused"]]
    strange = strange.sort_values("strangeness", ascending=False)
    return Found(count_rates(table, "refused", by=["split"]), tuple(strange["image_id"]), valid)


def section(found: Found, ask: Ask) -> Section:
    """Show how many photos are refused that should not be, and open them."""
    title = "What it has not learned"
    if found.rates is None:
        return Section("familiar", title, (Text(found.missing, "missing"),))
    blocks: list[Block] = [Text(describe(found, ask))]
    if found.strange:
        text = f"{len(found.strange):,} of {found.looked_at} that it does not know"
        opens = {"images": found.strange, "split": "valid", "answer": "all"}
        blocks.append(Links((Link("strange", text, opens),)))
    return Section("familiar", title, tuple(blocks))


def describe(found: Found, ask: Ask) -> str:
    """Describe the share of photos that is refused though it is like what was learned."""
    assert found.rates is not None
    rates = found.rates.set_index("split")
    allowed = (
        f"Classify says when a photo does not look like {name_learned(ask.task)}. The limit is set "
        f"so that {write_risk(REFUSED)} of tune would be refused"
    )
    if "valid" not in rates.index:
        return f"{allowed}."
    return f"{allowed}; of {found.looked_at} **{numbers.rate(rates.loc['valid'])}** are."


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return `familiar`: split, n, n_products, hits (refused), rate, low, high."""
    return {} if found.rates is None else {"familiar": found.rates}
