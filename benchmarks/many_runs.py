"""Does a workspace of 100 runs open as fast as one of three?

    python -m benchmarks.many_runs --workspace DIR --run RUN [--runs 3,100] [--jobs 300] [--n 15]

Copies an evaluated run under other ids, with so many finished jobs beside them, and opens pages in
each workspace in turns, as a visitor does who comes anew (Streamlit's own test harness, without a
browser). Prints the median time of a page's script, ms, and the ratio; the first opening of each
is outside the clock.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest

from benchmarks.machine import describe_machine
from zapcls.ui import cache, navigation
from zapcls.workspace import jobs, worker
from zapcls.workspace.layout import ENVIRONMENT, Workspace
from zapcls.workspace.runs import find_evaluated

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
PAGES = ("overview", "train", "results", "errors", "compare")


def build_workspace(folder: Path, source: Workspace, run_id: str, runs: int, ended: int) -> str:
    """Build a workspace with so many copies of a run and ended jobs; return the newest run's id."""
    workspace = Workspace(folder)
    workspace.runs_dir.mkdir(parents=True)
    workspace.store_dir.symlink_to(source.store_dir.resolve())
    run = find_evaluated(source, run_id)
    names = [f"202601{1 + n // 24:02}-{n % 24:02}0000-{run.network}-{n:04x}" for n in range(runs)]
    for name in names:
        shutil.copytree(run.path, workspace.runs_dir / name)
    for _ in range(ended):
        job = jobs.create(workspace.jobs_dir, "map", {"run": str(workspace.runs_dir / names[0])})
        worker.perform(job, lambda progress: None)
    return names[-1]


def open_page(workspace: Path, page: str, run_id: str) -> float:
    """Open a page in a new session, and return how long its script took, ms.

    Raises:
        RuntimeError: the page has a traceback.
    """
    os.environ[ENVIRONMENT] = str(workspace)
    cache.workspace.clear()
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=120)
    app.query_params["run"] = run_id
    if page != "overview":
        app.switch_page(navigation.PAGES[page])
    begin = time.perf_counter()
    app.run()
    took = 1000 * (time.perf_counter() - begin)
    if app.exception:
        raise RuntimeError(app.exception[0].value)
    return took


def measure(places: dict[int, tuple[Path, str]], page: str, n: int) -> dict[str, Any]:
    """Measure a page in each workspace, in turns: the median by number of runs, and the ratio."""
    times: dict[int, list[float]] = {runs: [] for runs in places}
    for turn in range(n + 1):
        for runs, (workspace, run_id) in places.items():
            took = open_page(workspace, page, run_id)
            if turn:
                times[runs].append(took)
    few, *_, many = places
    medians = {runs: round(statistics.median(each), 1) for runs, each in times.items()}
    return {**medians, "ratio": round(medians[many] / medians[few], 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--runs", default="3,100")
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--n", type=int, default=15)
    asked = parser.parse_args()
    # A scan of all installed packages at each opening, which a server does once.
    BidiComponentManager.discover_and_register_components = lambda *_, **__: None  # type: ignore
    with tempfile.TemporaryDirectory() as folder:
        places, counts = {}, [int(word) for word in asked.runs.split(",")]
        for runs in counts:
            place, ended = Path(folder) / str(runs), asked.jobs * runs // max(counts)
            run_id = build_workspace(place, Workspace(asked.workspace), asked.run, runs, ended)
            places[runs] = place, run_id
        found = {page: measure(places, page, asked.n) for page in PAGES}
    text = json.dumps({"machine": describe_machine(), "n": asked.n, **found}, indent=1)
    (RESULTS / "many_runs.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
