"""The commands that train a run, look for its rate, evaluate it and list all runs."""

import argparse
import json
import os
import sys
from typing import Any

from zapcls.blocks import numbers
from zapcls.commands import terminal
from zapcls.commands.data import COLUMN_OPTIONS, choose_data, look_at_data
from zapcls.config import DEFAULT_PRESET, PHASES, PRESETS, SETTINGS, TrainConfig, build_config
from zapcls.errors import BadInput
from zapcls.workspace import devices, jobs
from zapcls.workspace.layout import Workspace, open_workspace, read_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.runs import Run, find_run, list_runs
from zapcls.workspace.summaries import summarize_run
from zapcls.workspace.trash import archive_run, delete_run, list_archived, restore_run


def run_train(arguments: argparse.Namespace) -> None:
    from zapcls.work.train import help_training

    workspace = open_workspace(arguments.workspace)
    if int(os.environ.get("RANK", "0")) > 0:  # one of several that `accelerate launch` started
        resumed = find_run(workspace, arguments.resume) if arguments.resume else None
        help_training(resumed.train_config.device if resumed else arguments.device or "auto")
        return
    if arguments.resume:
        run = _reopen_run(arguments, workspace)
    else:
        asked = read_config(arguments)
        devices.refuse_busy(workspace, asked.device)
        data_dir = choose_data(arguments, workspace)
        run = create_run(workspace, read_config(arguments), data_dir)
    try:
        terminal.perform_in_terminal(run, workspace)
    finally:
        summary = summarize_run(run)
        if arguments.json:
            print(json.dumps(summary))
    if not arguments.json:
        print(describe_summary(summary))


def _reopen_run(arguments: argparse.Namespace, workspace: Workspace) -> Run:
    names = ("preset", "data", *COLUMN_OPTIONS, *SETTINGS)
    given = [name for name in names if getattr(arguments, name) is not None]
    if given:
        raise BadInput(
            "A resumed run keeps its settings and its photos, so that it continues as it would "
            f"have; got --{given[0].replace('_', '-')} too. Leave it out, or start a new run."
        )
    run = find_run(workspace, arguments.resume)
    devices.refuse_busy(workspace, run.train_config.device)
    jobs.reopen(run)
    return run


def run_lr_find(arguments: argparse.Namespace) -> None:
    workspace = open_workspace(arguments.workspace)
    asked = read_config(arguments)
    phase = arguments.phase or ("frozen" if asked.frozen_epochs else "unfrozen")
    asked.check_phase(phase)
    devices.refuse_busy(workspace, asked.device)
    data_dir = choose_data(arguments, workspace)
    config = {
        "train": read_config(arguments).to_json(),
        "data_dir": str(data_dir),
        "phase": phase,
    }
    job = terminal.perform_new(workspace, "lr_find", config)
    found = read_json(job.path / "lr_suggestions.json")[phase]
    if arguments.json:
        facts = {"seeds": len(found["valleys"]), "faults": found["faults"]}
        print(json.dumps({"job": job.job_id, "phase": phase, **found["rates"], **facts}))
        return
    terminal.print_table([(name, f"{rate:.2e}") for name, rate in found["rates"].items()])
    for fault in found["faults"]:
        print(f"zapcls: {fault}", file=sys.stderr)


def run_runs(arguments: argparse.Namespace) -> None:
    workspace = open_workspace(arguments.workspace)
    if arguments.archived:
        for run_id in list_archived(workspace):
            print(json.dumps({"run": run_id}) if arguments.json else run_id)
        return
    summaries = [summarize_run(run) for run in list_runs(workspace)]
    for summary in summaries:
        print(json.dumps(summary) if arguments.json else describe_summary(summary))
    if not summaries and not arguments.json:
        print("No run yet. `python -m zapcls train` makes one.")


def run_delete(arguments: argparse.Namespace) -> None:
    place = delete_run(open_workspace(arguments.workspace), arguments.run)
    print(f"{arguments.run} moved to {place}. To bring it back: restore {arguments.run}.")


