"""The commands that answer for photos: what a run calls them, and what color their shoe has."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zapcls.blocks import numbers
from zapcls.commands.terminal import spell_out
from zapcls.errors import BadInput
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import find_run

Answer = tuple[dict[str, Any], str]  # the facts of a JSON object, and a line for a person


def run_classify(arguments: argparse.Namespace) -> None:
    from zapcls.answer.classify import classify_targets, open_classifier

    run = find_run(open_workspace(arguments.workspace), arguments.run).about(arguments.target)
    classifier, tasks = open_classifier(run, for_all=True), run.tasks

    def ask(file: Path) -> Answer:
        answers = classify_targets(classifier, tasks, file)
        targets = {
            target: {"label": one.label, "prob": one.prob} for target, one in answers.items()
        }
        said = (
            f"{one.label}, {numbers.probability(one.prob[one.label])}" for one in answers.values()
        )
        return targets[run.task.target] | {"targets": targets}, "; ".join(said)

    print_answers(arguments, ask, "classified")


def run_colors(arguments: argparse.Namespace) -> None:
    from zapcls.data.photo_color import describe_photo

    def ask(file: Path) -> Answer:
        described = describe_photo(file)
        facts = {key: described[key] for key in ("color", "share", "color_2", "lab")}
        return facts, write_color(described)

    print_answers(arguments, ask, "read")


def print_answers(arguments: argparse.Namespace, ask: Callable[[Path], Answer], verb: str) -> None:
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
        return "no object stands out of a plain ground"
    fine, color = described["color_fine"], described["color"]
    finer = f" ({fine})" if fine != color else ""
    second = f", then {described['color_2']}" if described["color_2"] else ""
    line = f"{color}{finer} {numbers.percent(described['share'])}{second}"
    return f"{line}, many colors" if described["multicolor"] else line


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    classify = add("classify RUN", run_classify, "classify photos with a run")
    classify.add_argument("files", metavar="FILE", type=Path, nargs="+")
    colors = add("colors", run_colors, "name the color of the shoe on photos")
    colors.add_argument("files", metavar="FILE", type=Path, nargs="+")
