import json
from pathlib import Path

import pytest

from zapcls.errors import ZapError
from zapcls.workspace import layout
from zapcls.workspace.layout import (
    ENVIRONMENT,
    Workspace,
    choose_data,
    open_workspace,
    read_chosen_data,
    read_json,
    write_json,
)


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        ("given", "env", "given"),
        (None, "env", "env"),
        (None, "", "workspace"),
        (None, None, "workspace"),
        ("~/there", None, "home/there"),
    ],
)
def test_the_argument_comes_before_the_environment_and_that_before_a_folder_here(
    tmp_path, monkeypatch, given, environment, expected
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    if environment is not None:
        monkeypatch.setenv(ENVIRONMENT, environment)

    assert open_workspace(given and Path(given)).path == tmp_path / expected
    assert list(tmp_path.iterdir()) == []  # nothing is written


def test_a_file_is_no_workspace(tmp_path, refuses):
    (tmp_path / "file").write_text("")

    with refuses("workspace must be a folder", tmp_path / "file", "Choose another"):
        open_workspace(tmp_path / "file")


def test_json_is_read_as_written_and_replaced_whole(tmp_path):
    file = tmp_path / "new" / "folder" / "a.json"
    content = {"name": "Neil M.", "shoe": "Schnürschuh", "rate": 0.1, "none": None, "list": [1]}

    write_json(file, {"old": "x" * 1000})
    with file.open() as reader:
        write_json(file, content)
        assert json.load(reader) == {"old": "x" * 1000}  # opened before, it is read to its end

    assert read_json(file) == content
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("content", "error"),
    [({"first": "written", "then": object()}, TypeError), ({"new": 1}, KeyboardInterrupt)],
)
def test_a_write_that_fails_midway_leaves_the_old_file_and_nothing_beside_it(
    tmp_path, monkeypatch, content, error
):
    write_json(tmp_path / "a.json", {"old": 1})

    def interrupt(self, target):
        assert self.read_text() == '{\n "new": 1\n}'
        assert read_json(target) == {"old": 1}  # what a reader sees now
        raise KeyboardInterrupt

    monkeypatch.setattr(layout.Path, "replace", interrupt)
    with pytest.raises(error):
        write_json(tmp_path / "a.json", content)

    assert read_json(tmp_path / "a.json") == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    "content", [b"", b'{"half": ', b"\xff\xfe\x00", b"[1, 2]", b'"text"', b"null", None]
)
def test_a_file_that_is_no_json_object_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)

    with pytest.raises(ZapError, match=r"a\.json"):
        read_json(tmp_path / "a.json")


def test_the_app_is_about_the_drawings_until_a_person_chose(tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    assert read_chosen_data(workspace) == workspace.drawings_dir

    choose_data(workspace, tmp_path / "photos")

    assert read_chosen_data(workspace) == tmp_path / "photos"
    written = json.loads((workspace.path / "data.json").read_text())
    assert written == {"data_dir": str(tmp_path / "photos")}
