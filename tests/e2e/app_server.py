"""The app as a person starts it: a process that serves a workspace."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from playwright.sync_api import expect


def find_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(workspace, port=None):
    """Serve the app on a workspace and yield its address; the port is a free one unless given."""
    port = port or find_port()
    command = [sys.executable, "-m", "zapcls", "serve", "--port", str(port)]
    command += ["--workspace", str(workspace.path)]
    environment = {key: value for key, value in os.environ.items() if key != "ZAPCLS_DATA"}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until_served(f"http://localhost:{port}/_stcore/health")
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=120)


def wait_until_served(url):
    give_up = time.monotonic() + 300
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)


def open_page(page, title):
    """Follow the sidebar's link to a page, in a browser that shows the app."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
