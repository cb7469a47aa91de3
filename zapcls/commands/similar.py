"""The command that finds photos of the catalogue that are like others; the page shows the same."""

import argparse
from typing import Any

from zapcls.commands import terminal


def run_similar(arguments: argparse.Namespace) -> None:
    from zapcls.api import OpenRun
    from zapcls.evidence import open_evidence
    from zapcls.findings.shelf import ASPECTS, find_whole_body
    from zapcls.findings.similar import Wish, choose_columns, read_where

    workspace, run = terminal.open_run(arguments)
    given = {name: getattr(arguments, name) for name in ASPECTS}
    weights = {name: weight for name, weight in given.items() if weight is not None}
    wish = Wish(weights, read_where(arguments.where), arguments.top, arguments.colors)
    evidence = open_evidence(run, workspace)
    if not arguments.by_run and find_whole_body(evidence) is None:
        terminal.perform_new(workspace, "describe", {"run": str(run.path)})
    opened, by_run = OpenRun(evidence), arguments.by_run
    if len(arguments.photos) > 1 or arguments.unlike:
        found = opened.recommend(arguments.photos, arguments.unlike, wish, by_run=by_run)
    else:
        found = opened.similar(arguments.photos[0], wish, by_run)
    terminal.print_rows(choose_columns(found), arguments.json)


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    similar = add("similar RUN", run_similar, "find photos of the catalogue that are like others")
    similar.add_argument(
        "photos", metavar="PHOTO_OR_ID", nargs="+", help="a file or an image id; several ids: a mix"
    )
    similar.add_argument(
        "--unlike", metavar="ID", action="append", default=[], help="away from this one; repeatable"
    )
    for name in ("shape", "color", "kind"):
        similar.add_argument(
            f"--{name}", type=float, metavar="W", help="how much it counts, from 0"
        )
    similar.add_argument(
        "--where",
        metavar="ATTRIBUTE=VALUE",
        action="append",
        default=[],
        help="only matching photos",
    )
    similar.add_argument(
        "--colors", action="store_true", help="include several colors of a product"
    )
    similar.add_argument(
        "--by-run", action="store_true", help="as the run sees them, not the frozen network"
    )
    similar.add_argument(
        "--top", type=int, metavar="K", default=12, help="how many photos (default: 12)"
    )
