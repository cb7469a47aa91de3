"""The commands about this machine: its devices, the app, and a job that a page created."""

import argparse
import contextlib
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import zapcls
from zapcls.commands.data import look_at_data
from zapcls.commands.terminal import print_table
from zapcls.config import read_architectures
from zapcls.errors import BadInput
from zapcls.workspace import permissions
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import DATA_ENVIRONMENT, ENVIRONMENT, open_workspace
from zapcls.workspace.runs import find_evaluated

_JOB_NICENESS = 5


def run_devices(arguments: argparse.Namespace) -> None:
    from zapcls.model.learner import list_devices

    devices, architectures = list_devices(), read_architectures()
    if arguments.json:
        print(json.dumps({"devices": devices, "architectures": architectures}))
        return
    print_table(list(devices.items()))
    print_table([(name, f"{net['params_m']} M parameters") for name, net in architectures.items()])


def run_serve(arguments: argparse.Namespace) -> None:
    """Serve the app; the port is tried first, so that a busy one is a sentence."""
    app = Path(zapcls.__file__).parent.parent / "server.py"
    if not app.is_file():
        raise BadInput(f"The app is served from the project's folder, but {app} is not there.")
    check_port(arguments.port)
    workspace = open_workspace(arguments.workspace)
    environment = os.environ | {ENVIRONMENT: str(workspace.path)}
    if arguments.demo:
        shown = ",".join(find_evaluated(workspace, name).run_id for name in arguments.demo)
        environment |= {permissions.ENVIRONMENT: "demo", permissions.RUNS_ENVIRONMENT: shown}
    is_demo = environment.get(permissions.ENVIRONMENT) == "demo"
    if arguments.data and is_demo:
        raise BadInput("A demo shows the photos of its runs; got --data too. Leave it out.")
    if arguments.data:
        environment[DATA_ENVIRONMENT] = str(look_at_data(arguments, workspace)[0])
    command = [sys.executable, "-m", "streamlit", "run", str(app)]
    print(f"zapcls is served on http://localhost:{arguments.port} (Ctrl-C ends it).", flush=True)
    os.chdir(app.parent)  # where .streamlit/config.toml is
    os.execve(command[0], [*command, "--server.port", str(arguments.port)], environment)


def check_port(port: int) -> None:
    """Check that the app can listen on a port.

    Raises:
        BadInput: there is no such port, another program has it, or this one may not take it.
    """
    if not 1 <= port <= 65535:
        raise BadInput(f"--port must be 1..65535, got {port}. 8501 is the usual one.")
    other = port + 1 if 1024 <= port < 65535 else 8501
    elsewhere = f"serve elsewhere: --port {other}, or make app PORT={other}."
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("localhost", port))
        except PermissionError:
            raise BadInput(
                f"Port {port} needs rights that this program lacks. Ask for one above 1023, or "
                f"{elsewhere}"
            ) from None
        except OSError:
            raise BadInput(
                f"Port {port} must be free, but another program listens on it. Stop that one, or "
                f"{elsewhere}"
            ) from None


def run_work(arguments: argparse.Namespace) -> None:
    """Do a job that a page created; its directory has all that it needs."""
    from zapcls.work import perform

    workspace, job = open_workspace(arguments.workspace), Job(arguments.job.resolve())
    if not (job.path / "config.json").is_file():
        raise BadInput(f"JOB_DIR must be the folder of a job, got {job.path}. A page makes one.")
    step_back()
    perform(job, workspace)


def step_back() -> None:
    """Let the app's pages come first."""
    if hasattr(os, "nice"):
        os.nice(_JOB_NICENESS)
    # Linux may share out the cores by session, and a job has one of its own.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_JOB_NICENESS), encoding="ascii")


def add_commands(add: Any) -> None:
    """Add these commands to the parser; `add` makes one with the options that all have."""
    add("devices", run_devices, "list this machine's devices and the tested networks")
    serve = add("serve", run_serve, "serve the app in the browser", data=True, json=False)
    serve.add_argument("--port", type=int, default=8501)
    serve.add_argument(
        "--demo", nargs="+", metavar="RUN", help="show these finished runs to strangers, read-only"
    )
    work = add("work", run_work, "do a job that a page created", json=False)
    work.add_argument("job", type=Path, metavar="JOB_DIR")
