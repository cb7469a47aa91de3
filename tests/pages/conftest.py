"""A drawn catalogue read once, a workspace for each test, and the app opened on it."""

import shutil
from pathlib import Path

import pytest
import streamlit as st
from app_driver import App, lighten
from fake_run import add_check, add_finished
from filelock import FileLock

from zapcls.data.sources import read_catalogue
from zapcls.ui import cache, navigation
from zapcls.workspace import jobs, layout
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.runs import Run
from zapcls.workspace.store import Store

ENTRY = Path(__file__).parents[2] / "streamlit_app.py"


@pytest.fixture(scope="session")
def drawings(drawn, tmp_path_factory):
    """The drawn catalogue with one photo gone and one cut off, and its store."""
    workspace = Workspace(tmp_path_factory.mktemp("drawings"))
    shutil.copytree(drawn, workspace.drawings_dir)
    whole = read_catalogue(workspace.drawings_dir)
    women = whole.table[whole.table["gender"] == "Women"]["image_path"]
    (whole.image_root / women.iloc[0]).unlink()
    photo = whole.image_root / women.iloc[-1]
    photo.write_bytes(photo.read_bytes()[:900])
    return workspace.drawings_dir, open_store(workspace, read_catalogue(workspace.drawings_dir))


@pytest.fixture(scope="session")
def finished_dir(drawings, tmp_path_factory):
    """The directory of a finished run, to be copied."""
    workspace = use_drawings(Workspace(tmp_path_factory.mktemp("finished")), drawings)
    return add_finished(workspace, minute=30).path


def use_drawings(workspace, drawings):
    """Set up a workspace with the drawn catalogue and its store as if they were its own."""
    data_dir, store = drawings
    workspace.drawings_dir.parent.mkdir(parents=True)
    workspace.drawings_dir.symlink_to(data_dir)
    workspace.store_dir.symlink_to(store.path.parent)
    return workspace


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """An empty workspace that the app opens, as on a fresh machine."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setenv(layout.ENVIRONMENT, str(tmp_path / "workspace"))
    monkeypatch.delenv(layout.DATA_ENVIRONMENT, raising=False)
    monkeypatch.setattr(cache, "devices", lambda: {"cpu": "2 cores"})
    monkeypatch.setattr("getpass.getuser", lambda: "Ann")
    return Workspace((tmp_path / "workspace").resolve())


@pytest.fixture
def workspace(bare, drawings):
    """A workspace whose drawn catalogue has been read, without any run."""
    return use_drawings(bare, drawings)


@pytest.fixture
def own_store(workspace, drawings):
    """The workspace's store as a copy, which a test may change."""
    _, store = drawings
    workspace.store_dir.unlink()
    return Store(shutil.copytree(store.path, workspace.store_dir / store.catalogue_id))


@pytest.fixture
def finished(workspace, finished_dir):
    """A finished run in the workspace."""
    return Run(shutil.copytree(finished_dir, workspace.runs_dir / finished_dir.name))


@pytest.fixture
def checked(own_store, finished):
    """The finished run, its labels checked."""
    add_check(finished, own_store)
    return finished


@pytest.fixture
def table(finished, workspace):
    """All photos of the run with its answers, the highest loss first."""
    table = read_predictions(finished, workspace)
    table = table.assign(wrong=(table["label"] != "") & ~table["correct"])
    return table.sort_values(["loss", "image_id"], ascending=[False, True])


@pytest.fixture
def valid(table):
    """The labelled photos of valid."""
    return table[(table["split"] == "valid") & (table["label"] != "")]


@pytest.fixture
def wrong(valid):
    """The wrong photos of valid, in the gallery's order."""
    return valid[valid["wrong"]]


@pytest.fixture
def reviews(workspace):
    return open_reviews(workspace)


@pytest.fixture
def decide(finished, reviews):
    """Return a function that writes a decision: `decide(image, mark, by="Ann", right="", ...)`."""

    def decide(image, mark, by="Ann", right="", **more):
        if mark == "label wrong" and not right:
            right = {"Women": "Men", "Men": "Women"}[image.catalog_label]
        facts = finished.facts["catalogue_id"], image.image_id, "gender", image.catalog_label
        reviews.mark(*facts, mark, right, reviewer=by, **more)

    return decide


@pytest.fixture
def read_decisions(finished, reviews):
    """Return a function that reads what was decided."""
    return lambda: reviews.read(finished.facts["catalogue_id"], "gender")


@pytest.fixture
def launched(monkeypatch):
    """The jobs that the app launched: none starts, all stay queued for the test."""
    found = []
    locks = []

    def launch(job, workspace):
        lock = FileLock(job.path / "launch.lock", thread_local=False)
        lock.acquire()
        locks.append(lock)
        found.append(job)

    monkeypatch.setattr(jobs, "launch", launch)
    yield found
    for lock in locks:
        lock.release()


@pytest.fixture
def open_page(bare, launched, monkeypatch):
    """Return a function that opens a page by its name, `params` in its URL."""
    lighten(monkeypatch)

    def open_page(page, /, **params):
        app = App(ENTRY, default_timeout=200)
        app.query_params |= params
        if page != "overview":
            app.switch_page(navigation.PAGES[page])
        return app.run()

    return open_page
