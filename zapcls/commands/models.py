"""The commands that take a run's model along, and bring in one that was trained elsewhere."""

import argparse
import json
from pathlib import Path
from typing import Any

from zapcls.commands import terminal
from zapcls.commands.data import choose_data, choose_target
from zapcls.config import Statistics
from zapcls.config.kinds import read_names, read_numbers
from zapcls.workspace.exports import check_target
from zapcls.workspace.imports import build_origin, create_import, describe_given
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.summaries import summarize_run


def run_export(arguments: argparse.Namespace) -> None:
    folder = arguments.output.expanduser().resolve()
    check_target(folder)
    workspace, run = terminal.open_run(arguments)
    from zapcls.work.export import export_run

    with terminal.TerminalBar() as bar:
        export_run(run, workspace, folder, arguments.onnx_only, bar.show)
    print(folder)


def run_import(arguments: argparse.Namespace) -> None:
    from zapcls.commands.training import describe_summary

    workspace = open_workspace(arguments.workspace)
    given = arguments.predictions or arguments.model
    origin = build_origin(
        given, arguments.predictions is not None, arguments.classes, arguments.size,
        Statistics(read_numbers(arguments.mean), read_numbers(arguments.std)),
    )  # fmt: skip
    data_dir = choose_data(arguments, workspace)
    run = create_import(workspace, data_dir, choose_target(arguments), origin)
    terminal.perform_in_terminal(run, workspace)
    summary = summarize_run(run)
    if arguments.json:
        print(json.dumps(summary | {"given": run.facts["given"]}))
        return
    print(describe_summary(summary))
    print(describe_given(run))


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    export = add("export RUN", run_export, "write a run's model for timm and ONNX", json=False)
    export.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True)
    export.add_argument(
        "--onnx-only", action="store_true", help="model.onnx and the model card alone"
    )
    take = add("import", run_import, "make a run of what another model says", data=True)
    given = take.add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--predictions", metavar="FILE", type=Path,
        help="CSV, TSV or Parquet: path, and a column for each class, or prediction",
    )  # fmt: skip
    given.add_argument(
        "--model", metavar="FOLDER_OR_ONNX", type=Path,
        help="a folder in timm's hub format, or an ONNX classifier",
    )  # fmt: skip
    take.add_argument("--target", metavar="COLUMN", help="default: the catalogue's own label")
    take.add_argument(
        "--classes", type=read_names, default=(), metavar="A,B",
        help="the model's classes, in the order of its answers",
    )  # fmt: skip
    take.add_argument("--size", type=int, default=0, metavar="PX", help="of an ONNX model's input")
    for name, default in Statistics()._asdict().items():
        take.add_argument(
            f"--{name}", default=",".join(map(str, default)), metavar="R,G,B",
            help="of an ONNX model's input, in 0..1 (default: ImageNet's)",
        )  # fmt: skip