def run_archive(arguments: argparse.Namespace) -> None:
    place = archive_run(open_workspace(arguments.workspace), arguments.run)
    print(
        f"{arguments.run} moved to {place} and is in no list now. To bring it back: "
        f"restore {arguments.run}."
    )


def run_restore(arguments: argparse.Namespace) -> None:
    print(f"Restored to {restore_run(open_workspace(arguments.workspace), arguments.run)}.")


def run_evaluate(arguments: argparse.Namespace) -> None:
    workspace = open_workspace(arguments.workspace)
    run = find_run(workspace, arguments.run, is_to_evaluate=True)
    run = run.about(arguments.target) if arguments.target else run
    data_dir = str(look_at_data(arguments, workspace)[0]) if arguments.data else None
    job = terminal.perform_about(workspace, "evaluate", run, data_dir=data_dir)
    result = read_json(job.path / "result.json") if data_dir else summarize_run(run)
    print(json.dumps(result) if arguments.json else describe_summary(result))


def read_config(arguments: argparse.Namespace) -> TrainConfig:
    """Build the config that the options ask for; one that is not given keeps the preset's."""
    given = {name: getattr(arguments, name) for name in SETTINGS}
    preset = arguments.preset or (DEFAULT_PRESET if arguments.data else "first-try")
    return build_config(preset, **{key: value for key, value in given.items() if value is not None})


def describe_summary(summary: dict[str, Any]) -> str:
    """Describe a run in a line: its state, and its rates where it is evaluated."""
    if summary["error_rate"] is None:
        return f"{summary['run']}  {summary['state']}"
    every, labels = summary.get("targets"), summary.get("labels", {})
    said = (
        "".join(f"\n  {target}: {_describe_rates(rates)}" for target, rates in every.items())
        if every and not labels
        else f"  {_describe_rates(summary)}"
        if not labels
        else "".join(f"\n  {column}: {_describe_labels(one)}" for column, one in labels.items())
    )
    return f"{summary['run']}  {summary['state']}{said}, {summary['seconds']:.0f} s"


def _describe_labels(found: dict[str, Any]) -> str:
    """Describe the labels of a column; the rates of each are many, and stand in the JSON."""
    mean, n = found["mean_average_precision"], numbers.count(found["labels"], "label")
    if mean is None:
        return f"{n}, none of them on any photo of valid"
    return (
        f"{n}, mean average precision {numbers.percent(mean['rate'])} (95 % interval "
        f"{numbers.interval(mean['low'], mean['high'])})"
    )


def _describe_rates(rates: dict[str, Any]) -> str:
    balanced = rates["balanced_error_rate"]
    return (
        f"error rate {numbers.percent(rates['error_rate'])} "
        f"(95 % interval {numbers.interval(rates['error_low'], rates['error_high'])}, "
        f"n = {rates['n_valid']:,})"
        + ("" if balanced is None else f", balanced {numbers.percent(balanced)}")
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Add an option for each setting; one that is not given keeps the preset's."""
    parser.add_argument("--preset", choices=list(PRESETS), help="starting point of the settings")
    for setting in SETTINGS.values():
        kind = setting.kind
        parser.add_argument(
            setting.option,
            type=kind.read,
            choices=kind.options or None,
            help=", ".join(filter(None, (setting.help, kind.span))),
        )


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    train = add("train", run_train, "train and evaluate a run", data=True)
    train.add_argument("--resume", metavar="RUN", help="resume a run that was stopped or lost")
    _add_settings(train)
    lr_find = add("lr-find", run_lr_find, "run the learning-rate finder", data=True)
    lr_find.add_argument("--phase", choices=PHASES, help="default: the first that is trained")
    _add_settings(lr_find)
    runs = add("runs", run_runs, "list the runs, the newest first")
    runs.add_argument("--archived", action="store_true", help="list the ids of archived runs")
    add("archive RUN", run_archive, "move a run into the workspace's archive", json=False)
    add("restore RUN", run_restore, "bring an archived or deleted run back", json=False)
    add("delete RUN", run_delete, "move a run into the workspace's trash folder", json=False)
    add("evaluate RUN", run_evaluate, "evaluate a run on a catalogue", data=True)
