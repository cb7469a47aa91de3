"""The command that trades training options against each other; the page shows the same table."""

import argparse
from typing import Any

from zapcls.commands import terminal
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import find_evaluated, read_trade


def run_trade(arguments: argparse.Namespace) -> None:
    from zapcls.analysis.trade import TESTED
    from zapcls.color_options import OPTIONS, SEEDS, choose_options
    from zapcls.words.trade import describe_answer, describe_measure, explain_trainings

    workspace = open_workspace(arguments.workspace)
    run = find_evaluated(workspace, arguments.run)
    is_asked = arguments.options or arguments.seeds
    found = None if is_asked else read_trade(run)
    if found is None:
        names = arguments.options.split(",") if arguments.options else list(OPTIONS)
        seeds = arguments.seeds or SEEDS
        config = {"run": str(run.path), "options": choose_options(names), "seeds": seeds}
        terminal.perform_new(workspace, "trade", config)
        found = read_trade(run)
        assert found is not None  # the job is done
    if arguments.json:
        terminal.print_rows(found, as_json=True)
        return
    lines = [describe_answer(found), *(describe_measure(found, name) for name in TESTED)]
    for line in [*lines, explain_trainings(found)]:
        print(line.replace("**", ""))


def add_commands(add: Any) -> None:
    """Add this command to the parser; `add` makes one with the options that all have."""
    trade = add("trade", run_trade, "train options against color bias, and weigh their price")
    trade.add_argument("run", metavar="RUN")
    trade.add_argument("--options", metavar="A,B", help="default: all; without any, what is known")
    trade.add_argument("--seeds", type=int, metavar="N", help="trainings of each option")
