"""Every file of a workspace cut short, one at a time, against every page that opens it."""

import fake_run
import pytest
import streamlit as st
from opened import find_opened

from zapcls.commands.parser import main
from zapcls.ui import navigation
from zapcls.workspace.color_labels import open_color_labels
from zapcls.workspace.layout import choose_data
from zapcls.workspace.splits import read_split

CUTS = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "end": lambda content: content[:-9],
    "noise": lambda content: bytes(255 - byte for byte in content[:200]) + content[200:],
}
NEEDS_NO_CUT = (".lock", ".log", ".jpg", "lock")


@pytest.fixture
def files(checked, own_store, workspace, decide, table):
    """The files of a workspace in which all pages have something to show."""
    image = next(table.itertuples())
    decide(image, "model wrong")
    open_color_labels(own_store).answer(image.image_id, "black")
    fake_run.add_features(own_store)
    fake_run.add_curve(workspace)
    fake_run.add_stopped(workspace, minute=1)
    fake_run.add_map(checked)
    choose_data(workspace, workspace.drawings_dir)
    read_split(own_store, checked.train_config)
    found = [path for path in workspace.path.rglob("*") if path.is_file() and path.stat().st_size]
    return [path for path in sorted(found) if not path.name.endswith(NEEDS_NO_CUT)]


@pytest.mark.slow
@pytest.mark.parametrize("cut", CUTS)
def test_no_page_has_a_traceback_whatever_file_is_cut(files, cut, checked, open_page):
    """`open_page` fails where a page has one. A page that opens no file shows none that is cut."""
    assert len(files) > 40

    def open_anew(page):
        st.cache_data.clear()
        st.cache_resource.clear()
        return open_page(page, run=checked.run_id)

    opened = {page: find_opened(files, lambda: open_anew(page)) for page in navigation.PAGES}  # noqa: B023
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(CUTS[cut](whole))
        for page in navigation.PAGES:
            if path in opened[page]:
                assert open_page(page, run=checked.run_id).title, (path, page)
        path.write_bytes(whole)


@pytest.mark.slow
@pytest.mark.parametrize("cut", CUTS)
def test_no_command_has_a_traceback_whatever_file_is_cut(files, cut, checked, workspace, capsys):
    run_id = checked.run_id
    commands = (
        ["runs"], ["errors", run_id], ["slices", run_id], ["color-bias", run_id],
        ["reviews", "export", run_id], ["compare", run_id, run_id], ["classify", run_id, "a.jpg"],
    )  # fmt: skip
    codes = []

    def call(command):
        codes.append(main([*command, "--workspace", str(workspace.path)]))

    opened = [find_opened(files, lambda: call(command)) for command in commands]  # noqa: B023
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(CUTS[cut](whole))
        for command, its_files in zip(commands, opened, strict=True):
            if path in its_files:
                call(command)
                assert codes[-1] in (0, 1, 2), (path, command)
                assert codes[-1] == 0 or "zapcls: " in capsys.readouterr().err
        path.write_bytes(whole)
