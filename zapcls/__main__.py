"""The commands: `python -m zapcls COMMAND`; `--help` tells each one's options.

Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped.
"""

import argparse
import dataclasses
import json
import os
import socket
import sys
import warnings
from pathlib import Path
from typing import Any

from zapcls import config as settings
from zapcls.commands import colors, errors, trade
from zapcls.config import PRESETS, SUGGESTED, TrainConfig, build_config
from zapcls.errors import BadInput, Stopped, ZapError
from zapcls.terminal import TerminalBar, print_table
from zapcls.workspace import jobs
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import (
    DATA_ENVIRONMENT,
    ENVIRONMENT,
    Workspace,
    open_workspace,
    read_json,
)
from zapcls.workspace.runs import Run, create_run, find_run, list_runs


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of the libraries, which a person cannot act on
    arguments = build_parser().parse_args(argv)
    try:
        arguments.command(arguments)
    except ZapError as error:
        print(f"zapcls: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("zapcls: interrupted.", file=sys.stderr)
        return Stopped.exit_code
    return 0


def run_catalog(arguments: argparse.Namespace) -> None:
    from zapcls.data.clean import IMAGE_UNREADABLE, check_trainable, label_rows, summarize
    from zapcls.pipeline import open_data

    workspace = open_workspace(arguments.workspace)
    with TerminalBar() as bar:
        store = open_data(workspace, _choose_data(arguments, workspace), bar.show)
    table = label_rows(store.read_catalog(), arguments.target, arguments.classes)
    check_trainable(table, arguments.classes)
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
        draw_catalogue(arguments.dest, arguments.n, arguments.seed, bar.show)
    print(arguments.dest)


def run_train(arguments: argparse.Namespace) -> None:
    from zapcls.pipeline import help_training, summarize_run
    from zapcls.work import perform_in_terminal

    workspace = open_workspace(arguments.workspace)
    if int(os.environ.get("RANK", "0")) > 0:  # one of several that `accelerate launch` started
        resumed = find_run(workspace, arguments.resume) if arguments.resume else None
        help_training(resumed.train_config.device if resumed else arguments.device or "auto")
        return
    if arguments.resume:
        run = _reopen_run(arguments, workspace)
    else:
        run = create_run(workspace, _read_config(arguments), _choose_data(arguments, workspace))
    try:
        perform_in_terminal(run, workspace)
    finally:
        summary = summarize_run(run)
        if arguments.json:
            print(json.dumps(summary))
    if not arguments.json:
        print(_describe(summary))


def _reopen_run(arguments: argparse.Namespace, workspace: Workspace) -> Run:
    names = ["preset", "data", *(setting.name for setting in dataclasses.fields(TrainConfig))]
    given = [name for name in names if getattr(arguments, name) is not None]
    if given:
        raise BadInput(
            "A resumed run keeps its settings and its photos, so that it goes on as it would have; "
            f"got --{given[0].replace('_', '-')} too. Leave it out, or start a new run."
        )
    run = find_run(workspace, arguments.resume)
    jobs.reopen(run)
    return run


def run_lr_find(arguments: argparse.Namespace) -> None:
    from zapcls.work import perform_in_terminal

    workspace = open_workspace(arguments.workspace)
    config = {
        "train": _read_config(arguments).to_json(),
        "data_dir": str(_choose_data(arguments, workspace)),
        "phase": arguments.phase,
    }
    job = jobs.create(workspace.jobs_dir, "lr_find", config)
    perform_in_terminal(job, workspace)
    found = read_json(job.path / "lr_suggestions.json")[arguments.phase]
    if arguments.json:
        facts = {"seeds": len(found["valleys"]), "faults": found["faults"]}
        print(json.dumps({"job": job.job_id, "phase": arguments.phase, **found["rates"], **facts}))
        return
    print_table([(name, f"{rate:.2e}") for name, rate in found["rates"].items()])
    for fault in found["faults"]:
        print(f"zapcls: {fault}", file=sys.stderr)


def run_runs(arguments: argparse.Namespace) -> None:
    from zapcls.pipeline import summarize_run

    summaries = [summarize_run(run) for run in list_runs(open_workspace(arguments.workspace))]
    for summary in summaries:
        print(json.dumps(summary) if arguments.json else _describe(summary))
    if not summaries and not arguments.json:
        print("No run yet. `python -m zapcls train` makes one.")


def run_evaluate(arguments: argparse.Namespace) -> None:
    from zapcls.pipeline import summarize_run
    from zapcls.work import perform_in_terminal

    workspace = open_workspace(arguments.workspace)
    run = find_run(workspace, arguments.run)
    data_dir = str(arguments.data.resolve()) if arguments.data else None
    job = jobs.create(workspace.jobs_dir, "evaluate", {"run": str(run.path), "data_dir": data_dir})
    perform_in_terminal(job, workspace)
    result = read_json(job.path / "result.json") if data_dir else summarize_run(run)
    print(json.dumps(result) if arguments.json else _describe(result))


def run_classify(arguments: argparse.Namespace) -> None:
    from zapcls.answer.classify import classify, open_classifier

    run = find_run(open_workspace(arguments.workspace), arguments.run)
    classifier, classes = open_classifier(run), run.facts["classes"]
    refused = []
    for file in arguments.files:
        try:
            if not file.is_file():
                raise BadInput(f"A photo must exist, but there is no file {file}. Check the path.")
            answer = classify(classifier, classes, file)
        except BadInput as error:
            refused.append(error)
            if arguments.json:
                print(json.dumps({"file": str(file), "error": str(error)}))
            else:
                print(f"zapcls: {error}", file=sys.stderr)
            continue
        if arguments.json:
            print(json.dumps({"file": str(file), "label": answer.label, "prob": answer.prob}))
        else:
            print(f"{file}: {answer.label}, {answer.prob[answer.label]:.0%}")
    if refused:
        raise BadInput(f"{len(refused)} of {len(arguments.files)} files could not be classified.")


def run_devices(arguments: argparse.Namespace) -> None:
    from zapcls.model.learner import list_devices

    devices, architectures = list_devices(), settings.read_architectures()
    if arguments.json:
        print(json.dumps({"devices": devices, "architectures": architectures}))
        return
    print_table(list(devices.items()))
    print_table([(name, f"{net['params_m']} M parameters") for name, net in architectures.items()])


def run_serve(arguments: argparse.Namespace) -> None:
    """Serve the app; the port is tried first, so that a busy one is a sentence."""
    app = Path(__file__).parent.parent / "server.py"
    if not app.is_file():
        raise BadInput(f"The app is served from the project's folder, but {app} is not there.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("localhost", arguments.port))
        except OSError:
            raise BadInput(
                f"Port {arguments.port} must be free, but another program listens on it. Stop "
                f"that one, or serve elsewhere: python -m zapcls serve --port {arguments.port + 1}."
            ) from None
    environment = os.environ | {ENVIRONMENT: str(open_workspace(arguments.workspace).path)}
    if arguments.data:
        environment[DATA_ENVIRONMENT] = str(arguments.data.expanduser().resolve())
    command = [sys.executable, "-m", "streamlit", "run", str(app)]
    print(f"zapcls is served on http://localhost:{arguments.port} (Ctrl-C ends it).", flush=True)
    os.chdir(app.parent)  # where .streamlit/config.toml is
    os.execve(command[0], [*command, "--server.port", str(arguments.port)], environment)


def run_work(arguments: argparse.Namespace) -> None:
    """Do a job that a page created; its directory has all that it needs."""
    from zapcls.work import perform

    workspace, job = open_workspace(arguments.workspace), Job(arguments.job.resolve())
    if not (job.path / "config.json").is_file():
        raise BadInput(f"JOB_DIR must be the folder of a job, got {job.path}. A page makes one.")
    perform(job, workspace)


def _choose_data(arguments: argparse.Namespace, workspace: Workspace) -> Path:
    return arguments.data.expanduser().resolve() if arguments.data else workspace.drawings_dir


def _read_config(arguments: argparse.Namespace) -> TrainConfig:
    names = [setting.name for setting in dataclasses.fields(TrainConfig)]
    given = {name: getattr(arguments, name) for name in names}
    preset = arguments.preset or ("quick" if arguments.data else "first-try")
    return build_config(preset, **{key: value for key, value in given.items() if value is not None})


def _describe(summary: dict[str, Any]) -> str:
    if summary["error_rate"] is None:
        return f"{summary['run']}  {summary['state']}"
    return (
        f"{summary['run']}  {summary['state']}  error rate {summary['error_rate']:.1%} "
        f"(95 % interval {summary['error_low']:.1%} to {summary['error_high']:.1%}, "
        f"n = {summary['n_valid']:,}), {summary['seconds']:.0f} s"
    )


def _rate(text: str) -> float | str:
    return text if text == SUGGESTED else float(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Add an option for each field of the config; one that is not given keeps the preset's."""
    types = {"classes": _names, "frozen_lr": _rate, "unfrozen_lr": _rate}
    parser.add_argument("--preset", choices=list(PRESETS), help="starting point of the settings")
    for setting in dataclasses.fields(TrainConfig):
        parser.add_argument(
            f"--{setting.name.replace('_', '-')}",
            type=types.get(setting.name, type(setting.default)),
            choices=setting.metadata.get("choices"),
            help=setting.metadata["help"],
        )


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands; each sets `command` to its function."""
    parser = argparse.ArgumentParser(prog="zapcls", description=__import__("zapcls").__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str,
        function: Any,
        help: str,
        data: bool = False,
        json: bool = True,
        to: Any = commands,
    ) -> Any:
        command = to.add_parser(name, help=help, description=help)
        if function is None:  # its own commands follow
            return command
        command.set_defaults(command=function)
        where = "default $ZAPCLS_WORKSPACE, else ./workspace"
        command.add_argument("--workspace", type=Path, metavar="DIR", help=where)
        if data:
            command.add_argument("--data", type=Path, metavar="DIR", help="default: the drawings")
        if json:
            command.add_argument("--json", action="store_true", help="one JSON object a line")
        return command

    catalog = add("catalog", run_catalog, "read and clean a catalogue, count it", data=True)
    catalog.add_argument("--target", choices=settings.TARGETS, default=settings.DEFAULT_TARGET)
    catalog.add_argument("--classes", type=_names, default=settings.DEFAULT_CLASSES)
    download = add("download", run_download, "fetch the official files", json=False)
    download.add_argument("--dest", type=Path, metavar="DIR")
    sample = add("sample", run_sample, "draw a catalogue in the official format", json=False)
    sample.add_argument("--dest", type=Path, metavar="DIR", required=True)
    sample.add_argument("--n", type=int, default=1200, help="about how many shoes")
    sample.add_argument("--seed", type=int, default=0)
    train = add("train", run_train, "train and evaluate a run", data=True)
    train.add_argument("--resume", metavar="RUN", help="go on with a run that was stopped or lost")
    _add_settings(train)
    lr_find = add("lr-find", run_lr_find, "run the learning-rate finder", data=True)
    lr_find.add_argument("--phase", choices=settings.PHASES, default="frozen")
    _add_settings(lr_find)
    add("runs", run_runs, "list the runs, the newest first")
    evaluate = add("evaluate", run_evaluate, "evaluate a run on a catalogue", data=True)
    evaluate.add_argument("run", metavar="RUN")
    classify = add("classify", run_classify, "classify photos with a run")
    classify.add_argument("run", metavar="RUN")
    classify.add_argument("files", metavar="FILE", type=Path, nargs="+")
    for module in (errors, colors, trade):
        module.add_commands(add)
    add("devices", run_devices, "list this machine's devices and the tested networks")
    serve = add("serve", run_serve, "serve the app in the browser", data=True, json=False)
    serve.add_argument("--port", type=int, default=8501)
    work = add("work", run_work, "do a job that a page created", json=False)
    work.add_argument("job", type=Path, metavar="JOB_DIR")
    return parser


if __name__ == "__main__":
    sys.exit(main())
