"""What is known of a run: each table read once, at its first use, and again once its files change.

Pages, report, commands and API all read a run through this object.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd

from zapcls.analysis.decisions import settle
from zapcls.analysis.metrics import labelled
from zapcls.data.color import BASIC_COLORS
from zapcls.data.task import Task
from zapcls.errors import BadInput, ZapError
from zapcls.schema import GIVEN_SPLIT, SEVERAL
from zapcls.workspace import checks, run_tables
from zapcls.workspace.checks import LabelCheck, find_check
from zapcls.workspace.imports import find_lack
from zapcls.workspace.layout import Stamp, Workspace, stamp_file
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run
from zapcls.workspace.store import Store, find_store

T = TypeVar("T")
KEPT = 256  # tables, findings and sections of a run; visitors may ask about a dozen colors
# The file of the run's folder behind a table; that of any other lies in `derived`.
_FILES = {
    "outliers": "outliers.parquet", "embeddings": "embeddings.npy",
    "familiar": "familiar.parquet", "history": "history.csv", "losses": "losses.csv",
    "metrics": "metrics.json", "cross-validation": "derived/cross-validation/metrics.json",
}  # fmt: skip

# What to do about a table that is not there, by its name in `Evidence.missing`.
MISSING = {
    "oof": "There is no label check with this network yet. Start one in the Suspects view of the "
    "Errors page, or with the command label-issues.",
    "recolor": "No photo has been recolored for this run. Recolor some on the Color bias page, or "
    "with the command color-bias --recolor.",
    "trade": "No remedy has been tried on this run's frozen network. Try some on the Color bias "
    "page, or with the command trade.",
    "map": "This run has no map yet. Draw it in the Map view of the Errors page.",
}
# Attributes that a group column may not be: they name a photo, not a group of photos.
_NO_GROUPS = {
    "image_id", "product_id", "image_path", "file_bytes", "image_problem", "label", GIVEN_SPLIT,
}  # fmt: skip


class Evidence:
    """The tables of an evaluated run and one of its targets, and what was computed from them.

    Everything is kept by the identity of the files that it depends on, so that nothing here is
    stale. Tables are shared: nobody changes one in place. Safe for several threads.
    """

    def __init__(self, run: Run, workspace: Workspace) -> None:
        self.run = run
        self.workspace = workspace
        self._kept: OrderedDict[Hashable, tuple[Stamp, Any]] = OrderedDict()
        self._computing: dict[Hashable, threading.RLock] = {}
        self._lock = threading.Lock()

    @cached_property
    def task(self) -> Task:
        """What is looked at: a target of the run."""
        return self.run.task

    @property
    def classes(self) -> list[str]:
        return list(self.task.classes)

    @property
    def catalogue_id(self) -> str:
        return self.run.facts["catalogue_id"]

    @property
    def store(self) -> Store:
        """The store of the run's catalogue.

        Raises:
            ZapError: it is gone from the workspace.
        """
        return self.keep("store", ("store",), lambda: find_store(self.workspace, self.catalogue_id))

    @property
    def check(self) -> LabelCheck:
        """The label check that goes with the run's network; `is_done` tells whether it is there."""
        config, target = self.run.train_config.about(self.task.column), self.task.target
        return self.keep("check", ("store",), lambda: find_check(self.store, config, target))

    @property
    def predictions(self) -> pd.DataFrame:
        """The run's predictions with the facts and the color of each photo beside them."""
        return self.keep(
            "predictions", ("predictions",),
            lambda: run_tables.read_predictions(self.run, self.workspace),
        )  # fmt: skip

    @property
    def labels(self) -> dict[Task, pd.DataFrame]:
        """The answers under each label of the column; none where the target is no label."""
        return self.keep("labels", ("predictions",), lambda: run_tables.read_labels(self.run))

    @property
    def heads(self) -> pd.DataFrame | None:
        """Out-of-fold predictions of the label check's heads, None before there is a check."""
        if not self.check.is_done:
            return None
        return self.keep(
            "heads", ("check",), lambda: checks.read_predictions(self.check, self.store)
        )

    @property
    def issues(self) -> pd.DataFrame | None:
        """What is held against each label (`schema.LABEL_ISSUES`), None before there is a check."""
        if not self.check.is_done:
            return None
        return self.keep("issues", ("check",), self.check.read_issues)

    @property
    def recoloring(self) -> pd.DataFrame | None:
        """What the run says of its photos recolored (`schema.RECOLORING`), None before the job."""
        return self.keep(
            "recoloring", ("recolor",), lambda: run_tables.read_derived(self.run, "recolor")
        )

    @property
    def remedies(self) -> pd.DataFrame | None:
        """What remedies cost and bring (`schema.TRADE`), None before the job."""
        return self.keep("remedies", ("trade",), lambda: run_tables.read_derived(self.run, "trade"))

    @property
    def outliers(self) -> pd.DataFrame | None:
        """How far photos lie from the training photos: image_id, outlier; None where unknown."""
        return self.keep("outliers", ("outliers",), lambda: run_tables.read_outliers(self.run))

    @property
    def familiar(self) -> pd.DataFrame | None:
        """How strange photos of tune and valid look: image_id, product_id, split, strangeness,
        familiar; None where an older version evaluated the run."""
        return self.keep("familiar", ("familiar",), lambda: run_tables.read_familiar(self.run))

    @property
    def history(self) -> pd.DataFrame:
        """The epochs of the training (`schema.HISTORY`)."""
        return self.keep("history", ("history",), lambda: run_tables.read_history(self.run))

    @property
    def losses(self) -> pd.DataFrame:
        """The training loss as it fell (`schema.LOSSES`)."""
        return self.keep("losses", ("losses",), lambda: run_tables.read_losses(self.run))

    @property
    def cross_validation(self) -> dict[str, Any] | None:
        """What trainings of the run's recipe came to over all photos, None before the job."""
        name = "cross-validation"
        return self.keep(name, (name,), lambda: run_tables.read_cross_validation(self.run))

    @property
    def map(self) -> pd.DataFrame | None:
        """The map of the run's embeddings (image_id, x, y), None before it is drawn."""
        return self.keep("map", ("map",), lambda: run_tables.read_derived(self.run, "map"))

    @property
    def decisions(self) -> pd.DataFrame:
        """The reviewers' decisions on the catalogue and target (`schema.DECISIONS`)."""
        place = self.catalogue_id, self.task.target
        return self.keep(
            "decisions", ("reviews",), lambda: open_reviews(self.workspace).read(*place)
        )

    @property
    def verdicts(self) -> pd.DataFrame:
        """What the decisions on each photo come to (`schema.VERDICTS`)."""
        return self.keep("verdicts", ("reviews",), lambda: settle(self.decisions))

    def labelled(self, split: str) -> pd.DataFrame:
        """Return the predictions of a split that a rate may count (`metrics.labelled`)."""
        key = "labelled", split
        return self.keep(key, ("predictions",), lambda: labelled(self.predictions, split))

    def answers(self, source: str) -> pd.DataFrame:
        """Return the predictions of a source: run, or oof (out-of-fold heads).

        Raises:
            ZapError: there is no label check, so that no head has answered.
        """
        table = self.predictions if source == "run" else self.heads
        if table is None:
            raise ZapError(MISSING["oof"])
        return table

    @property
    def sources(self) -> list[str]:
        """Whose answers there are: run, and oof once the labels are checked."""
        return ["run", "oof"] if self.check.is_done else ["run"]

    @property
    def missing(self) -> dict[str, str]:
        """A sentence for each table whose job has not run: oof, recolor, trade."""
        there = {
            "oof": self.check.is_done,
            "recolor": self.recoloring is not None,
            "trade": self.remedies is not None,
        }
        lacks = {
            "recolor": find_lack(self.run, "model", "recoloring"),
            "trade": find_lack(self.run, "training", "trying remedies"),
        }
        return {name: lacks.get(name) or MISSING[name] for name in there if not there[name]}

    def list_attributes(self) -> list[str]:
        """List the attributes with one value a photo that photos can be grouped by; color first."""
        return self.keep("attributes", ("predictions", "colors", "store"), self._find_attributes)

    def _find_attributes(self) -> list[str]:
        table = self.predictions
        found = [
            name
            for name in self.store.read_catalog().columns
            if name in table and name not in _NO_GROUPS and name not in ("color", self.task.column)
            and 1 < len(_list_values(table[name])) < len(table)
        ]  # fmt: skip
        return ["color", *found]

    def list_groups(self, by: str, source: str = "run") -> list[str]:
        """List the values of an attribute: colors in their fixed order, others most photos first.

        "" (not known) and cells with several values are none.

        Raises:
            BadInput: there is no such attribute.
        """
        if by == "color":
            return list(BASIC_COLORS)
        if by not in self.list_attributes():
            known = ", ".join(self.list_attributes())
            raise BadInput(f"Photos can be grouped by one of {known}; got {by!r}. Name one.")
        return _list_values(self.answers(source)[by])

    def keep(
        self, key: Hashable, needs: tuple[str, ...], compute: Callable[[], T], more: Stamp = ()
    ) -> T:
        """Return what is kept under `key`, computed first where tables or `more` have changed."""
        stamp = self.stamp(needs) + more
        with self._lock:
            own = self._computing.setdefault(key, threading.RLock())
        with own:  # one thread computes it; who asks for another table need not wait
            try:
                with self._lock:
                    known = self._kept.get(key)
                if known is None or known[0] != stamp:
                    known = stamp, compute()
                with self._lock:
                    self._kept[key] = known
                    self._kept.move_to_end(key)
                    while len(self._kept) > KEPT:
                        self._kept.popitem(last=False)
            finally:  # also of what failed: questions without an answer must not fill the memory
                with self._lock:
                    self._computing.pop(key, None)
            return known[1]

    def stamp(self, needs: tuple[str, ...]) -> Stamp:
        """Return the identity of the files behind some tables; the store's too, of answers: the
        catalogue's facts and colors stand beside them."""
        return tuple(stamp for name in needs for stamp in self._stamp_table(name))

    def _stamp_table(self, name: str) -> Stamp:
        folder = self.workspace.store_dir / self.catalogue_id
        if name in ("store", "colors"):
            stored = ("pixels.json", "pixels.npy", "catalog.parquet")
            files = stored if name == "store" else ("colors.parquet",)
            return tuple(stamp_file(folder / file) for file in files)
        if name == "reviews":
            return (open_reviews(self.workspace).version(),)
        if name in ("predictions", "check"):
            place = self.run.path if name == "predictions" else self.check.path
            return stamp_file(place / "predictions.parquet"), *self.stamp(("store", "colors"))
        if name in _FILES:
            return (stamp_file(self.run.path / _FILES[name]),)
        return (stamp_file(run_tables.find_derived(self.run, name) / f"{name}.parquet"),)


def _list_values(column: pd.Series) -> list[str]:
    """List the single known values of a column, the most frequent first."""
    values = map(str, column.value_counts().index)
    return [value for value in values if value and SEVERAL not in value]


def open_evidence(run: Run, workspace: Workspace) -> Evidence:
    """Open what is known of an evaluated run."""
    return Evidence(run, workspace)
