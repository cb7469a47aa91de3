"""The commands about a catalogue: count it, download it, draw one."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from zapcls.blocks import numbers
from zapcls.commands.terminal import TerminalBar, print_table
from zapcls.config import DEFAULT_TARGET, SETTINGS, TrainConfig, choose_classes
from zapcls.config.kinds import read_names
from zapcls.data.catalog import Catalogue
from zapcls.data.sources.columns import Columns
from zapcls.workspace.layout import Workspace, open_workspace

COLUMN_OPTIONS = ("path_column", "label_column", "group_column", "split_column", "root")


def run_catalog(arguments: argparse.Namespace) -> None:
    from zapcls.data.catalog import IMAGE_UNREADABLE
    from zapcls.data.labels import check_trainable, label_rows, summarize
    from zapcls.workspace.opening import open_data
    from zapcls.workspace.splits import build_task, build_tasks, label_catalog

    workspace = open_workspace(arguments.workspace)
    data_dir = choose_data(arguments, workspace)
    with TerminalBar() as bar:
        store = open_data(workspace, data_dir, bar.show)
    config = TrainConfig(
        target=choose_target(arguments), classes=arguments.classes, cells=arguments.cells
    )
    if config.cells == "drop":
        tasks, tables = [build_task(store, config)], [label_catalog(store, config)]
    else:
        tasks, catalog = list(build_tasks(store, config)), store.read_catalog()
        tables = [label_rows(catalog, label) for label in tasks]
    for one, labelled in zip(tasks, tables, strict=True):
        check_trainable(labelled, one.classes)
    task, table = tasks[0], tables[0]
    broken = table.loc[table["image_problem"] == IMAGE_UNREADABLE, "image_path"]
    if len(broken):
        print(
            f"zapcls: {numbers.count(len(broken), 'photo')} cannot be read and will be left out; "
            f"the first is {broken.iloc[0]}. Fetch it again to include it.",
            file=sys.stderr,
        )
    summary = summarize(table)
    if config.cells == "labels":  # a photo may have several, or none
        counts = zip(tasks, tables, strict=True)
        named = {one.classes[0]: (rows["label"] == one.classes[0]).sum() for one, rows in counts}
        summary["classes"] = {name: int(n) for name, n in named.items()}
    if arguments.json:
        print(json.dumps(summary))
        return
    print_table([("rows", summary["rows"]), ("kept", summary["kept"])])
    print_table([(f"  {name}", n) for name, n in summary["classes"].items()])
    print_table([(f"{task.units} kept", summary["products"])])
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
    """Return the place of `--data`, the drawings' where none is given; say what it is taken for.

    A target that is not named becomes the catalogue's own.

    Raises:
        BadInput: it is no catalogue, or has not two classes of the target to tell apart.
    """
    from zapcls.data.labels import list_labels, resolve
    from zapcls.data.task import Task

    if not arguments.data:
        return workspace.drawings_dir
    place, catalogue = look_at_data(arguments, workspace)
    if arguments.target is None:
        arguments.target = catalogue.target
    has_labels = getattr(arguments, "cells", None) == "labels"
    for target in read_names(arguments.target):
        classes = choose_classes(target, arguments.classes or ())
        task = Task(target, classes, catalogue.thing, catalogue.things)
        list_labels(catalogue.table, task) if has_labels else resolve(catalogue.table, task)
    return place


def look_at_data(arguments: argparse.Namespace, workspace: Workspace) -> tuple[Path, Catalogue]:
    """Read the catalogue of `--data` and say what it is taken for; set columns are kept.

    Raises:
        BadInput: it is no catalogue.
    """
    from zapcls.data.sources import read_catalogue
    from zapcls.workspace.contents import recall_columns, write_columns

    place = arguments.data.expanduser().resolve()
    columns = _read_columns(arguments)
    catalogue = read_catalogue(place, columns or recall_columns(workspace, place))
    if columns:
        write_columns(workspace, place, columns)
    print(f"{place} is read as {catalogue.taken_for}.", *catalogue.notes, sep="\n", file=sys.stderr)
    return place, catalogue


def choose_target(arguments: argparse.Namespace) -> str:
    """Return the target that is named, else that of the data."""
    return arguments.target or DEFAULT_TARGET


def _read_columns(arguments: argparse.Namespace) -> Columns | None:
    """Read what the columns of a table are set to; None where no option says so."""
    names: dict[str, Any] = {
        "path": arguments.path_column,
        "labels": arguments.label_column,
        "group": arguments.group_column,
        "split": arguments.split_column,
        "root": str(arguments.root.expanduser().resolve()) if arguments.root else None,
    }
    return None if set(names.values()) == {None} else Columns(**names)


def add_columns(command: Any) -> None:
    """Add the options that say what the columns of a table are."""
    group = command.add_argument_group(
        "columns of a table", "guessed where they are not set; kept in the workspace; '' for none"
    )
    add = group.add_argument
    add("--path-column", metavar="NAME", help="the paths of the photos")
    add("--label-column", type=read_names, metavar="A,B", help="labels; the first is the target")
    add("--group-column", metavar="NAME", help="what a split keeps together")
    add("--split-column", metavar="NAME", help="train and val or test")
    add("--root", type=Path, metavar="DIR", help="where the paths begin; the table's own folder")


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    catalog = add("catalog", run_catalog, "read and clean a catalogue, count it", data=True)
    catalog.add_argument("--target", metavar="COLUMN", help="default: the catalogue's own label")
    catalog.add_argument("--classes", type=read_names, default=(), metavar="A,B")
    cells = SETTINGS["cells"]
    catalog.add_argument(
        cells.option, choices=cells.kind.options, default=cells.default, help=cells.help
    )
    download = add("download", run_download, "fetch the official files", json=False)
    download.add_argument("--dest", type=Path, metavar="DIR")
    sample = add("sample", run_sample, "draw a catalogue in the official format", json=False)
    sample.add_argument("--dest", type=Path, metavar="DIR", required=True)
    sample.add_argument("--n", type=int, default=1200, help="about how many shoes")
    sample.add_argument("--seed", type=int, default=0)
    sample.add_argument("--replace", action="store_true", help="replace one that was drawn before")
