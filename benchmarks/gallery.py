"""Server-side time of a filter or page change in the gallery, at 50,000 predictions and at 500.

    python -m benchmarks.gallery [--data DIR] [--target gender] [--rows 50000,500] [--changes 60]

A catalogue (the drawn one, unless another is given) is repeated under new ids until it has so many
rows, with a run, a label check and 1,000 decisions on it, each written as the project writes it.
A browser makes the changes on a real server, which times each run of the page's script; what a
change costs is all script runs that it led to. Writes `benchmarks/results/gallery.json`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine
from zapcls import schema
from zapcls.analysis import label_issues, metrics
from zapcls.analysis.metrics import summarize_splits
from zapcls.config import build_config
from zapcls.data.sample import draw_catalogue
from zapcls.data.sources import read_catalogue
from zapcls.data.task import Task
from zapcls.workspace import checks, store_build, worker
from zapcls.workspace.answers import write_answers
from zapcls.workspace.contents import remember_store
from zapcls.workspace.layout import ENVIRONMENT, Workspace, choose_data, write_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.opening import open_store
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run, write_task
from zapcls.workspace.splits import build_task, read_split
from zapcls.workspace.store import Store, take_fingerprint

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
ERROR_RATE, DECISIONS, WIDTH, PORT = 0.1, 1000, 256, 8697
WINDOW = {"width": 1280, "height": 1400}  # where no popover scrolls: that would close its lists
OPENED_MS, TRIES = 2000, 3  # a list that a late rerun closed is opened once more
QUIET_S = 0.4  # without a new script run: a change is over


def build_workspace(folder: Path, data_dir: Path, rows: int, target: str) -> Workspace:
    """Build a workspace whose one run, about `target`, has so many predictions."""
    workspace = Workspace(folder)
    small = open_store(Workspace(folder / "small"), read_catalogue(data_dir))
    store = repeat_store(workspace, small, rows)
    choose_data(workspace, data_dir)
    run = create_run(workspace, build_config("first-try", target=target), data_dir)
    worker.perform(run, lambda progress: write_run(run, store, workspace))
    shutil.rmtree(folder / "small")
    return workspace


def repeat_store(workspace: Workspace, small: Store, rows: int) -> Store:
    """Write a store that repeats another's rows, each time as products of their own."""
    source = np.arange(rows) % len(small.pixels)
    copy = pd.Series(np.arange(rows) // len(small.pixels)).astype("str")
    store = Store(workspace.store_dir / f"{small.catalogue_id}-{rows}")
    store.path.mkdir(parents=True)
    table = small.read_catalog().iloc[source].reset_index(drop=True)
    for column in ("image_id", "product_id"):
        table[column] = copy + "x" + table[column]
    store_build.write_catalog(store.path, table, small.attributes)
    colors = small.read_colors().iloc[source].reset_index(drop=True)
    colors.assign(image_id=table["image_id"]).to_parquet(store.path / "colors.parquet")
    pixels = np.lib.format.open_memmap(
        store.path / "pixels.npy", "w+", np.uint8, (rows, *small.pixels.shape[1:])
    )
    for start in range(0, rows, 1024):
        pixels[start : start + 1024] = small.pixels[source[start : start + 1024]]
    pixels.flush()
    fingerprint = take_fingerprint(pixels, store.catalogue_id)
    write_json(store.path / "pixels.json", small.facts | {"rows": rows, "fingerprint": fingerprint})
    remember_store(workspace, Path(small.facts["data_dir"]), store.catalogue_id)
    return store


def write_run(run: Run, store: Store, workspace: Workspace) -> None:
    """Write all that the pages read of an evaluated run, a label check, and decisions."""
    rng, config = np.random.default_rng(0), run.train_config
    split, task = read_split(store, config), build_task(store, config)
    split.to_parquet(run.path / "split.parquet")
    facts = {
        "arch": config.arch, "image_size": config.image_size, "side": store.side,
        "classes": list(task.classes), "catalogue_id": store.catalogue_id,
        "is_drawn": store.is_drawn, "target": config.target,
        "device": "none", "torch": "none", "fastai": "none",
    }  # fmt: skip
    write_json(run.path / "model.json", facts)
    codes = pd.Index(task.classes).get_indexer(pd.Index(split["label"]))
    table, prob = predict(rng, split, codes, task)
    write_answers(run.path, table, prob, config.target)
    write_task(run, task)
    np.save(run.path / "embeddings.npy", rng.normal(size=(len(split), WIDTH)).astype(np.float32))
    rates = {"splits": summarize_splits(table), "guess_error_rate": 0.5}
    summary = {"targets": {config.target: rates}, "seconds": 1.0}
    write_json(run.path / "metrics.json", summary)
    is_kept = (split["label"] != "").to_numpy()
    write_check(rng, store, run, task, split[is_kept].reset_index(drop=True), codes[is_kept])
    mark(rng, workspace, run, split[is_kept])


def predict(
    rng: np.random.Generator, split: pd.DataFrame, codes: np.ndarray, task: Task
) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw answers of which a tenth is wrong."""
    margin = rng.exponential(2.0, len(split)) * np.where(rng.random(len(split)) < ERROR_RATE, -1, 1)
    logits = rng.normal(0, 0.1, (len(split), len(task.classes)))
    logits[np.arange(len(split)), np.maximum(codes, 0)] = margin
    return metrics.build_predictions(split, logits, task.classes, task.target)


def write_check(
    rng: np.random.Generator, store: Store, run: Run, task: Task, kept: pd.DataFrame,
    codes: np.ndarray,
) -> None:  # fmt: skip
    table, prob = predict(rng, kept.assign(split="valid"), codes, task)
    shop = kept.assign(value=kept["label"])
    pairs = pd.DataFrame({"image_id": [], "other_id": [], "difference": []}, dtype="str")
    issues = label_issues.find_label_issues(kept, prob, task.classes, shop, pairs)
    facts = {"target": task.target, "classes": list(task.classes)}
    check = checks.find_check(store, run.train_config)
    checks.write(check, table.assign(source="oof", fold=0), prob, issues, pairs, facts)


def mark(rng: np.random.Generator, workspace: Workspace, run: Run, kept: pd.DataFrame) -> None:
    chosen = kept.sample(min(DECISIONS, len(kept) // 4), random_state=0)
    decisions = chosen[["image_id", "label"]].assign(
        catalogue_id=run.facts["catalogue_id"], target=run.train_config.target,
        mark=rng.choice(schema.MARKS[1:], len(chosen)), right_label="", note="", reviewer="bench",
        decided_at=datetime.now(UTC).isoformat(timespec="microseconds"), settles=False,
    )  # fmt: skip
    open_reviews(workspace).add(decisions)


def serve_timed(times: Path) -> None:
    """Serve the app in this process, writing a line of three figures in ms for each script run.

    By the clock until the page is complete; of the processor until then; by the clock with the
    collection of garbage that Streamlit does after that.
    """
    from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
    from streamlit.web import cli

    plain_run, plain_finish = ScriptRunner._run_script, ScriptRunner._on_script_finished
    marks: list[float] = []

    def run(self: ScriptRunner, data: Any) -> None:
        started, worked = time.perf_counter(), time.thread_time()
        marks.clear()
        try:
            plain_run(self, data)
        finally:
            done, worked_until = marks or (time.perf_counter(), time.thread_time())
            figures = (done - started, worked_until - worked, time.perf_counter() - started)
            with times.open("a") as file:
                file.write(" ".join(f"{1000 * figure:.1f}" for figure in figures) + "\n")

    def finish(self: ScriptRunner, *args: Any) -> None:
        marks[:] = time.perf_counter(), time.thread_time()
        plain_finish(self, *args)

    ScriptRunner._run_script = run  # type: ignore[method-assign]
    ScriptRunner._on_script_finished = finish  # type: ignore[method-assign]
    sys.argv = ["streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port", str(PORT)]
    cli.main()


@contextmanager
def serving(workspace: Workspace, times: Path) -> Iterator[int]:
    """A server on the workspace; gives its process id."""
    command = [sys.executable, "-m", "benchmarks.gallery", "--serve", str(times)]
    environment = os.environ | {ENVIRONMENT: str(workspace.path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            while True:
                try:
                    urllib.request.urlopen(f"http://localhost:{PORT}/_stcore/health", timeout=2)
                    break
                except OSError:
                    time.sleep(0.2)
            yield server.pid
        finally:
            server.terminate()


def read_times(times: Path) -> np.ndarray:
    """The script runs so far: (runs, 3), in ms, as `serve_timed` writes them."""
    return np.loadtxt(times, ndmin=2) if times.exists() else np.empty((0, 3))


def wait_for(times: Path, known: int) -> np.ndarray:
    """Wait until the scripts that a change started have ended, and give their sum."""
    give_up = time.monotonic() + 120
    seen, since = known, time.monotonic()
    while time.monotonic() < give_up:
        now = len(read_times(times))
        if now != seen:
            seen, since = now, time.monotonic()
        if seen > known and time.monotonic() - since > QUIET_S:
            break
        time.sleep(0.05)
    return read_times(times)[known:].sum(axis=0)


def in_popover(place: int, change: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return a change that opens one of the filter line's popovers first, and closes it again."""

    def change_inside(page: Any) -> None:
        page.locator("[data-testid=stPopover] button").nth(place).click()
        change(page)
        page.keyboard.press("Escape")

    return change_inside


def click_radio(key: str, word: str) -> Callable[[Any], None]:
    def click(page: Any) -> None:
        page.locator(f".st-key-{key}").get_by_role("radio", name=word, exact=True).click()

    return click


def pick(key: str, place: int) -> Callable[[Any], None]:
    """Choose an option of a list by its place; the first of several stands for all of them."""
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    def choose(page: Any) -> None:
        option = page.get_by_role("option").nth(place)
        for _ in range(TRIES):
            page.locator(f".st-key-{key} input").click()
            with suppress(PlaywrightTimeout):
                option.click(timeout=OPENED_MS)
                page.keyboard.press("Escape")
                return
        raise RuntimeError(f"the list {key} does not open")

    return choose


def write(page: Any) -> None:
    page.locator(".st-key-text input").fill("boots")
    page.keyboard.press("Enter")


def turn(page: Any) -> None:
    """Go to the next page, or, where all fits on one, to the photos that another answer gives."""
    button = page.locator(".st-key-page_next button:enabled, .st-key-page_back button:enabled")
    if button.count():
        button.last.click()
    else:
        in_popover(ANSWERS, click_other_answer)(page)


def click_other_answer(page: Any) -> None:
    page.locator(".st-key-answer").get_by_role("radio", checked=False).first.click()


def clear(page: Any) -> None:
    page.locator(".st-key-clear button").first.click()


ANSWERS, LABEL, COLOR, MORE = range(4)  # the popovers of the filter line, in order
Change = tuple[str, Callable[[Any], None]]
ROUND: list[Change] = [
    ("answer", in_popover(ANSWERS, click_radio("answer", "all"))),
    ("page", turn),
    ("page", turn),
    ("color", in_popover(COLOR, pick("color", 1))),
    ("page", turn),
    ("clear", clear),
    ("text", in_popover(MORE, write)),
    ("page", turn),
    ("label", in_popover(LABEL, pick("label", 1))),
    ("clear", clear),
    ("split", in_popover(ANSWERS, click_radio("split", "train"))),
    ("sort", pick("sort", 1)),
    ("page", turn),
    ("reviewed", in_popover(MORE, pick("reviewed", 2))),
    ("clear", clear),
    ("source", in_popover(ANSWERS, click_radio("source", "label check"))),
    ("page", turn),
    ("category", in_popover(MORE, pick("category", 1))),
    ("clear", clear),
    ("sort", pick("sort", 0)),
]


def measure(workspace: Workspace, times: Path, changes: int) -> dict[str, Any]:
    """Make the changes in a browser, and give what they cost the server."""
    from playwright.sync_api import sync_playwright

    with serving(workspace, times) as process_id, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox"],
        )
        page = browser.new_page(viewport=WINDOW)
        page.goto(f"http://localhost:{PORT}/errors")
        first = wait_for(times, 0)
        costs = []
        for number in range(changes):
            kind, change = ROUND[number % len(ROUND)]
            known = len(read_times(times))
            change(page)
            costs.append((kind, *wait_for(times, known)))
        known = len(read_times(times))
        page.locator("[class*=st-key-open-] button").first.click()
        detail = wait_for(times, known)
        browser.close()
        return {"first_ms": round(first[0]), "detail_ms": round(detail[0])} | summarize(
            pd.DataFrame(costs, columns=["kind", "ms", "cpu_ms", "total_ms"]), process_id
        )


