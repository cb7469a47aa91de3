"""The command that tries remedies against color bias; the page shows the same table."""

import argparse
from typing import Any

from zapcls.commands import terminal
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import find_evaluated


def run_trade(arguments: argparse.Namespace) -> None:
    from zapcls.evidence import open_evidence
    from zapcls.findings import find, remedies
    from zapcls.findings.ask import Ask
    from zapcls.findings.remedy_settings import REMEDIES, SEEDS, choose_remedies

    workspace = open_workspace(arguments.workspace)
    run = find_evaluated(workspace, arguments.run)
    is_asked = arguments.options or arguments.seeds
    evidence = open_evidence(run, workspace)
    if is_asked or evidence.remedies is None:
        names = arguments.options.split(",") if arguments.options else list(REMEDIES)
        seeds = arguments.seeds or SEEDS
        config = {"run": str(run.path), "options": choose_remedies(names), "seeds": seeds}
        terminal.perform_new(workspace, "trade", config)
    ask = Ask(evidence.task)
    found = find("remedies", evidence, ask)
    if arguments.json:
        terminal.print_rows(remedies.tables(found, ask)["remedies"], as_json=True)
        return
    for line in remedies.list_sentences(found, ask):
        print(line.replace("**", ""))


def add_commands(add: Any) -> None:
    """Add this command to the parser; `add` makes one with the options that all have."""
    trade = add("trade", run_trade, "try remedies against color bias, and weigh their price")
    trade.add_argument("run", metavar="RUN")
    trade.add_argument(
        "--options",
        metavar="A,B",
        help="the remedies to try (default: all; without any, what is known)",
    )
    trade.add_argument("--seeds", type=int, metavar="N", help="trainings of each remedy")
