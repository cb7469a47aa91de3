"""The Python face of zapcls: open a run, classify photos, read findings as tables.

    from zapcls.api import open_run

    run = open_run("20260101-120000-mobilenet_v2-ab12")
    run.classify("shoe.jpg").prob             # {"Women": 0.93, "Men": 0.07}
    run.similar("shoe.jpg")                   # the catalogue's photos like it, a DataFrame
    run.find("groups", by="brand")["by_brand"]  # a DataFrame
    run.describe("groups")                    # the same finding in sentences

Nothing here needs Streamlit, fastai or torch.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from zapcls import findings
from zapcls.answer.classify import Answer
from zapcls.answer.limits import Classify, open_answering
from zapcls.answer.similar import Embed
from zapcls.blocks import Text
from zapcls.config.priors import LEARNED, PRIORS
from zapcls.data.task import Task
from zapcls.errors import BadInput
from zapcls.evidence import Evidence
from zapcls.findings.ask import read_ask
from zapcls.findings.shelf import Shelf, find_whole_body, open_embed, open_shelf
from zapcls.findings.similar import Wish, like_photos, like_upload, recommend, search
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import Run, find_evaluated

__all__ = ["Answer", "OpenRun", "Wish", "list_findings", "open_run"]


class OpenRun:
    """An evaluated run: what it learned, what it answers, and what is found out about it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._embed: tuple[Shelf, Embed] | None = None  # of the shelf that was asked last

    @property
    def run(self) -> Run:
        """The run's folder and what its files say."""
        return self.evidence.run

    @property
    def task(self) -> Task:
        """Its target and its classes, in order."""
        return self.evidence.task

    @property
    def predictions(self) -> pd.DataFrame:
        """A row a photo (`schema.PREDICTIONS`) with the catalogue's facts and its color beside."""
        return self.evidence.predictions

    @cached_property
    def _answer(self) -> Classify:
        return open_answering(self.run)

    def classify(self, photo: Path | str | bytes, prior: str = LEARNED) -> Answer:
        """Classify one photo, a file or its bytes: `label`, `prob` by class, `sure`, `familiar`.

        The last two are None where an older version evaluated the run. `prior` says how frequent
        the classes are where the photo comes from: "learned", as in training, or "even".

        Raises:
            BadInput: it is no regular file, no picture, damaged or too large; no such prior.
        """
        if prior not in PRIORS:
            raise BadInput(f"prior must be one of {', '.join(PRIORS)}, got {prior!r}.")
        source = Path(photo) if isinstance(photo, str) else photo
        return self._answer(source, prior=prior)[self.task.target]

    def similar(
        self, photo: Path | str | bytes, wish: Wish | None = None, by_run: bool = False
    ) -> pd.DataFrame:
        """Find the photos of the catalogue that are most like one, an image id or any file.

        The frozen network that the run began with compares them where it has seen every photo
        (the job `describe`), else the run itself, as with `by_run`.

        Returns:
            `predictions` of those found, most similar first, with `score` and `like_<aspect>`.

        Raises:
            BadInput: it is neither, or the file is no picture, or the wish cannot be granted.
            ZapError: the run has no embeddings.
        """
        shelf = self._open_shelf(by_run)
        if isinstance(photo, str) and (shelf.knows(photo) or not Path(photo).is_file()):
            query = like_photos(shelf, [photo])
        else:
            query = like_upload(shelf, self._open_embed(shelf), self.classify(photo).pixels)
        return search(shelf, query, wish or Wish())

    def recommend(
        self,
        liked: Sequence[str],
        unliked: Sequence[str] = (),
        wish: Wish | None = None,
        seen: Sequence[str] = (),
        by_run: bool = False,
    ) -> pd.DataFrame:
        """Find photos like some and unlike others, all image ids, and unlike one another.

        None of them, and none of `seen`, is found again. Returns and raises as `similar`.
        """
        shelf = self._open_shelf(by_run)
        return recommend(shelf, like_photos(shelf, liked, unliked), wish or Wish(), seen)

    def _open_shelf(self, by_run: bool) -> Shelf:
        return open_shelf(self.evidence, None if by_run else find_whole_body(self.evidence))

    def _open_embed(self, shelf: Shelf) -> Embed:
        """Open what gives the embedding of a photo, and keep its session open."""
        if self._embed is None or self._embed[0] is not shelf:
            self._embed = shelf, open_embed(shelf, self.run)
        return self._embed[1]

    def find(self, name: str, **asked: Any) -> dict[str, pd.DataFrame]:
        """Return the tables of a finding, by the key that JSON has for them.

        `asked` are fields of `findings.ask.Ask`: by, group, label, called, source, split, edit.

        Raises:
            BadInput: there is no such finding, or a field or its value is unknown.
            ZapError: it stands on out-of-fold answers, and there is no label check.
        """
        finding, ask = _choose(name), read_ask(self.evidence, asked)
        return finding.tables(findings.find(name, self.evidence, ask), ask)

    def describe(self, name: str, **asked: Any) -> str:
        """Return what a finding says in sentences, a line each; raises as `find`."""
        finding, ask = _choose(name), read_ask(self.evidence, asked)
        section = finding.section(findings.find(name, self.evidence, ask), ask)
        texts = (block.text for block in section.blocks if isinstance(block, Text))
        return "\n".join(texts).replace("**", "")


def _choose(name: str) -> ModuleType:
    if name not in findings.FINDINGS:
        known = ", ".join(findings.FINDINGS)
        raise BadInput(f"The findings are {known}; got {name!r}. Name one of them.")
    return findings.FINDINGS[name]


def open_run(name: str, workspace: Path | None = None, target: str = "") -> OpenRun:
    """Open an evaluated run by its id or its folder, under one of its targets.

    `target` is the first unless given. `workspace` is a folder, else $ZAPCLS_WORKSPACE, else
    ./workspace.

    Raises:
        BadInput: there is no such run, it is not evaluated, or has no such target.
    """
    opened = open_workspace(workspace)
    return OpenRun(Evidence(find_evaluated(opened, name, target), opened))


def list_findings() -> Iterator[tuple[str, str]]:
    """List the findings in reading order: name, and the question that each answers."""
    for name, finding in findings.FINDINGS.items():
        yield name, (finding.__doc__ or "").strip().splitlines()[0]
