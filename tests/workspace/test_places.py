"""A demo tells of a file its name, never its place: of known folders, of others, on Windows."""

from pathlib import Path

import pytest

from zapcls.workspace import layout, permissions
from zapcls.workspace.places import conceal


@pytest.fixture
def spaced(tmp_path, monkeypatch):
    """A workspace in a folder with a blank, in a demo; and a folder of data elsewhere."""
    folder = tmp_path / "My Data" / "our work"
    folder.mkdir(parents=True)
    monkeypatch.setenv(layout.ENVIRONMENT, str(folder))
    monkeypatch.setenv(layout.DATA_ENVIRONMENT, str(tmp_path / "My Photos"))
    monkeypatch.setenv(permissions.ENVIRONMENT, "demo")
    return folder


def test_a_sentence_names_a_file_without_its_place(monkeypatch):
    said = "/home/ann/work/store/x.npy is damaged. See https://example.com/a/b, or 1/2."
    assert conceal(said) == said
    monkeypatch.setenv(permissions.ENVIRONMENT, "demo")
    assert "/home" not in conceal(said)
    assert "x.npy is damaged. See https://example.com/a/b, or 1/2." in conceal(said)


@pytest.mark.parametrize(
    ("name", "told"), [("runs/r1/x", "x"), ("x.json", "x.json"), ("", "our work")]
)
def test_folders_that_are_known_may_have_blanks(spaced, name, told):
    assert conceal(f"{spaced / name} is gone.") == f"{told} is gone."
    photo = spaced.parents[1] / "My Photos" / "a.jpg"
    assert conceal(f"Got '{photo}', and {Path.home() / 'y'}.") == "Got 'a.jpg', and y."


@pytest.mark.parametrize("place", [r"C:\Users\Ann Lee\ws\runs\x", r"D:\x", "c:/Users/Ann Lee/ws/x"])
def test_a_place_on_windows_is_taken_out_too(spaced, place):
    assert conceal(f"{place} is gone; see http://example.com/a.") == (
        "x is gone; see http://example.com/a."
    )
