"""Keeping what was found by those parts of the question that it depends on."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from zapcls.evidence import Evidence
from zapcls.findings.ask import Ask

T = TypeVar("T")
Find = Callable[[Evidence, Ask], T]


def keep_by(needs: tuple[str, ...], *parts: str) -> Callable[[Find[T]], Find[T]]:
    """Keep what a function finds by `parts` of the question, until a table of `needs` changes.

    Another claim then costs nothing where only the group column and the source matter.
    """

    def decorate(find: Find[T]) -> Find[T]:
        @wraps(find)
        def find_once(evidence: Evidence, ask: Ask) -> T:
            key = (find.__module__, find.__name__, *(getattr(ask, part) for part in parts))
            return evidence.keep(key, needs, lambda: find(evidence, ask))

        return find_once

    return decorate
