"""The commands about a catalogue: count it, download it, draw one."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from zapcls.commands.terminal import TerminalBar, print_table
from zapcls.config import DEFAULT_TARGET, TARGETS, choose_classes
from zapcls.config.kinds import read_names
from zapcls.workspace.layout import Workspace, open_workspace


def run_catalog(arguments: argparse.Namespace) -> None:
    from zapcls.data.catalog import IMAGE_UNREADABLE
    from zapcls.data.labels import check_trainable, label_rows, resolve, summarize
    from zapcls.data.task import Task
    from zapcls.workspace.opening import open_data

    workspace = open_workspace(arguments.workspace)
    with TerminalBar() as bar:
        store = open_data(workspace, choose_data(arguments, workspace), bar.show)
    classes = choose_classes(arguments.target, arguments.classes)
    catalog, task = store.read_catalog(), Task(arguments.target, classes)
    table = label_rows(catalog, task)
    check_trainable(table, resolve(catalog, task).classes)
    broken = table.loc[table["image_problem"] == IMAGE_UNREADABLE, "image_path"]
    if len(broken):
        print(
            f"zapcls: {len(broken)} of the photos cannot be read and are left out, the first is "
            f"{broken.iloc[0]}. Fetch it again to have it counted.",
            file=sys.stderr,
        )
    summary = summarize(table)
    if arguments.json:
        print(json.dumps(summary))
        return
    print_table([("rows", summary["rows"]), ("kept", summary["kept"])])
    print_table([(f"  {name}", n) for name, n in summary["classes"].items()])
    print_table([("products kept", summary["products"])])
    print_table([(f"dropped: {reason}", n) for reason, n in summary["dropped"].items()])


def run_download(arguments: argparse.Namespace) -> None:
    from zapcls.data.download import TERMS, download_zappos

    workspace = open_workspace(arguments.workspace)
    print(TERMS, file=sys.stderr)
    with TerminalBar() as bar:
        folder = download_zappos(arguments.dest or workspace.download_dir, bar.show)
    print(folder)


def run_sample(arguments: argparse.Namespace) -> None:
    from zapcls.data.sample import draw_catalogue

    with TerminalBar() as bar:
        draw_catalogue(arguments.dest, arguments.n, arguments.seed, bar.show, arguments.replace)
    print(arguments.dest)


def choose_data(arguments: argparse.Namespace, workspace: Workspace) -> Path:
    """Return the folder of `--data`, the drawings' where none is given."""
    return arguments.data.expanduser().resolve() if arguments.data else workspace.drawings_dir


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    catalog = add("catalog", run_catalog, "read and clean a catalogue, count it", data=True)
    catalog.add_argument("--target", choices=TARGETS, default=DEFAULT_TARGET)
    catalog.add_argument("--classes", type=read_names, default=(), metavar="A,B")
    download = add("download", run_download, "fetch the official files", json=False)
    download.add_argument("--dest", type=Path, metavar="DIR")
    sample = add("sample", run_sample, "draw a catalogue in the official format", json=False)
    sample.add_argument("--dest", type=Path, metavar="DIR", required=True)
    sample.add_argument("--n", type=int, default=1200, help="about how many shoes")
    sample.add_argument("--seed", type=int, default=0)
    sample.add_argument("--replace", action="store_true", help="replace one that was drawn before")
