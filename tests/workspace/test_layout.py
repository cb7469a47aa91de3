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


def test_the_argument_comes_before_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "env"))

    assert open_workspace(tmp_path / "given").path == tmp_path / "given"


def test_the_environment_comes_before_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "env"))

    assert open_workspace().path == tmp_path / "env"


@pytest.mark.parametrize("value", [None, ""])
def test_the_default_is_a_folder_here(tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    if value is None:
        monkeypatch.delenv(ENVIRONMENT, raising=False)
    else:
        monkeypatch.setenv(ENVIRONMENT, value)

    assert open_workspace().path == tmp_path / "workspace"


def test_opening_a_workspace_writes_nothing(tmp_path):
    open_workspace(tmp_path / "new")

    assert not (tmp_path / "new").exists()


def test_a_workspace_is_absolute_and_knows_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert open_workspace(Path("here")).path == tmp_path / "here"
    assert open_workspace(Path("~/there")).path == tmp_path / "home" / "there"


def test_a_file_is_no_workspace(tmp_path, refuses):
    (tmp_path / "file").write_text("")

    with refuses("workspace must be a folder", tmp_path / "file", "Choose another"):
        open_workspace(tmp_path / "file")


def test_json_is_read_as_written(tmp_path):
    content = {"name": "Neil M.", "shoe": "Schnürschuh", "rate": 0.1, "none": None, "list": [1]}

    write_json(tmp_path / "new" / "folder" / "a.json", content)

    assert read_json(tmp_path / "new" / "folder" / "a.json") == content


def test_json_is_replaced_whole(tmp_path):
    write_json(tmp_path / "a.json", {"old": "x" * 1000})
    write_json(tmp_path / "a.json", {"new": 1})

    assert read_json(tmp_path / "a.json") == {"new": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_reader_that_opened_the_old_file_reads_it_to_its_end(tmp_path):
    write_json(tmp_path / "a.json", {"old": 1})

    with (tmp_path / "a.json").open() as reader:
        write_json(tmp_path / "a.json", {"new": 1})
        assert json.load(reader) == {"old": 1}


def test_a_write_that_fails_midway_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    write_json(tmp_path / "a.json", {"old": 1})

    with pytest.raises(TypeError, match="JSON serializable"):
        write_json(tmp_path / "a.json", {"first": "written", "then": object()})

    assert read_json(tmp_path / "a.json") == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_write_interrupted_midway_leaves_the_old_file_and_nothing_beside_it(
    tmp_path, monkeypatch
):
    write_json(tmp_path / "a.json", {"old": 1})

    def interrupt(self, target):
        assert self.read_text() == '{\n "new": 1\n}'
        raise KeyboardInterrupt

    monkeypatch.setattr(layout.Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_json(tmp_path / "a.json", {"new": 1})

    assert read_json(tmp_path / "a.json") == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_reader_in_the_middle_of_a_write_sees_the_old_file(tmp_path, monkeypatch):
    write_json(tmp_path / "a.json", {"old": 1})
    seen = []
    replace = layout.Path.replace

    def look(self, target):
        seen.append(read_json(tmp_path / "a.json"))
        return replace(self, target)

    monkeypatch.setattr(layout.Path, "replace", look)
    write_json(tmp_path / "a.json", {"new": 1})

    assert seen == [{"old": 1}]
    assert read_json(tmp_path / "a.json") == {"new": 1}


@pytest.mark.parametrize(
    "content",
    [b"", b'{"half": ', b"\xff\xfe\x00", b"[1, 2]", b'"text"', b"null"],
    ids=["empty", "half", "binary", "a list", "a text", "null"],
)
def test_a_file_that_is_no_json_object_is_named(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)

    with pytest.raises(ZapError, match=r"a\.json"):
        read_json(tmp_path / "a.json")


def test_a_json_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ZapError, match=r"a\.json cannot be read"):
        read_json(tmp_path / "a.json")


def test_the_app_is_about_the_drawings_until_a_person_chose(tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    assert read_chosen_data(workspace) == workspace.drawings_dir

    choose_data(workspace, tmp_path / "photos")

    assert read_chosen_data(workspace) == tmp_path / "photos"
    written = json.loads((workspace.path / "data.json").read_text())
    assert written == {"data_dir": str(tmp_path / "photos")}
