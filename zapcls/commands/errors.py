"""The commands that look into a run's errors; the pages show the same tables."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from zapcls.blocks import numbers
from zapcls.commands import terminal
from zapcls.errors import BadInput
from zapcls.workspace.layout import check_writable, replace_file
from zapcls.workspace.run_tables import read_cross_validation, read_predictions
from zapcls.workspace.runs import find_evaluated

ERRORS = ["image_id", "image_path", "label", "prediction", "prob", "loss", "color", "cause"]
ISSUES = ["image_id", "label", "suggested_label", "label_quality", "reasons"]


def run_errors(arguments: argparse.Namespace) -> None:
    from zapcls.analysis.mistakes import Filter, find_images
    from zapcls.evidence import open_evidence
    from zapcls.findings.causes import sort_errors

    workspace, run = terminal.open_run(arguments)
    wrong = find_images(read_predictions(run, workspace), Filter(split=arguments.split))
    wrong = wrong.merge(sort_errors(open_evidence(run, workspace)), on="image_id", how="left")
    terminal.print_rows(wrong[ERRORS].head(arguments.top), arguments.json)


def run_label_issues(arguments: argparse.Namespace) -> None:
    from zapcls.evidence import open_evidence

    workspace, run = terminal.open_run(arguments)
    check = open_evidence(run, workspace).check
    if not check.is_done:
        terminal.perform_about(workspace, "check_labels", run)
    issues = check.read_issues()
    terminal.print_rows(issues[issues["is_suspect"] | arguments.all][ISSUES], arguments.json)
    if not arguments.json:
        facts = check.facts
        print(
            f"{facts['suspects']:,} of {facts['n']:,} labels are suspected. Label check: "
            "classifiers that never saw the product, wrong on "
            f"{numbers.percent(facts['error_rate'])} (95 % interval "
            f"{numbers.interval(facts['error_low'], facts['error_high'])})."
        )


def run_slices(arguments: argparse.Namespace) -> None:
    from zapcls.evidence import open_evidence
    from zapcls.findings import find, slices
    from zapcls.findings.ask import Ask

    workspace, run = terminal.open_run(arguments)
    evidence = open_evidence(run, workspace)
    ask = Ask(evidence.task)
    found = slices.tables(find("slices", evidence, ask), ask)["slices"]
    found = found if arguments.all else found[found["is_flagged"]]
    terminal.print_rows(found if arguments.json else found.drop(columns="where"), arguments.json)


def run_export(arguments: argparse.Namespace) -> None:
    from zapcls.workspace.reviews import open_reviews
    from zapcls.workspace.sheets import write_csv

    workspace, run = terminal.open_run(arguments)
    decisions = open_reviews(workspace).read(run.facts["catalogue_id"], run.task.target)
    text = write_csv(decisions, read_predictions(run, workspace))
    if arguments.file is None:
        sys.stdout.write(text)
        return
    check_writable(arguments.file)
    file = arguments.file.resolve()
    if file.exists() and not file.is_file():  # a pipe, say
        file.write_bytes(text.encode())
    else:  # an older export stays until this one is whole
        replace_file(file, text.encode())
    written = numbers.count(len(decisions), "decision")
    print(f"{written} written to {arguments.file}.", file=sys.stderr)


def run_import(arguments: argparse.Namespace) -> None:
    from zapcls.analysis.decisions import find_conflicts
    from zapcls.workspace.reviews import open_reviews
    from zapcls.workspace.sheets import check_known, describe_rows, read_csv

    workspace, run = terminal.open_run(arguments)
    if not arguments.file.is_file():
        raise BadInput(f"FILE must exist, but there is no file {arguments.file}. Check the path.")
    reviews = open_reviews(workspace)
    catalogue_id, target = run.facts["catalogue_id"], run.task.target
    name = arguments.file.name
    given = read_csv(arguments.file.read_bytes(), name)
    labels = read_predictions(run, workspace).set_index("image_id")["catalog_label"].to_dict()
    is_new = reviews.add_each(check_known(given, name, labels, catalogue_id, target))
    rows, new = describe_rows(given, is_new, name), sum(is_new)
    conflicts = find_conflicts(reviews.read(catalogue_id, target))["image_id"].nunique()
    if arguments.json:
        result = {"decisions": len(given), "new": new, "conflicts": conflicts}
        print(json.dumps(result | {"rows": rows.drop(columns="file").to_dict("records")}))
        return
    for row in rows.itertuples():
        print(f"line {row.line}: image {row.image_id} {row.outcome}")
    print(
        f"{numbers.count(len(given), 'decision')} read, {new:,} new; the reviewers disagree on "
        f"{numbers.count(conflicts, 'image')}."
    )


def run_compare(arguments: argparse.Namespace) -> None:
    from zapcls.evidence import open_evidence
    from zapcls.findings import COMPARISONS, find_between
    from zapcls.findings.ask import build_ask

    workspace, first = terminal.open_run(arguments)
    second = find_evaluated(workspace, arguments.second).alike(first)
    both = open_evidence(first, workspace), open_evidence(second, workspace)
    ask = build_ask(both[0], arguments.by or "color")
    names = ["compare", "compare_groups"] if arguments.by else ["compare"]
    for place, name in enumerate(names):
        found = find_between(name, *both, ask)
        print(end="\n" if place and not arguments.json else "")
        for table in COMPARISONS[name].tables(found, ask).values():
            terminal.print_rows(table, arguments.json)


def run_cross_validate(arguments: argparse.Namespace) -> None:
    workspace, run = terminal.open_run(arguments)
    seconds = run.metrics["seconds"] * arguments.folds
    print(
        f"{arguments.folds} trainings like {run.run_id}, which took {run.metrics['seconds']:.0f} s "
        f"each: about {seconds / 60:.0f} minutes. Ctrl-C stops; what is done is kept.",
        file=sys.stderr,
    )
    terminal.perform_about(workspace, "cross_validate", run, folds=arguments.folds)
    result = read_cross_validation(run) or {}
    if arguments.json:
        print(json.dumps(result))
        return
    print(
        f"{run.run_id}  over all images, {result['folds']} trainings: error rate "
        f"{numbers.percent(result['error_rate'])} (95 % interval "
        f"{numbers.interval(result['error_low'], result['error_high'])}, n = {result['n']:,}), "
        f"{result['seconds']:.0f} s"
    )


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    errors = add("errors RUN", run_errors, "list the images a run got wrong, highest loss first")
    errors.add_argument("--top", type=terminal.read_count, metavar="K", help="only the first K")
    errors.add_argument("--split", choices=("valid", "tune", "train"), default="valid")
    issues = add("label-issues RUN", run_label_issues, "list the labels that are probably wrong")
    issues.add_argument("--all", action="store_true", help="every labelled image, worst first")
    slices = add("slices RUN", run_slices, "list the groups that err more often than the rest")
    slices.add_argument("--all", action="store_true", help="every group that was tried")
    reviews = add("reviews", None, "the reviewers' decisions as a CSV file", json=False)
    ways = reviews.add_subparsers(required=True, metavar="export|import")
    export = add("export RUN", run_export, "write the decisions", json=False, to=ways)
    export.add_argument("file", metavar="FILE", type=Path, nargs="?", help="default: print them")
    take = add("import RUN", run_import, "import decisions from a file", to=ways)
    take.add_argument("file", metavar="FILE", type=Path)
    compare = add("compare FIRST", run_compare, "compare two runs on the same images, paired")
    compare.add_argument("second", metavar="SECOND")
    compare.add_argument(
        "--by", metavar="ATTRIBUTE", help="add a row for each group (color, brand, ...) and label"
    )
    compare.add_argument("--by-color", action="store_const", const="color", dest="by")
    cross = add("cross-validate RUN", run_cross_validate, "train a run's recipe once per fold")
    cross.add_argument("--folds", type=int, choices=range(2, 11), default=5, metavar="2..10")
