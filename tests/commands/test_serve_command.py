"""`serve`: what is served, and what starts no server."""

import contextlib
import errno
import os
import runpy
import socket
from pathlib import Path

import pytest

import zapcls
from zapcls.__main__ import main
from zapcls.workspace import permissions

pytestmark = pytest.mark.usefixtures("workspace_dir")


def test_a_busy_port_is_a_sentence(refused, monkeypatch):
    def refuse_to_serve(*_):
        raise AssertionError("it serves")

    monkeypatch.setattr(os, "execve", refuse_to_serve)
    with socket.socket() as server:
        server.bind(("localhost", 0))
        server.listen()
        port = server.getsockname()[1]

        sentence = refused("serve", "--port", port)

    assert sentence.startswith(f"Port {port} must be free")
    assert f"--port {port + 1}, or make app PORT={port + 1}." in sentence


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "99999"], "--port must be 1..65535, got 99999"),
        (["--port", "0"], "--port must be 1..65535, got 0"),
        (["--data", "/nope"], "The data folder or file must exist, got /nope"),
        (["--data", "/etc"], "got /etc, which holds no photo"),
    ],
)
def test_what_cannot_be_served_starts_no_server(refused, monkeypatch, options, words):
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("it serves"))

    assert words in refused("serve", *options)


def test_a_demo_is_served_of_the_runs_that_are_named(
    refused, monkeypatch, color_run, call_evaluated
):
    served = []
    monkeypatch.setattr(os, "execve", lambda *call: served.append(call))
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setattr("zapcls.commands.machine.check_port", lambda _: None)
    assert "once it is evaluated" in refused("serve", "--demo", color_run.run_id)
    call_evaluated(color_run)
    assert "Leave it out" in refused("serve", "--demo", color_run.run_id, "--data", "any")
    assert served == []

    assert main(["serve", "--demo", color_run.run_id]) == 0

    [(_, _, environment)] = served
    assert environment[permissions.ENVIRONMENT] == "demo"
    assert environment[permissions.RUNS_ENVIRONMENT] == color_run.run_id


def test_a_mode_that_is_not_known_starts_no_server(monkeypatch):
    monkeypatch.setattr("zapcls.heap.share_heaps", lambda: None)
    monkeypatch.setattr("zapcls.ui.upload_limits.keep_uploads_in_memory", lambda: None)
    monkeypatch.setenv(permissions.ENVIRONMENT, "Demo")

    with pytest.raises(SystemExit, match="zapcls: ZAPCLS_MODE must be one of local, demo"):
        runpy.run_path(str(Path(zapcls.__file__).parents[1] / "server.py"))


class FakeSocket(contextlib.AbstractContextManager):
    """A socket that refuses every port."""

    def __init__(self, refuse):
        self.bind, self.setsockopt = refuse, lambda *_: None

    def __exit__(self, *error):
        return None


def test_a_port_that_needs_rights_is_not_called_busy(refused, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", lambda: FakeSocket(refuse))

    sentence = refused("serve", "--port", 80)

    assert sentence.startswith("Port 80 needs rights")
    assert "--port 8501" in sentence
