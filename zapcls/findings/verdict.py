"""Whether a difference is one: decided here and nowhere else, from estimate, interval, p and n."""

import math
from dataclasses import dataclass
from typing import Any

from zapcls.blocks.numbers import CHANCE, read_ends

FEW_PRODUCTS = 20  # a group of fewer is small: drawn pale, and named as such

HIGHER, LOWER, UNDECIDED, NONE = "higher", "lower", "undecided", "none"


@dataclass(frozen=True)
class Verdict:
    """What an estimate allows to be said; `outcome` is higher, lower, undecided or none.

    higher, lower: the corrected p is below CHANCE and the 95 % interval leaves out the null.
    undecided: they do not both say so. none: there is nothing to compare.
    """

    outcome: str

    @property
    def is_told(self) -> bool:
        """Whether there is a difference that chance does not explain."""
        return self.outcome in (HIGHER, LOWER)

    def word(self, higher: str, lower: str, undecided: str = "could be chance") -> str:
        """Choose the words for the outcome; `undecided` also stands for none."""
        return {HIGHER: higher, LOWER: lower}.get(self.outcome, undecided)


def decide(
    estimate: float, low: float, high: float, p: float, n: float = 1, null: float = 0.0
) -> Verdict:
    """Decide on an estimate with its 95 % interval, its corrected p and n (photos or products).

    `null` is the value of no difference: 0 of a difference of rates, 1 of an odds ratio.
    """
    if not n or any(map(math.isnan, (estimate, low, high, p))):
        return Verdict(NONE)
    if p >= CHANCE or low <= null <= high:
        return Verdict(UNDECIDED)
    return Verdict(HIGHER if estimate > null else LOWER)


def decide_row(row: Any, name: str = "difference", null: float = 0.0, p: str = "p_holm") -> Verdict:
    """Decide on a row of a table: its `name` with its interval (`read_ends`), its `p` and n."""
    return decide(*read_ends(row, name), row[p], row.get("n", 1), null)
