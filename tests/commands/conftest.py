"""Commands called in this process: in an empty workspace, or on a trained run to be added to."""

import json
import shutil
import warnings

import pytest

from zapcls.__main__ import main
from zapcls.workspace.layout import ENVIRONMENT, Workspace
from zapcls.workspace.runs import find_run


@pytest.fixture(scope="module")
def workspace(trained, tmp_path_factory):
    """The workspace of a trained run, copied: the tests of a module add to it."""
    with warnings.catch_warnings(action="ignore"):
        import torch
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("added") / "workspace"
    return Workspace(shutil.copytree(trained.workspace.path, folder))


@pytest.fixture
def run(workspace, trained):
    return find_run(workspace, trained.run.run_id)


@pytest.fixture
def command(workspace, capsys):
    """Return a function that runs a command: code, stdout, stderr."""

    def call(*words):
        code = main([*map(str, words), "--workspace", str(workspace.path)])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def read_rows(command):
    """Return a function that runs a command with --json and reads its lines."""

    def call(*words):
        code, out, err = command(*words, "--json")
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    return call


@pytest.fixture
def workspace_dir(tmp_path, monkeypatch):
    """Keep whatever a command writes in the test's own folder."""
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "workspace"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "workspace"


@pytest.fixture
def refused(workspace_dir, capsys):
    """Return a function that runs a command which must refuse, and returns its one sentence."""

    def run(*words, code=2):
        assert main([str(word) for word in words]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err
        sentences = [line for line in err.splitlines() if line.startswith("zapcls: ")]
        assert len(sentences) == 1
        assert err.endswith(f"{sentences[0]}\n")
        return sentences[0].removeprefix("zapcls: ")

    return run


@pytest.fixture
def answer(workspace_dir, capsys):
    """Return a function that runs a command which must succeed, and returns what it printed."""

    def run(*words, code=0):
        assert main([str(word) for word in words]) == code
        return capsys.readouterr().out

    return run
