"""Speed beside plain fastai, on real photos and the CPU at hand, each side in a process of its own.

    make bench DATA=DIR WEIGHTS=FILE [ONLY=views,recipe,embeddings,counts]

Both sides train on the rows of `train` and are counted on those of `valid`, with the same body,
size, batch, epochs and augmentation. The sides take turns, so that what else the machine does
falls on both. "Cold" has the pixel store and the features built inside the clock. Imports are
outside it on both sides. Writes `benchmarks/results/speed.json` and a table beside it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.machine import describe_machine
from zapcls.workspace.layout import read_json, write_json

RESULTS = Path(__file__).parent / "results"
SECTIONS = ("views", "recipe", "embeddings", "counts")
COUNTS = (1_000, 5_000, 10_000, 50_000)
ROUNDS = 3
STEPS = {
    "store_s": "pixel store",
    "features_s": "features",
    "head_s": "finder and head",
    "evaluation_s": "evaluation",
}
Keep = Callable[[Any], None]  # writes what has been measured so far


def run_side(name: str, arguments: argparse.Namespace, **options: Any) -> dict[str, Any]:
    """Run one measurement of `benchmarks.sides` in a process; it prints one JSON object."""
    command = [sys.executable, "-m", "benchmarks.sides", name]
    command += ["--data", str(arguments.data), "--arch", arguments.arch]
    command += ["--weights", arguments.weights]
    for key, value in options.items():
        command += [f"--{key}", str(value)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    print(f"  {name} {options}: {answer.stdout.strip()}", flush=True)
    return json.loads(answer.stdout.splitlines()[-1])


def measure_views(arguments: argparse.Namespace, keep: Keep) -> dict[str, Any]:
    """Training views a second at 128 px, flipped and normalized, without a network."""
    rates: dict[str, list[float]] = {"plain": [], "zapcls": []}
    for _ in range(ROUNDS):
        for side in rates:
            rates[side].append(run_side(f"views-{side}", arguments)["views_per_s"])
    return {"rates": rates, "ratio": _ratio(rates["zapcls"], rates["plain"])}


def measure_recipe(arguments: argparse.Namespace, keep: Keep) -> dict[str, Any]:
    """Finder, frozen phase, evaluation; then the network's last stage, or the whole network."""
    seeds: list[dict] = []
    if arguments.first_seed:  # the run that measured the ones before is gone on with
        known = read_json(RESULTS / "speed.json")["recipe"]["seeds"]
        seeds = [row for row in known if row["seed"] < arguments.first_seed]
    for seed in range(arguments.first_seed, arguments.seeds):
        unfrozen = 4 if seed < arguments.whole_seeds else 0
        plain = run_side("recipe-plain", arguments, seed=seed, unfrozen=unfrozen)
        with tempfile.TemporaryDirectory() as folder:
            cold = run_side("recipe-zapcls", arguments, seed=seed, workspace=folder)
            warm = run_side("recipe-zapcls", arguments, seed=seed, workspace=folder)
        seeds.append({"seed": seed, "plain": plain, "cold": cold, "warm": warm})
        keep({"seeds": seeds})
    return {"seeds": seeds}


def measure_embeddings(
    arguments: argparse.Namespace, keep: Callable[[Any], None]
) -> dict[str, Any]:
    """Images a second through a trained network: logits and embeddings."""
    rates: dict[str, list[float]] = {"eager": [], "eager-tuned": [], "zapcls": []}
    for _ in range(ROUNDS):
        for side in rates:
            rates[side].append(run_side(f"embeddings-{side}", arguments)["images_per_s"])
    return {
        "rates": rates,
        "ratio": _ratio(rates["zapcls"], rates["eager"]),
        "ratio_tuned": _ratio(rates["zapcls"], rates["eager-tuned"]),
    }


def measure_counts(arguments: argparse.Namespace, keep: Keep) -> dict[str, Any]:
    """Seconds and memory of store, features, finder, frozen phase and evaluation, by count."""
    rows: list[dict] = []
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(run_side("count", arguments, count=count, workspace=folder))
        keep({"rows": rows})
    plot_counts(rows, RESULTS / "counts.png")
    return {"rows": rows}


def plot_counts(rows: list[dict], path: Path) -> None:
    """Plot the seconds of each step over the number of photos; a straight line is linear cost."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    photos = [row["photos"] for row in rows]
    for key, title in STEPS.items():
        axes.plot(photos, [row[key] for row in rows], marker="o", label=title)
    total = [sum(row[key] for key in STEPS) for row in rows]
    axes.plot(photos, total, marker="o", color="black", linewidth=2, label="all")
    axes.set(xlabel="photos", ylabel="seconds", title="Frozen phase by number of photos")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def _ratio(mine: list[float], other: list[float]) -> float:
    return round(statistics.median(mine) / statistics.median(other), 2)


def _median(seeds: list[dict], side: str, key: str) -> float:
    return statistics.median(row[side][key] for row in seeds)


def write_table(content: dict[str, Any]) -> str:
    """Write what was measured as a Markdown table."""
    lines = [
        content["machine"],
        "",
        "| what | plain fastai | zapcls | ratio |",
        "|---|---|---|---|",
    ]
    if "views" in content:
        views = content["views"]
        plain, mine = (statistics.median(views["rates"][side]) for side in ("plain", "zapcls"))
        lines.append(
            f"| image pipeline alone, 128 px, views/s | {plain:,.0f} | {mine:,.0f} | "
            f"{views['ratio']:.1f} |"
        )
    if "recipe" in content:
        lines += _list_recipe(content["recipe"]["seeds"])
    if "embeddings" in content:
        found = content["embeddings"]
        eager, tuned, mine = (statistics.median(rates) for rates in found["rates"].values())
        lines.append(
            f"| embeddings, images/s, beside torch eager | {eager:,.0f} | {mine:,.0f} | "
            f"{found['ratio']:.1f} |"
        )
        lines.append(
            "| the same, beside torch eager with channels-last and memory kept | "
            f"{tuned:,.0f} | {mine:,.0f} | {found['ratio_tuned']:.1f} |"
        )
    if "counts" in content:
        lines += ["", *_list_counts(content["counts"]["rows"])]
    return "\n".join(lines) + "\n"


def _list_recipe(seeds: list[dict]) -> list[str]:
    lines = []
    titles = {
        "frozen": "finder, 4 frozen epochs, evaluation",
        "unfrozen": "and finder, 4 more epochs (whole network; here its last stage), evaluation",
    }
    for phase, title in titles.items():
        seconds, error = f"{phase}_seconds", f"{phase}_error_rate"
        both = [row for row in seeds if seconds in row["plain"]]
        if not both:
            continue
        plain = _median(both, "plain", seconds)
        for side in ("cold", "warm"):
            mine = _median(both, side, seconds)
            lines.append(
                f"| {title}, {side}, seeds: {len(both)} | "
                f"{plain:,.0f} s, {_median(both, 'plain', error):.1%} wrong | "
                f"{mine:,.0f} s, {_median(both, side, error):.1%} wrong | {plain / mine:.1f} |"
            )
    return lines


def _list_counts(rows: list[dict]) -> list[str]:
    lines = [
        "| photos | store, s | features, s | finder and head, s | evaluation, s | "
        "peak anonymous memory above torch, MB |",
        "|---|---|---|---|---|---|",
    ]
    return lines + [
        f"| {row['photos']:,} | {row['store_s']:.1f} | {row['features_s']:.1f} | "
        f"{row['head_s']:.1f} | {row['evaluation_s']:.1f} | {row['peak_mb']:,.0f} |"
        for row in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--arch", default="tf_efficientnet_lite0")
    parser.add_argument("--weights", default="bundled")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0")
    parser.add_argument("--first-seed", type=int, default=0, help="go on from this one")
    parser.add_argument(
        "--whole-seeds",
        type=int,
        default=3,
        help="for how many of them plain fastai trains the whole network, 15 minutes each",
    )
    arguments = parser.parse_args()
    measures = {
        "views": measure_views,
        "recipe": measure_recipe,
        "embeddings": measure_embeddings,
        "counts": measure_counts,
    }
    path = RESULTS / "speed.json"
    content = read_json(path) if path.is_file() else {}
    content["machine"] = describe_machine()
    for section in arguments.only.split(","):
        print(section, flush=True)

        def keep(found: Any, section: str = section) -> None:
            content[section] = found
            write_json(path, content)
            path.with_suffix(".md").write_text(write_table(content), encoding="utf-8")

        keep(measures[section](arguments, keep))
    print(write_table(content))


if __name__ == "__main__":
    main()
