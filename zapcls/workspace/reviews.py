"""Reviews: what people decided on the photos, one row a decision, in one SQLite file.

A row is never changed or deleted; a decision that is taken back is marked as undone. Each call
opens the file anew, so that any number of tabs and processes may use it at once. As CSV
(`sheets`), the decisions of several reviewers travel and are merged.
"""

import contextlib
import os
import sqlite3
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from zapcls import schema
from zapcls.errors import BadInput, ZapError
from zapcls.workspace import permissions
from zapcls.workspace.layout import Workspace

MOST_LETTERS = {"reviewer": 40, "note": 2_000, "right_label": 200}
CLOCKS_APART = timedelta(minutes=5)  # how far the clocks of two reviewers may be
TOLD_ROWS = 20  # of those that are refused
Rule = tuple[str, pd.Series, str]  # a column, which rows break the rule, and what it says
IMAGES = ["image_id", "label", "right_label"]  # of what `mark_all` decides on
_APPLICATION_ID = 0x7A617072  # tells the file from another program's database
_BUSY_S = 30.0
_NO_ROOM = ("SQLITE_IOERR", "SQLITE_FULL", "SQLITE_CANTOPEN")
_COLUMNS = ", ".join(schema.DECISIONS)
_TYPES = {"str": "TEXT", "bool": "INTEGER"}
_FIELDS = ", ".join(f"{name} {_TYPES[dtype]} NOT NULL" for name, dtype in schema.DECISIONS.items())
_CREATE = f"""
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA journal_mode = WAL;
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, {_FIELDS},
    undone_at TEXT NOT NULL DEFAULT '', UNIQUE ({_COLUMNS})
);
CREATE INDEX undone ON decisions (undone_at) WHERE undone_at <> '';
"""
# Not OR IGNORE, which would also swallow a missing value.
_INSERT = f"""
INSERT INTO decisions ({_COLUMNS}) VALUES ({", ".join("?" * len(schema.DECISIONS))})
ON CONFLICT DO NOTHING
"""
_SELECT = f"""
SELECT {_COLUMNS} FROM decisions WHERE catalogue_id = ? AND target = ? AND undone_at = ''
ORDER BY decided_at, id
"""
_UNDO = """
UPDATE decisions SET undone_at = :now WHERE id = (
    SELECT id FROM decisions WHERE catalogue_id = :catalogue_id AND target = :target
    AND reviewer = :reviewer AND undone_at = '' AND (:image_id = '' OR image_id = :image_id)
    ORDER BY decided_at DESC, id DESC LIMIT 1
) RETURNING image_id
"""


