"""Runs out of the way: archived and deleted ones leave the lists, and come back whole."""

import pytest
from filelock import FileLock

from zapcls.errors import RunBusy
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import list_runs
from zapcls.workspace.trash import archive_run, delete_run, list_archived, restore_run


@pytest.fixture
def workspace(color_run):
    return Workspace(color_run.path.parents[1])


@pytest.mark.parametrize("move", [archive_run, delete_run])
def test_a_run_leaves_the_lists_and_comes_back_whole(workspace, color_run, move):
    before = {path.name: path.read_bytes() for path in color_run.path.iterdir()}

    place = move(workspace, color_run.run_id)

    assert list_runs(workspace) == []
    assert list_archived(workspace) == ([color_run.run_id] if move is archive_run else [])
    assert place.is_dir()
    assert restore_run(workspace, color_run.run_id) == color_run.path
    assert [run.run_id for run in list_runs(workspace)] == [color_run.run_id]
    assert {path.name: path.read_bytes() for path in color_run.path.iterdir()} == before
    assert list_archived(workspace) == []


@pytest.mark.parametrize(("move", "word"), [(archive_run, "archived"), (delete_run, "deleted")])
def test_a_run_at_work_stays(workspace, color_run, move, word):
    with FileLock(color_run.path / "lock"), pytest.raises(RunBusy, match=f"is {word} once"):
        move(workspace, color_run.run_id)
    assert color_run.path.is_dir()


@pytest.mark.parametrize("name", ["nope", "../runs", "", "."])
def test_what_is_in_neither_place_is_a_sentence(workspace, color_run, refuses, name):
    for step in (archive_run, delete_run, restore_run):
        with refuses("RUN must be", repr(name)):
            step(workspace, name)
    assert color_run.path.is_dir()
