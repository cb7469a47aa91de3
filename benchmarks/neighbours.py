"""Two trainings beside each other, against one after the other, and what one alone takes.

    python -m benchmarks.neighbours [--data DIR] [--rounds 3] [TRAIN OPTIONS]

Each training is `python -m zapcls train` with its store and features computed anew; the options
are its own. The GNU side imports torch first, so that the OpenMP it brings along stays. Sides take
turns. Prints medians, and writes `benchmarks/results/neighbours.json`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import describe_machine
from zapcls.data.sample import draw_catalogue
from zapcls.workspace.layout import write_json

RESULTS = Path(__file__).parent / "results"
OPTIONS = ("--preset", "laptop", "--frozen-epochs", "1", "--unfrozen-epochs", "3")
_MAIN = "import sys; from zapcls.commands.parser import main; sys.exit(main(sys.argv[1:]))"
SIDES = {"LLVM OpenMP": _MAIN, "GNU OpenMP": f"import torch; {_MAIN}"}


def time_trainings(code: str, data_dir: Path, options: list[str], count: int) -> float:
    """Return the seconds until so many trainings, started together, are all done."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        processes = [
            subprocess.Popen(
                [
                    *(sys.executable, "-c", code, "train", *options, "--seed", str(seed)),
                    *("--data", str(data_dir), "--workspace", f"{folder}/{seed}"),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for seed in range(count)
        ]
        codes = [process.wait() for process in processes]
        seconds = time.perf_counter() - started
    if any(codes):
        raise SystemExit(f"A training failed: exit codes {codes}. Try its command by itself.")
    return seconds


def measure(data_dir: Path, options: list[str], rounds: int) -> list[dict]:
    """Return a row a side: median seconds of one training and of two at once."""
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for side, code in SIDES.items():
            for count in (1, 2):
                seconds = time_trainings(code, data_dir, options, count)
                taken.setdefault((side, count), []).append(seconds)
    rows = []
    for side in SIDES:
        alone, both = (statistics.median(taken[side, count]) for count in (1, 2))
        ratio = round(both / (2 * alone), 2)
        rows.append({"side": side, "alone_s": alone, "both_s": both, "both_by_in_turn": ratio})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="default: the drawings")
    parser.add_argument("--rounds", type=int, default=3)
    arguments, options = parser.parse_known_args()
    options = options or list(OPTIONS)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = arguments.data or Path(folder) / "drawings"
        if not arguments.data:
            draw_catalogue(data_dir)
        rows = measure(data_dir, options, arguments.rounds)
    for row in rows:
        print(
            f"{row['side']:12} one {row['alone_s']:6.1f} s   two at once {row['both_s']:6.1f} s   "
            f"by one after the other {row['both_by_in_turn']:.2f}"
        )
    print(f"One alone, LLVM by GNU: {rows[0]['alone_s'] / rows[1]['alone_s']:.2f}")
    facts = {"machine": describe_machine(), "options": options, "rounds": arguments.rounds}
    write_json(RESULTS / "neighbours.json", facts | {"cores": os.cpu_count(), "rows": rows})


if __name__ == "__main__":
    main()
