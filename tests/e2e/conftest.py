"""Chromium, and the app served on a workspace of its own."""

import shutil

import fake_run
import pytest
from app_server import serve
from playwright.sync_api import expect, sync_playwright

from zapcls.data.sample import draw_catalogue
from zapcls.data.sources import read_catalogue
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store

expect.set_options(timeout=180_000)  # a busy machine takes long to draw a page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    return Workspace(tmp_path_factory.mktemp("browser") / "workspace")


@pytest.fixture(scope="session")
def address(workspace):
    """A server of the app, started as `make app` does."""
    with serve(workspace) as address:
        yield address


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """A workspace of its own, with drawings and their store."""
    workspace = Workspace(tmp_path_factory.mktemp("shelf") / "workspace")
    draw_catalogue(workspace.drawings_dir, 140, seed=0)
    open_store(workspace, read_catalogue(workspace.drawings_dir))
    return workspace


@pytest.fixture(scope="session")
def finished(shelf):
    """A finished run on the shelf, its network a stand-in."""
    return fake_run.add_finished(shelf)


@pytest.fixture(scope="session")
def served(shelf):
    with serve(shelf) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: no browser test")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page of its own for every test: no window, scheme or visitor is left by another one."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(180_000)
    yield page
    page.close()
