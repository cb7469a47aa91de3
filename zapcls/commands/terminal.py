"""Jobs and tables on a terminal: progress on standard error, results on standard output."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd
from tqdm import tqdm

from zapcls.workspace import jobs
from zapcls.workspace.jobs import Job, Status
from zapcls.workspace.layout import Workspace, open_workspace
from zapcls.workspace.runs import Run, find_evaluated


def read_count(word: str) -> int:
    """Read a number of things from a word of the command line: 1 or more."""
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, 1 or more, got {word!r}")
    return int(word)


class TerminalBar:
    """A progress bar on standard error, a new line for each phase."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._phase = ""

    def __enter__(self) -> "TerminalBar":
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def watch(self, status: Status) -> None:
        """Show a job's status."""
        if status.phase and not status.is_final:
            self.show(status.phase, status.done, status.total, **(status.detail or {}))

    def show(self, phase: str, done: int, total: int, **detail: object) -> None:
        """Show progress: a `Progress`."""
        if phase != self._phase:
            self._close()
            self._phase = phase
            if total and sys.stderr.isatty():
                self._bar = tqdm(total=total, desc=phase, file=sys.stderr, dynamic_ncols=True)
            elif total or sys.stderr.isatty():  # a log file gets a line for what takes long
                print(phase, file=sys.stderr)
        if self._bar is not None:
            shown = {key: value for key, value in detail.items() if key in ("loss", "epoch")}
            self._bar.set_postfix(shown, refresh=False)
            self._bar.update(done - self._bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def open_run(arguments: argparse.Namespace) -> tuple[Workspace, Run]:
    """Open the workspace and find the evaluated run that a command is about."""
    workspace = open_workspace(arguments.workspace)
    return workspace, find_evaluated(workspace, arguments.run, arguments.target)


def perform_in_terminal(job: Job, workspace: Workspace) -> None:
    """Do a job in this process, its progress on standard error."""
    from zapcls.work import perform

    with TerminalBar() as bar:
        perform(job, workspace, watch=bar.watch)


def perform_about(workspace: Workspace, kind: str, run: Run, **config: Any) -> Job:
    """Do a new job about a run and the target that is looked at, and return it."""
    return perform_new(workspace, kind, {"run": str(run.path), "target": run.target, **config})


def perform_new(workspace: Workspace, kind: str, config: dict[str, Any]) -> Job:
    """Create a job of its own, do it here and return it."""
    job = jobs.create(workspace.jobs_dir, kind, config)
    perform_in_terminal(job, workspace)
    return job


def print_table(rows: Sequence[tuple[str, Any]]) -> None:
    """Print names and values, a row a line, the values to the right."""
    for name, value in rows:
        print(f"{name:<34}{f'{value:,}' if isinstance(value, int) else value:>12}")


def print_rows(table: pd.DataFrame, as_json: bool) -> None:
    """Print a table: one JSON object a line, or columns for a person."""
    if as_json:
        lines = table.to_json(orient="records", lines=True, force_ascii=False)
        sys.stdout.write(lines.lstrip("\n"))  # of no rows pandas makes an empty line
    elif table.empty:
        print("None.")
    else:
        print(table.to_string(index=False, float_format="{:.3f}".format))


def spell_out(text: str) -> str:
    """Spell out what a terminal would obey or hide, such as a newline or an escape code."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )
