"""Twenty visitors at once: are there errors, how long is a rerun, does the memory stay flat?

    python -m benchmarks.load --workspace DIR --run RUN [--photos DIR] [--modes demo,local]
        [--visitors 20] [--minutes 5] [--pause 5] [--clients 1,4,16]

Serves a finished run on this machine alone, as a demo and as the whole app. Each visitor has an
address of their own and goes round over Classify, Errors and Color bias, with a pause of `--pause`
seconds on average after each rerun. A rerun is over when its script has ended and its pictures are
fetched. First one visitor goes the round alone. Then, where the whole app is served, programs ask
the service for one photo after the other, beside the run's bare ONNX session in this process.
Prints tables and writes `benchmarks/results/load.{json,md}`; a mode that is not measured keeps its
figures there.
"""

import argparse
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import urllib3

from benchmarks.load_report import write_report
from benchmarks.machine import describe_machine
from benchmarks.memory import Gauge, read_busy_s, read_cpu_s
from benchmarks.visitor import Visitor
from zapcls.answer.classify import open_classifier
from zapcls.data.photo import SUFFIXES
from zapcls.workspace import permissions
from zapcls.workspace.layout import DATA_ENVIRONMENT, ENVIRONMENT, Workspace, read_json, write_json
from zapcls.workspace.runs import Run, find_evaluated

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
CLICK = {"trigger_value": True}
SECTIONS = ("open_claim", "open_groups", "open_pairs", "open_odds")
ALONE_PAUSE_S = 0.3  # a demo takes no more than 30 uploads a minute from an address
FORGOTTEN_S = 150  # Streamlit keeps the session of a visitor who has left for two minutes
ASKED_S = 20  # so long programs ask the service, for each number of them
Rows = list[tuple[float, str, float]]  # seconds since the beginning, what was done, seconds it took


