"""The commands that say what a run's errors have to do with color, and write the report."""

import argparse
import json
from pathlib import Path
from typing import Any

from zapcls.commands import terminal
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import find_evaluated


def run_color_bias(arguments: argparse.Namespace) -> None:
    from zapcls.commands.sections import write_section
    from zapcls.evidence import open_evidence
    from zapcls.findings.ask import build_ask
    from zapcls.findings.bias import build_json
    from zapcls.report.document import build_bias

    workspace = open_workspace(arguments.workspace)
    run = find_evaluated(workspace, arguments.run)
    if arguments.recolor:
        terminal.perform_new(workspace, "recolor", {"run": str(run.path)})
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


def run_report(arguments: argparse.Namespace) -> None:
    from zapcls.report.document import check_target, save_report

    workspace = open_workspace(arguments.workspace)
    check_target(arguments.output)
    run = find_evaluated(workspace, arguments.run)
    with terminal.TerminalBar() as bar:
        save_report(run, workspace, arguments.output, bar.show)
    print(arguments.output)


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    bias = add("color-bias", run_color_bias, "say whether a run's errors depend on the color")
    bias.add_argument("run", metavar="RUN")
    bias.add_argument(
        "--by", metavar="COLUMN", default="color", help="group photos by another attribute: brand"
    )
    bias.add_argument("--recolor", action="store_true", help="ask about recolored photos first")
    report = add("report", run_report, "write what is known of a run into a file", json=False)
    report.add_argument("run", metavar="RUN")
    report.add_argument(
        "-o", "--output", metavar="FILE", type=Path, required=True, help="ends in .html or .pdf"
    )
