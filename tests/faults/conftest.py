"""Faults tried on purpose: in the suite a few of each, with `--full` as many as docs/reliability.md
counts. What a full run came to is written into benchmarks/results/faults.json.
"""

from pathlib import Path

import pytest
import results
import streamlit as st
from app_driver import App, lighten
from attempts import list_lost
from whole_workspace import add_finished_workspace

from zapcls.ui import cache, navigation
from zapcls.workspace import jobs, layout
from zapcls.workspace.layout import Workspace

PROJECT = Path(__file__).parents[2]


def pytest_addoption(parser):
    group = parser.getgroup("faults")
    group.addoption("--full", action="store_true", help="try as many faults as the docs count")
    group.addoption(
        "--seed", type=int, default=0, help="of what is generated and when it is killed"
    )


def pytest_generate_tests(metafunc):
    """Parametrize by a module's CASES: a name, and what the suite and what a full run tries."""
    is_full = metafunc.config.getoption("--full", False)
    for name, (some, every) in getattr(metafunc.module, "CASES", {}).items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, list(every if is_full else some))


@pytest.fixture(scope="session")
def is_full(request):
    return request.config.getoption("--full", False)


@pytest.fixture(scope="session")
def seed(request):
    return request.config.getoption("--seed", 0)


@pytest.fixture
def record(is_full, seed):
    """Return a function that counts what was tried in a part; in the suite nothing is kept.

    A part is `row of the table: which of its parts`.
    """

    def record(part, tried):
        assert tried
        if is_full:
            results.write_part(part, tried, seed)

    return record


@pytest.fixture
def judge(record):
    """Return a function that counts what was tried in a part, and fails where any was lost."""

    def judge(part, tried):
        record(part, tried)
        lost = [one for one in tried if one.fault]
        assert not lost, list_lost(lost)

    return judge


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("--full", False):
        terminalreporter.write_line(results.write_table())


@pytest.fixture(scope="session")
def shown(drawn, tmp_path_factory):
    """A run of a finished workspace that is only looked at."""
    return add_finished_workspace(tmp_path_factory.mktemp("shown") / "workspace", drawn)


@pytest.fixture
def finished(tmp_path, drawn):
    """A run of a finished workspace, to be broken."""
    return add_finished_workspace(tmp_path / "workspace", drawn)


@pytest.fixture
def workspace(finished):
    return Workspace(finished.path.parents[1])


@pytest.fixture
def open_page(monkeypatch):
    """Return a function that opens a page of a workspace anew; no job starts in it."""
    lighten(monkeypatch)
    monkeypatch.delenv(layout.DATA_ENVIRONMENT, raising=False)
    monkeypatch.setattr(cache, "devices", lambda: {"cpu": "2 cores"})
    monkeypatch.setattr("getpass.getuser", lambda: "Ann")
    monkeypatch.setattr(jobs, "launch", lambda job, workspace: None)

    def open_page(workspace, page, /, **params):
        if layout.open_workspace() != workspace:
            monkeypatch.setenv(layout.ENVIRONMENT, str(workspace.path))
            st.cache_data.clear()
            st.cache_resource.clear()
        app = App(PROJECT / "streamlit_app.py", default_timeout=200)
        for name, value in params.items():
            app.query_params[name] = value
        if page != "overview":
            app.switch_page(navigation.PAGES[page])
        return app.run()

    return open_page
