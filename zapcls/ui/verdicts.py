"""What was decided on a photo, by whom, and how that is said."""

from typing import Any

import pandas as pd

from zapcls.analysis import decisions as rules
from zapcls.ui import cache, messages
from zapcls.ui.choices import describe
from zapcls.ui.reviewer import reviewer
from zapcls.workspace.runs import Run


def find_row(table: pd.DataFrame, image_id: str) -> Any:
    """Find an image's first row in a table, None where it has none."""
    return next(table[table["image_id"] == image_id].itertuples(index=False), None)


def find_verdict(run: Run, image_id: str) -> Any:
    """Find what was decided on a photo (a row of `schema.VERDICTS`), None before anybody did."""
    return find_row(cache.evidence(run).verdicts, image_id)


def find_own(run: Run, image_id: str) -> Any:
    """Find the reviewer's latest decision on a photo (`schema.DECISIONS`), None without one."""
    made = cache.evidence(run).decisions
    return find_row(made[made["reviewer"] == reviewer()][::-1], image_id)


def describe_verdict(verdict: Any, run: Run) -> str:
    """Describe what was decided and by whom; in a conflict, who says what."""
    task = cache.evidence(run).task
    if not verdict.is_conflict:
        said = describe(verdict.mark, verdict.right_label, task)
        return _say(said, verdict.reviewers, verdict.note)
    made = cache.evidence(run).decisions
    sides = rules.find_conflicts(made[made["image_id"] == verdict.image_id]).itertuples()
    lines = (_say(describe(s.mark, s.right_label, task), s.reviewer, s.note) for s in sides)
    return "  \n".join(["**In conflict**", *lines])


def _say(what: str, who: str, note: str) -> str:
    parts = (f"**{messages.escape(what)}**", messages.escape(who or "without a name"))
    return " · ".join([*parts, *([messages.escape(note)] if note else [])])