@dataclass(frozen=True)
class Reviews:
    """The decisions in a workspace; the file is made by the first of them."""

    path: Path

    def version(self) -> int:
        """A number that every write of any process makes larger."""
        if not self.path.exists():
            return 0
        count = "SELECT count(*) FROM decisions WHERE undone_at <> ''"
        [(found,)] = self._select(f"SELECT ifnull(max(id), 0) + ({count}) FROM decisions")
        return found

    def add(self, decisions: pd.DataFrame) -> int:
        """Add decisions (`schema.DECISIONS`), all or none, and return how many were new."""
        return sum(self.add_each(decisions))

    def add_each(self, decisions: pd.DataFrame) -> list[bool]:
        """Add decisions, all or none, and return of each whether it was new.

        One that is there already, equal in all columns, is skipped; also where it is undone.

        Raises:
            BadInput: a decision contradicts itself, is of the future or too long.
            ZapError: the file cannot be used.
        """
        permissions.require("mark")
        refuse(decisions, list_rules(decisions), "decision")
        table = schema.conform(decisions, schema.DECISIONS, "decisions").astype({"settles": int})
        self._create()
        with self._connect() as connection, connection:
            rows = table.itertuples(index=False, name=None)
            return [connection.execute(_INSERT, row).rowcount == 1 for row in rows]

    def mark(
        self,
        catalogue_id: str,
        image_id: str,
        target: str,
        label: str,
        mark: str,
        right_label: str = "",
        note: str = "",
        reviewer: str = "",
        settles: bool = False,
    ) -> None:
        """Add one decision, made now."""
        images = pd.DataFrame([(image_id, label, right_label)], columns=IMAGES)
        self.mark_all(catalogue_id, target, images, mark, note, reviewer, settles)

    def mark_all(
        self,
        catalogue_id: str,
        target: str,
        images: pd.DataFrame,
        mark: str,
        note: str = "",
        reviewer: str = "",
        settles: bool = False,
    ) -> None:
        """Add a decision on each of some images (`IMAGES`), all or none, made now."""
        decisions = images[IMAGES].assign(
            catalogue_id=catalogue_id, target=target, mark=mark, note=note, reviewer=reviewer,
            decided_at=write_time(datetime.now(UTC)), settles=settles,
        )  # fmt: skip
        self.add(decisions)

    def undo(self, catalogue_id: str, target: str, reviewer: str, image_id: str = "") -> str | None:
        """Take back a reviewer's latest decision (on one image, if asked), and name its image."""
        permissions.require("mark")
        if not self.path.exists():
            return None
        values = {"catalogue_id": catalogue_id, "target": target, "reviewer": reviewer}
        values |= {"image_id": image_id, "now": write_time(datetime.now(UTC))}
        with self._connect() as connection, connection:
            undone = connection.execute(_UNDO, values).fetchall()
        return undone[0][0] if undone else None

    def read(self, catalogue_id: str, target: str) -> pd.DataFrame:
        """Read the decisions that stand (`schema.DECISIONS`), the oldest first."""
        rows = []
        if self.path.exists():
            rows = self._select(_SELECT, catalogue_id, target)
        table = pd.DataFrame(rows, columns=list(schema.DECISIONS))
        return schema.conform(table, schema.DECISIONS, "decisions")

    def _select(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Select rows, also on a full disk, where SQLite cannot make its file for readers."""
        try:
            with self._connect() as connection:
                return connection.execute(query, values).fetchall()
        except ZapError as error:
            name, log = (
                getattr(error.__cause__, "sqlite_errorname", ""),
                self._list_beside(self.path)[0],
            )
            if not name.startswith(_NO_ROOM) or (log.exists() and log.stat().st_size):
                raise  # what is in the log of writes would not be read
        with self._connect(is_alone=True) as connection:
            return connection.execute(query, values).fetchall()

    @staticmethod
    def _list_beside(path: Path) -> list[Path]:
        """List what SQLite keeps beside a file: its log of writes, and its index for readers."""
        return [Path(f"{path}-{kind}") for kind in ("wal", "shm")]

    def _create(self) -> None:
        """Make the file aside and rename it: no other process sees half of it."""
        if self.path.exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_name(f".{self.path.name}.part")
        with FileLock(self.path.with_name(f".{self.path.name}.lock")):
            if self.path.exists():
                return
            for left in (aside, *self._list_beside(self.path)):
                left.unlink(missing_ok=True)  # of a file that a person deleted
            with self._explaining(), contextlib.closing(sqlite3.connect(aside)) as connection:
                connection.executescript(_CREATE)
            aside.replace(self.path)

    @contextlib.contextmanager
    def _connect(self, is_alone: bool = False) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; to be read only, where nobody else is at it."""
        # rw: not to make an empty one. In a folder that may only be read, SQLite has to be told
        # that nobody changes the file.
        is_alone |= not os.access(self.path.parent, os.W_OK)
        mode = "mode=ro&immutable=1" if is_alone else "mode=rw"
        address = f"{self.path.absolute().as_uri()}?{mode}"
        with self._explaining():
            opened = sqlite3.connect(address, _BUSY_S, isolation_level="IMMEDIATE", uri=True)
            with contextlib.closing(opened) as connection:
                [(found,)] = connection.execute("PRAGMA application_id").fetchall()
                if found != _APPLICATION_ID:
                    raise sqlite3.DatabaseError("file is of another program")
                yield connection

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn whatever SQLite finds wrong into a `ZapError`."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise ZapError(
                f"The reviews in {self.path} cannot be reached ({error}). Make sure that the file "
                "can be written, the disk has room and no other program holds it; then try again."
            ) from error
        except sqlite3.Error as error:
            raise ZapError(
                f"{self.path} must be a file of reviews, but is not or is damaged ({error}). Move "
                "it away; CSV files of reviews can be imported again."
            ) from error


def open_reviews(workspace: Workspace) -> Reviews:
    """Open the workspace's reviews; nothing is written yet."""
    return Reviews(workspace.path / "reviews.sqlite")


def list_rules(decisions: pd.DataFrame) -> list[Rule]:
    """List the rules that decisions hold in themselves, and which rows break them."""
    label, mark, right = decisions["label"], decisions["mark"], decisions["right_label"]
    is_label = mark == "label wrong"
    latest = write_time(datetime.now(UTC) + CLOCKS_APART)
    return [
        ("mark", ~mark.isin(schema.MARKS), f"mark must be one of {', '.join(schema.MARKS)}"),
        (
            "right_label",
            (is_label & (right == "")) | (~is_label & (right != "")),
            'right_label must be given where mark is "label wrong", and only there',
        ),
        (
            "right_label",
            is_label & (right == label),
            "right_label must differ from the label that is wrong",
        ),
        # The latest decision counts: one of the future would do so for ever.
        ("decided_at", decisions["decided_at"] > latest, "decided_at must not lie in the future"),
        *(
            (name, decisions[name].str.len() > most, f"{name} may have {most} characters at most")
            for name, most in MOST_LETTERS.items()
        ),
    ]


def refuse(table: pd.DataFrame, rules: Iterable[Rule], place: str) -> None:
    """Raise BadInput where rows break a rule; `place` and the index name each of them."""
    told: dict[Hashable, str] = {}
    for column, is_bad, rule in rules:
        for index, value in table.loc[is_bad, column].items():
            told.setdefault(index, f"{place} {index}: {rule}, got {str(value)[:80]!r}.")
    if len(told) == 1:
        raise BadInput(f"{next(iter(told.values()))} Correct it, or leave it out.")
    if told:
        rows = [told[index] for index in table.index if index in told]
        n = f"{len(rows):,} of {len(table):,} rows"
        more = [f"{len(rows) - TOLD_ROWS:,} more."] if len(rows) > TOLD_ROWS else []
        last = f"Nothing was imported, because {n} cannot be. Correct them, or leave them out."
        raise BadInput("\n".join([*rows[:TOLD_ROWS], *more, last]))


def write_time(moment: datetime) -> str:
    """Write a moment as decisions have it: ISO 8601, UTC, microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
