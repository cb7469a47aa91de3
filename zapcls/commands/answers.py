"""The commands that answer for photos: what a run calls them, and what color their shoe has."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zapcls.blocks import numbers
from zapcls.commands.terminal import TerminalBar, spell_out
from zapcls.config.priors import LEARNED, PRIORS
from zapcls.config.risks import RISK, RISKS
from zapcls.data.task import Task, gather_labels
from zapcls.errors import BadInput
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import Run, find_run

if TYPE_CHECKING:  # they bring the engine, which most commands do without
    from zapcls.answer.classify import Answer
    from zapcls.answer.limits import Classify

Told = tuple[dict[str, Any], str]  # the facts of a JSON object, and a line for a person


def run_classify(arguments: argparse.Namespace) -> None:
    from zapcls.answer.limits import describe, explain_unknown, find_limits, open_answering

    run = find_run(open_workspace(arguments.workspace), arguments.run).about(arguments.target)
    answer_photo = open_answering(run, arguments.risk, arguments.prior)
    target, tasks = run.task.target, run.tasks
    if find_limits(run) is None:
        print(f"zapcls: {explain_unknown(run)}", file=sys.stderr)
    if arguments.csv:
        write_answers(arguments, answer_photo, run)
        return

    def ask(file: Path) -> Told:
        answers, names = answer_photo(file), ("label", "prob", "sure", "familiar")
        targets = {
            name: {fact: getattr(one, fact) for fact in names} for name, one in answers.items()
        }
        for task in tasks:
            if task.threshold is not None:
                targets[task.target]["threshold"] = task.threshold
        said = "; ".join(
            _write_one(gathered, answers, describe) for gathered in gather_labels(tasks)
        )
        return targets[target] | {"targets": targets}, said

    print_answers(arguments, ask, "classified")


def _write_one(
    tasks: Sequence[Task],
    answers: Mapping[str, "Answer"],
    describe: Callable[["Answer", Task], str],
) -> str:
    """Write the answer under one target, or which of a column's labels are given."""
    said = []
    for task in tasks:
        one = answers[task.target]
        if not task.labels_of or one.label == task.classes[0]:
            likely = numbers.probability(one.prob[one.label])
            said.append(", ".join(filter(None, (one.label, likely, describe(one, task)))))
    column = f"{tasks[0].column_word}: " if tasks[0].labels_of else ""
    return column + (" + ".join(said) or "none")


def run_colors(arguments: argparse.Namespace) -> None:
    from zapcls.data.photo_color import describe_photo

    def ask(file: Path) -> Told:
        described = describe_photo(file)
        facts = {key: described[key] for key in ("color", "share", "color_2", "lab")}
        return facts, write_color(described)

    print_answers(arguments, ask, "read")


def write_answers(arguments: argparse.Namespace, classify: "Classify", run: Run) -> None:
    """Write what a run answers for files, folders and zips into a CSV, and count the answers.

    Raises:
        BadInput: a folder or zip, or the CSV, cannot be used, or no file could be classified.
    """
    from zapcls.answer.many import answer_all, list_columns, list_photos, write_csv

    photos = [photo for source in arguments.files for photo in list_photos(source)]
    with TerminalBar() as bar:
        answers = answer_all(photos, classify, run.task, run.tasks, bar.show)
        n, refused = write_csv(arguments.csv, list_columns(run.task, run.tasks), answers)
    if refused == n:
        raise BadInput(f"None of the {n:,} files could be classified; {arguments.csv} says why.")
    counts = {"csv": str(arguments.csv), "classified": n - refused, "errors": refused}
    if arguments.json:
        print(json.dumps(counts))
    else:
        why = f"; {refused:,} could not be classified (see the error column)" if refused else ""
        print(f"Classified in {arguments.csv}: {numbers.count(n - refused, 'photo')}{why}.")


def print_answers(arguments: argparse.Namespace, ask: Callable[[Path], Told], verb: str) -> None:
    """Print an answer for each file; a file that is refused does not keep the others from theirs.

    Raises:
        BadInput: some were refused; `verb` says what could not be done with them.
    """
    n_refused = 0
    for file in arguments.files:
        out = sys.stdout
        try:
            if not file.is_file():
                raise BadInput(f"A photo must exist, but there is no file {file}. Check the path.")
            facts, said = ask(file)
            line = f"{file}: {said}"
        except BadInput as error:
            n_refused += 1
            facts, line, out = {"error": str(error)}, f"zapcls: {error}", sys.stderr
        if arguments.json:
            print(json.dumps({"file": str(file), **facts}))
        else:
            print(spell_out(line), file=out)
    if n_refused:
        raise BadInput(f"{n_refused} of {len(arguments.files)} files could not be {verb}.")


def write_color(described: dict[str, Any]) -> str:
    """Write a photo's color in a line: blue (navy) 83 %, then white."""
    if not described["color"]:
        return "no object stands out from a plain background"
    fine, color = described["color_fine"], described["color"]
    finer = f" ({fine})" if fine != color else ""
    second = f", then {described['color_2']}" if described["color_2"] else ""
    line = f"{color}{finer} {numbers.percent(described['share'])}{second}"
    return f"{line}, many colors" if described["multicolor"] else line


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    classify = add("classify RUN", run_classify, "classify photos with a run")
    classify.add_argument("files", metavar="FILE", type=Path, nargs="+")
    classify.add_argument(
        "--csv", type=Path, metavar="CSV",
        help="write the answers there, one row per photo; FILE may then be a folder or a zip",
    )  # fmt: skip
    classify.add_argument(
        "--risk", type=float, choices=RISKS, default=RISK, metavar="SHARE",
        help="an answer is sure where at most this share of such answers is expected to be wrong: "
        f"{', '.join(f'{risk:g}' for risk in RISKS)} (default {RISK:g})",
    )  # fmt: skip
    classify.add_argument(
        "--prior", choices=PRIORS, default=LEARNED,
        help="the class mix where the photos come from: as in training (learned, the default), or "
        "equal numbers (even)",
    )  # fmt: skip
    colors = add("colors", run_colors, "name the color of the shoe on photos")
    colors.add_argument("files", metavar="FILE", type=Path, nargs="+")