@contextlib.contextmanager
def serving(run: Run, workspace: Workspace, mode: str) -> Iterator[tuple[int, int]]:
    """Serve a run in a process of its own, and give its port and the number of the process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {ENVIRONMENT: str(workspace.path), permissions.ENVIRONMENT: mode}
    told[permissions.RUNS_ENVIRONMENT] = run.run_id
    environment = {name: text for name, text in os.environ.items() if name != DATA_ENVIRONMENT}
    command = [sys.executable, "-m", "benchmarks.served", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment | told, stdout=subprocess.DEVNULL
    ) as server:
        try:
            while server.poll() is None:
                with contextlib.suppress(urllib3.exceptions.HTTPError):
                    urllib3.request("GET", f"http://127.0.0.1:{port}/api/health", retries=False)
                    break
                time.sleep(0.2)
            if server.poll() is not None:
                raise RuntimeError(f"The server ended with {server.poll()} before it answered.")
            yield port, server.pid
        finally:
            server.terminate()


def look_at_errors(visitor: Visitor, chance: random.Random, photo: Path) -> Iterator[Any]:
    """Look at Errors: turn a page, open a photo, go back, and filter by a color."""
    yield "Errors: open", visitor.open("errors")
    if "page_next" in visitor.widgets:
        yield "Errors: next page", visitor.change("page_next", **CLICK)
    opened = chance.choice(visitor.list_keys("open-"))
    yield "Errors: a photo", visitor.change(opened, **CLICK)
    yield "Errors: back", visitor.change("back", **CLICK)
    color = chance.choice(visitor.widgets["color"].options)
    yield "Errors: a color", visitor.choose("color", color)
    yield "Errors: clear", visitor.change("clear", **CLICK)


def look_at_colors(visitor: Visitor, chance: random.Random, photo: Path) -> Iterator[Any]:
    """Look at Color bias: unfold two sections, and ask about another color."""
    yield "Color bias: open", visitor.open("color_bias")
    for section in chance.sample(SECTIONS, 2):
        yield "Color bias: a section", visitor.change(section, bool_value=True)
    color = chance.choice(visitor.widgets["claim_color"].options)
    yield "Color bias: a color", visitor.change("claim_color", string_value=color)


def classify(visitor: Visitor, chance: random.Random, photo: Path) -> Iterator[Any]:
    """Have a photo classified."""
    yield "Classify: open", visitor.open("classify")
    yield "Classify: a photo", visitor.upload("photos", photo)


STAYS: tuple[Callable[..., Iterator[Any]], ...] = (look_at_errors, look_at_colors, classify)


def visit(
    port: int, number: int, photos: list[Path], until: float, pause_s: float
) -> tuple[Rows, list[str]]:
    """Go round the pages until then; each visitor starts elsewhere. Returns rows and problems."""
    chance, rows, begin = random.Random(number), [], time.monotonic()
    with Visitor(port, f"127.0.1.{number + 1}") as visitor:
        try:
            for stay in range(number, sys.maxsize):
                steps = STAYS[stay % len(STAYS)](visitor, chance, chance.choice(photos))
                for what, took in steps:
                    rows.append((time.monotonic() - begin, what, took))
                    if time.monotonic() > until:
                        return rows, visitor.problems
                    time.sleep(chance.expovariate(1 / pause_s) if pause_s else 0)
        except Exception as error:
            visitor.problems.append(f"{type(error).__name__}: {error}")
        return rows, visitor.problems


def send_visitors(
    port: int, n: int, photos: list[Path], seconds: float, pause_s: float
) -> tuple[Rows, list[str]]:
    """Send so many visitors at once, for so long, and gather what they met."""
    found: list[tuple[Rows, list[str]]] = []
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(
            target=lambda number: found.append(visit(port, number, photos, until, pause_s)),
            args=(number,),
        )
        for number in range(n)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [row for rows, _ in found for row in rows], [one for _, told in found for one in told]


def measure_pages(
    port: int, server: int, photos: list[Path], visitors: int, seconds: float, pause_s: float
) -> dict[str, Any]:
    """Measure one visitor alone, then all of them, and the memory until after they have left."""
    with Gauge(server) as gauge:
        # What is computed once is there then.
        send_visitors(port, 1, photos, min(30, seconds), ALONE_PAUSE_S)
        alone, first = send_visitors(port, 1, photos, min(60, seconds), ALONE_PAUSE_S)
        begin, before = time.monotonic(), list_work(server)
        rows, problems = send_visitors(port, visitors, photos, seconds, pause_s)
        end, after = time.monotonic(), list_work(server)
        work = {who: after[who] - before[who] for who in before}
        time.sleep(FORGOTTEN_S if seconds > FORGOTTEN_S else 0)
        left = gauge.read()
        os.kill(server, signal.SIGUSR1)
        time.sleep(2)
        memory = gauge.summarize(begin, end) | {"left": left, "trimmed": gauge.read()}
    steps = sorted({what for _, what, _ in rows})
    return {
        "visitors": visitors, "seconds": round(end - begin), "pause_s": pause_s,
        "problems": [*first, *problems], "alone": summarize(alone), "together": summarize(rows),
        "by_step": {what: summarize([row for row in rows if row[1] == what]) for what in steps},
        "reruns_per_s": round(len(rows) / (end - begin), 2),
        "cores": {who: round(took / (end - begin), 2) for who, took in work.items()},
        "server_ms_per_rerun": round(1000 * work["server"] / max(1, len(rows))),
        "memory_mb": memory,
    }  # fmt: skip


def list_work(server: int) -> dict[str, float]:
    """List how long the server, the visitors and all other programs have worked so far, s."""
    told = {"server": read_cpu_s(server), "visitors": time.process_time()}
    return told | {"others": read_busy_s() - sum(told.values())}


def summarize(rows: Rows) -> dict[str, Any]:
    """Take count, median and 95th percentile of the seconds."""
    took = [seconds for _, _, seconds in rows]
    median, high = np.percentile(took, (50, 95)).round(2).tolist() if took else (None, None)
    return {"n": len(took), "median_s": median, "p95_s": high}


def ask_service(port: int, run: Run, photos: list[Path], clients: int) -> dict[str, Any]:
    """Have so many programs ask for one photo after the other; how long it took, who must wait."""
    url, contents = f"http://127.0.0.1:{port}/api/classify", [one.read_bytes() for one in photos]
    took: list[float] = []
    refused: list[int] = []
    until = time.monotonic() + ASKED_S

    def ask(number: int) -> None:
        chance = random.Random(number)
        with urllib3.PoolManager() as http:
            while time.monotonic() < until:
                fields = {"photos": ("photo.jpg", chance.choice(contents))}
                begin = time.perf_counter()
                answer = http.request("POST", f"{url}?run={run.run_id}", fields=fields)
                if answer.status == 200:
                    took.append(1000 * (time.perf_counter() - begin))
                else:
                    refused.append(answer.status)
                    time.sleep(0.1)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = {str(code): refused.count(code) for code in sorted(set(refused))}
    return {"clients": clients, **list_times(took), "per_s": round(len(took) / ASKED_S, 1),
            "refused": codes}  # fmt: skip


def ask_session(run: Run, seconds: float) -> dict[str, Any]:
    """Ask the run's bare ONNX session for one photo after the other, as pixels, in this process."""
    classifier = open_classifier(run)
    pixels = np.random.default_rng(0).integers(
        0, 256, (1, classifier.side, classifier.side, 3), dtype=np.uint8
    )
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        begin = time.perf_counter()
        classifier.answer(pixels)
        took.append(1000 * (time.perf_counter() - begin))
    return list_times(took[1:])


def list_times(took: list[float]) -> dict[str, Any]:
    """Take count, median and 99th percentile of milliseconds."""
    median, high = np.percentile(took, (50, 99)).round(1).tolist() if took else (None, None)
    return {"n": len(took), "p50_ms": median, "p99_ms": high}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, default=Path("workspace"))
    parser.add_argument("--run", default="")
    parser.add_argument("--photos", type=Path, help="photos to classify; those of the run")
    parser.add_argument("--modes", default="demo,local")
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--pause", type=float, default=5)
    parser.add_argument("--clients", default="1,4,16")
    asked = parser.parse_args()
    workspace = Workspace(asked.workspace.resolve())
    run = find_evaluated(workspace, asked.run)
    photos = list_photos(asked.photos or run.data_dir)
    place = RESULTS / "load.json"
    found = read_json(place) if place.exists() else {}
    for mode in asked.modes.split(","):
        with serving(run, workspace, mode) as (port, server):
            seconds = 60 * asked.minutes
            pages = measure_pages(port, server, photos, asked.visitors, seconds, asked.pause)
            service = []
            if mode == "local":
                clients = map(int, asked.clients.split(","))
                service = [ask_service(port, run, photos, n) for n in clients]
        found[mode] = {"machine": describe_machine(), "pages": pages, "service": service}
        if service:
            found[mode]["session"] = ask_session(run, ASKED_S)
    write_json(place, found)
    write_report(found, RESULTS / "load.md")


def list_photos(folder: Path, most: int = 200) -> list[Path]:
    """List some photos below a folder, evenly over it."""
    files = sorted(
        path for path in folder.rglob("*") if path.suffix.lower().lstrip(".") in SUFFIXES
    )
    return files[:: max(1, len(files) // most)][:most]


if __name__ == "__main__":
    main()
