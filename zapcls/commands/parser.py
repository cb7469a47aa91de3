"""The parser of all commands, and what their ends mean to a shell.

Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped.
"""

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

import zapcls
from zapcls.commands import answers, colors, data, errors, machine, models, similar, training
from zapcls.commands.data import add_columns
from zapcls.commands.terminal import spell_out
from zapcls.errors import Stopped, ZapError, explain_system_error
from zapcls.model.openmp import share_cores


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of the libraries, which a person cannot act on
    share_cores()
    arguments = build_parser().parse_args(argv)
    try:
        arguments.command(arguments)
    except ZapError as error:
        return _tell(error)
    except OSError as error:
        explained = explain_system_error(error)
        if explained is None:
            raise
        return _tell(explained)
    except KeyboardInterrupt:
        print("zapcls: interrupted.", file=sys.stderr)
        return Stopped.exit_code
    return 0


def _tell(error: ZapError) -> int:
    """Print an error's sentences, and return its exit code."""
    print("zapcls: " + "\n".join(map(spell_out, str(error).split("\n"))), file=sys.stderr)
    return error.exit_code


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands; each sets `command` to its function."""
    parser = argparse.ArgumentParser(prog="zapcls", description=zapcls.__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        usage: str,
        function: Any,
        help: str,
        data: bool = False,
        json: bool = True,
        to: Any = commands,
    ) -> Any:
        name, *runs = usage.split()  # "compare FIRST": FIRST is the option `run`
        command = to.add_parser(name, help=help, description=help)
        if function is None:  # its own commands follow
            return command
        command.set_defaults(command=function)
        for run in runs:
            command.add_argument("run", metavar=run)
            help = "the target to look at, if the run has several (default: the first)"
            command.add_argument("--target", metavar="COLUMN", default="", help=help)
        where = "default $ZAPCLS_WORKSPACE, else ./workspace"
        command.add_argument("--workspace", type=Path, metavar="DIR", help=where)
        if data:
            command.add_argument(
                "--data", type=Path, metavar="PATH",
                help="a folder with a folder of photos for each class, a table (CSV, TSV, Parquet) "
                "that lists photos, or UT Zappos50K; default: the drawings",
            )  # fmt: skip
            add_columns(command)
        if json:
            command.add_argument("--json", action="store_true", help="one JSON object per line")
        return command

    for module in (data, training, answers, similar, errors, colors, models, machine):
        module.add_commands(add)
    return parser
