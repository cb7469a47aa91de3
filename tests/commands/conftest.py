"""A trained run that tests may add to, and commands called in this process."""

import json
import shutil
import warnings

import pytest

from zapcls.__main__ import main
from zapcls.workspace.layout import Workspace
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
