"""How long each page of the app takes to show something, and to be complete, in a browser.

    python -m benchmarks.pages --workspace DIR [--run RUN] [--visits 5] [--only overview,errors]

Serves a workspace that has an evaluated run (the newest, unless one is named), and opens each page
by its address: once while the server knows nothing, then again for the median. First content is
the page's heading; a page is settled at the last change of what it shows, once the app has been at
rest for half a second and every picture is there. All times are the browser's own, in seconds from
the start of the navigation, with the app's script loaded from the browser's cache. Prints a table
and writes `benchmarks/results/pages.json`.
"""

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine
from zapcls.evidence import open_evidence
from zapcls.findings.ask import SPLIT
from zapcls.ui.navigation import PAGES
from zapcls.workspace.layout import DATA_ENVIRONMENT, Workspace, write_json
from zapcls.workspace.runs import Run, find_evaluated, list_runs

RESULTS = Path(__file__).parent / "results"
QUIET_MS, GIVE_UP_MS = 500, 120_000
VIEWS = ("Suspects", "Slices", "Map")
# Notes when the heading came, and when what is shown last changed.
WATCH = """(() => {
  const seen = window.__seen = { first: null, last: 0 };
  const look = () => {
    seen.last = performance.now();
    const heading = document.querySelector(".stMain h1");
    if (seen.first === null && heading && heading.textContent.trim()) seen.first = seen.last;
  };
  const begin = () => new MutationObserver(look).observe(
    document.documentElement, { childList: true, subtree: true, characterData: true });
  document.documentElement ? begin() : document.addEventListener("readystatechange", begin);
})()"""
IS_SETTLED = """(quiet) => {
  const app = document.querySelector("[data-testid=stApp]"), seen = window.__seen;
  const isAtRest = app && app.dataset.testScriptState === "notRunning" && seen.first !== null;
  const isDrawn = [...document.images].every((image) => image.complete);
  return isAtRest && isDrawn && performance.now() - seen.last > quiet;
}"""


@contextlib.contextmanager
def serving(workspace: Workspace) -> Iterator[str]:
    """Serve the app on a workspace, and give its address."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "zapcls", "serve", "--port", str(port)]
    command += ["--workspace", str(workspace.path)]
    environment = {name: text for name, text in os.environ.items() if name != DATA_ENVIRONMENT}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            while True:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2)
                    break
                time.sleep(0.2)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()


def list_addresses(run: Run, workspace: Workspace) -> dict[str, str]:
    """List what is measured, page or view by its name, with its path and query."""
    table = open_evidence(run, workspace).predictions
    wrong = table[(table["split"] == SPLIT) & (table["label"] != "") & ~table["correct"]]
    of_run = f"?run={run.run_id}"
    views = {f"errors/{view}": f"errors{of_run}&view={view}" for view in VIEWS}
    opened = {"errors/photo": f"errors{of_run}&image={wrong['image_id'].iloc[0]}"}
    # Overview is the app's own address; at another one it says that there is no such page.
    pages = {name: f"{'' if name == 'overview' else name}{of_run}" for name in PAGES}
    return pages | views | opened


def open_once(page: Any, address: str) -> tuple[float, float]:
    """Open an address and return the seconds until first content, and until it was settled."""
    page.goto(address, wait_until="commit")
    page.wait_for_function(IS_SETTLED, arg=QUIET_MS, timeout=GIVE_UP_MS)
    seen = page.evaluate("window.__seen")
    return seen["first"] / 1000, seen["last"] / 1000


def measure(
    workspace: Workspace, paths: dict[str, str], visits: int
) -> dict[str, list[tuple[float, float]]]:
    """Open each path once, then again, all in turn; seconds of each visit, the first one first."""
    from playwright.sync_api import sync_playwright

    with serving(workspace) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(WATCH)
        page.goto(f"{address}/?run=none")  # the app's own script is in the browser's cache then
        page.wait_for_function(IS_SETTLED, arg=QUIET_MS, timeout=GIVE_UP_MS)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in paths}
        for _ in range(visits + 1):
            for name, path in paths.items():
                found[name].append(open_once(page, f"{address}/{path}"))
        browser.close()
    return found


def summarize(visits: list[tuple[float, float]]) -> dict[str, float]:
    """Take the first visit, and medians of the others."""
    (first, settled), *others = visits
    again = [round(statistics.median(part), 2) for part in zip(*others, strict=True)]
    return {
        "first_visit_content_s": round(first, 2), "first_visit_settled_s": round(settled, 2),
        "content_s": again[0], "settled_s": again[1],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run", default="")
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--only", default="", help="names of pages, commas between them")
    arguments = parser.parse_args()
    workspace = Workspace(arguments.workspace.resolve())
    newest = next(run.run_id for run in list_runs(workspace) if run.is_evaluated)
    run = find_evaluated(workspace, arguments.run or newest)
    paths = list_addresses(run, workspace)
    wanted = arguments.only.split(",") if arguments.only else paths
    visited = measure(workspace, {name: paths[name] for name in wanted}, arguments.visits)
    pages = {name: summarize(visits) for name, visits in visited.items()}
    print(f"{describe_machine()}; {run.run_id}; medians of {arguments.visits} visits, s")
    print(f"{'':18}{'first visit':>20}{'again':>20}")
    print(f"{'':18}" + f"{'content':>10}{'whole':>10}" * 2)
    for name, times in pages.items():
        print(f"{name:18}" + "".join(f"{seconds:10.2f}" for seconds in times.values()))
    if not arguments.only:
        facts = {"machine": describe_machine(), "visits": arguments.visits, "pages": pages}
        write_json(RESULTS / "pages.json", facts)


if __name__ == "__main__":
    main()