def summarize(costs: pd.DataFrame, process_id: int) -> dict[str, Any]:
    memory = {
        name: int(line.split()[1]) // 1024
        for line in Path(f"/proc/{process_id}/status").read_text().splitlines()
        for name in ("VmRSS", "RssAnon")
        if line.startswith(name)
    }
    return {
        "changes": len(costs),
        "median_ms": round(float(costs["ms"].median()), 1),
        "p95_ms": round(float(costs["ms"].quantile(0.95)), 1),
        "max_ms": round(float(costs["ms"].max()), 1),
        "cpu_median_ms": round(float(costs["cpu_ms"].median()), 1),
        "cpu_p95_ms": round(float(costs["cpu_ms"].quantile(0.95)), 1),
        "with_collection_median_ms": round(float(costs["total_ms"].median()), 1),
        "median_ms_by_kind": costs.groupby("kind")["ms"].median().round(1).to_dict(),
        "resident_mb": memory["VmRSS"],  # with the pages of the pixel file that were read
        "own_mb": memory["RssAnon"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--target", default="gender", help="the column that the run is about")
    parser.add_argument("--rows", default="50000,500")
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve_timed(arguments.serve)
        return
    results = []
    for rows in map(int, arguments.rows.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            data_dir = arguments.data or Path(folder) / "drawings"
            if not arguments.data:
                draw_catalogue(data_dir)
            workspace = build_workspace(
                Path(folder) / "workspace", data_dir, rows, arguments.target
            )
            times = Path(folder) / "times"
            facts = {"rows": rows, "target": arguments.target}
            results.append(facts | measure(workspace, times, arguments.changes))
    content = {"machine": describe_machine(), "rows": results}
    write_json(RESULTS / "gallery.json", content)
    print(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
