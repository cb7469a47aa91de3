"""The commands on color bias, what may lessen it, and the report; the pages show the same."""

import argparse
import json
from pathlib import Path
from typing import Any

from zapcls.commands import terminal


def run_color_bias(arguments: argparse.Namespace) -> None:
    from zapcls.commands.sections import write_section
    from zapcls.evidence import open_evidence
    from zapcls.findings.ask import build_ask
    from zapcls.findings.bias import build_json
    from zapcls.report.document import build_bias

    workspace, run = terminal.open_run(arguments)
    if arguments.recolor:
        terminal.perform_about(workspace, "recolor", run)
    evidence = open_evidence(run, workspace)
    with terminal.TerminalBar() as bar:
        bar.show("Comparing groups", 0, 0)
        ask = build_ask(evidence, arguments.by)
        if arguments.json:
            content = build_json(evidence, ask.by)
            said = json.dumps(content, ensure_ascii=False, allow_nan=False)
        else:
            said = "\n\n\n".join(map(write_section, build_bias(evidence, ask)))
    print(said)


def run_trade(arguments: argparse.Namespace) -> None:
    from zapcls.evidence import open_evidence
    from zapcls.findings import find, remedies
    from zapcls.findings.ask import Ask
    from zapcls.findings.remedy_settings import REMEDIES, SEEDS, choose_remedies

    workspace, run = terminal.open_run(arguments)
    is_asked = arguments.options or arguments.seeds
    evidence = open_evidence(run, workspace)
    if is_asked or evidence.remedies is None:
        names = arguments.options.split(",") if arguments.options else list(REMEDIES)
        seeds = arguments.seeds or SEEDS
        options = choose_remedies(names)
        terminal.perform_about(workspace, "trade", run, options=options, seeds=seeds)
    ask = Ask(evidence.task)
    found = find("remedies", evidence, ask)
    if arguments.json:
        terminal.print_rows(remedies.tables(found, ask)["remedies"], as_json=True)
        return
    for line in remedies.list_sentences(found, ask):
        print(line.replace("**", ""))


def run_report(arguments: argparse.Namespace) -> None:
    from zapcls.report.document import check_target, save_report

    check_target(arguments.output)
    workspace, run = terminal.open_run(arguments)
    with terminal.TerminalBar() as bar:
        save_report(run, workspace, arguments.output, bar.show)
    print(arguments.output)


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    bias = add("color-bias RUN", run_color_bias, "tell whether a run's errors depend on color")
    bias.add_argument(
        "--by", metavar="COLUMN", default="color", help="group photos by another attribute: brand"
    )
    bias.add_argument("--recolor", action="store_true", help="ask about recolored photos first")
    trade = add("trade RUN", run_trade, "try remedies for color bias and weigh their cost")
    trade.add_argument(
        "--options",
        metavar="A,B",
        help="the remedies to try (default: all; without any, what is known)",
    )
    trade.add_argument("--seeds", type=int, metavar="N", help="trainings per remedy")
    report = add("report RUN", run_report, "write a report on a run to a file", json=False)
    report.add_argument(
        "-o", "--output", metavar="FILE", type=Path, required=True, help="ends in .html or .pdf"
    )
