"""The commands on color: of a photo, of a run's answers, and the report."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from zapcls import words
from zapcls.errors import BadInput
from zapcls.terminal import TerminalBar
from zapcls.workspace import jobs
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import find_evaluated


def run_colors(arguments: argparse.Namespace) -> None:
    refused = []
    for file in arguments.files:
        try:
            described = describe_file(file)
        except BadInput as error:
            refused.append(error)
            if arguments.json:
                print(json.dumps({"file": str(file), "error": str(error)}))
            else:
                print(f"zapcls: {error}", file=sys.stderr)
            continue
        if arguments.json:
            keys = ("file", "color", "share", "color_2", "lab")
            print(json.dumps({key: described[key] for key in keys}))
        else:
            print(write_color(described))
    if refused:
        raise BadInput(f"{len(refused)} of {len(arguments.files)} files could not be read.")


def describe_file(file: Path) -> dict[str, Any]:
    """Name the color of the shoe on a photo: file, and a row of `color.describe_colors`, with lab.

    `lab` is the mean [L*, a*, b*] of `color`; where no object stands out of the ground the names
    are "", and share and lab None.

    Raises:
        BadInput: there is no such file, or it is no picture.
    """
    from zapcls.data.color import describe_colors
    from zapcls.data.pixels import MAX_SIDE, MIN_SIDE, decode_image, square

    if not file.is_file():
        raise BadInput(f"A photo must exist, but there is no file {file}. Check the path.")
    photo = decode_image(file)
    side = min(max(max(photo.size), MIN_SIDE), MAX_SIDE)
    row = describe_colors(square(photo, side)[None]).iloc[0]
    lab = [round(float(row[f"lab_{axis}"]), 2) for axis in "lab"]
    return {
        **row,
        "file": str(file),
        "share": round(float(row["share"]), 4) if row["color"] else None,
        "lab": lab if row["color"] else None,
    }


def write_color(described: dict[str, Any]) -> str:
    """Write a photo's color in a line: shoe.jpg: blue (navy) 83 %, then white."""
    if not described["color"]:
        return f"{described['file']}: no object stands out of a plain ground"
    fine, color = described["color_fine"], described["color"]
    finer = f" ({fine})" if fine != color else ""
    second = f", then {described['color_2']}" if described["color_2"] else ""
    line = f"{described['file']}: {color}{finer} {words.percent(described['share'])}{second}"
    return f"{line}, many colors" if described["multicolor"] else line


def run_color_bias(arguments: argparse.Namespace) -> None:
    from zapcls.commands.sections import write_section
    from zapcls.evidence import open_evidence
    from zapcls.findings.ask import build_ask
    from zapcls.findings.bias import build_json
    from zapcls.report.document import build_bias
    from zapcls.work import perform_in_terminal

    workspace = open_workspace(arguments.workspace)
    run = find_evaluated(workspace, arguments.run)
    if arguments.recolor:
        job = jobs.create(workspace.jobs_dir, "recolor", {"run": str(run.path)})
        perform_in_terminal(job, workspace)
    evidence = open_evidence(run, workspace)
    with TerminalBar() as bar:
        bar.show("Comparing groups", 0, 0)
        ask = build_ask(evidence, arguments.by)
        if arguments.json:
            found = build_json(evidence, ask.by)
            said = json.dumps(found, ensure_ascii=False, allow_nan=False)
        else:
            said = "\n\n\n".join(map(write_section, build_bias(evidence, ask)))
    print(said)


def run_report(arguments: argparse.Namespace) -> None:
    from zapcls.report.document import check_target, save_report

    workspace = open_workspace(arguments.workspace)
    check_target(arguments.output)
    run = find_evaluated(workspace, arguments.run)
    with TerminalBar() as bar:
        save_report(run, workspace, arguments.output, bar.show)
    print(arguments.output)


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    colors = add("colors", run_colors, "name the color of the shoe on photos")
    colors.add_argument("files", metavar="FILE", type=Path, nargs="+")
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
