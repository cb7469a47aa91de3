"""A server of the app and a browser, shared by all tests of this folder."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from zapcls.workspace.layout import Workspace

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("browser") / "workspace")


@pytest.fixture(scope="session")
def address(workspace: Workspace) -> Iterator[str]:
    """A server of the app, started as `make app` does."""
    with serve(workspace) as address:
        yield address


@contextlib.contextmanager
def serve(workspace: Workspace) -> Iterator[str]:
    """Serve the app on a workspace and yield its address."""
    port = find_port()
    command = [sys.executable, "-m", "zapcls", "serve", "--port", str(port)]
    command += ["--workspace", str(workspace.path)]
    environment = {key: value for key, value in os.environ.items() if key != "ZAPCLS_DATA"}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until_served(f"http://localhost:{port}/_stcore/health")
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_served(url: str) -> None:
    give_up = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="session")
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: no browser test")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 800})
        opened.set_default_timeout(60_000)
        yield opened
        browser.close()
