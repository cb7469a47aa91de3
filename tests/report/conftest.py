"""A run to report on: as its training left it, and with every job done."""

import shutil
from types import SimpleNamespace

import pytest
from reported_run import (
    HOSTILE,
    add_check,
    add_recoloring,
    add_run,
    draw_photo,
    list_rows,
)

from zapcls.data.sources import read_catalogue
from zapcls.evidence import Evidence, open_evidence
from zapcls.report.document import build_sections, render
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store
from zapcls.workspace.runs import find_run
from zapcls.workspace.store import find_store


@pytest.fixture(scope="session")
def reported(write_catalogue, tmp_path_factory) -> SimpleNamespace:
    """`workspace, data_dir, store, run` before any job; it is shared, do not change it."""
    folder = tmp_path_factory.mktemp("reported")
    data_dir = folder / HOSTILE
    rows = [row | {"photo": draw_photo(row["paint"])} for row in list_rows()]
    write_catalogue(data_dir, rows)
    workspace = Workspace(folder / "workspace")
    store = open_store(workspace, read_catalogue(data_dir))
    run = add_run(workspace, data_dir, store)
    return SimpleNamespace(workspace=workspace, data_dir=data_dir, store=store, run=run)


def copy(reported: SimpleNamespace, folder) -> SimpleNamespace:
    workspace = Workspace(shutil.copytree(reported.workspace.path, folder / "workspace"))
    run = find_run(workspace, reported.run.run_id)
    store = find_store(workspace, reported.store.catalogue_id)
    return SimpleNamespace(workspace=workspace, data_dir=reported.data_dir, store=store, run=run)


@pytest.fixture
def own(reported: SimpleNamespace, tmp_path) -> SimpleNamespace:
    """A copy of `reported` which a test may change."""
    return copy(reported, tmp_path)


@pytest.fixture(scope="session")
def worked(reported: SimpleNamespace, tmp_path_factory) -> SimpleNamespace:
    """The run once its labels are checked and its photos recolored; shared."""
    found = copy(reported, tmp_path_factory.mktemp("worked"))
    add_check(found.run, found.store)
    add_recoloring(found.run)
    return found


@pytest.fixture(scope="session")
def evidence(reported: SimpleNamespace) -> Evidence:
    """What is known of the run before any job."""
    return open_evidence(reported.run, reported.workspace)


@pytest.fixture(scope="session")
def full_evidence(worked: SimpleNamespace) -> Evidence:
    """What is known of the run after them."""
    return open_evidence(worked.run, worked.workspace)


@pytest.fixture(scope="session")
def page(full_evidence: Evidence) -> str:
    """The report after them."""
    return render(full_evidence, build_sections(full_evidence))
