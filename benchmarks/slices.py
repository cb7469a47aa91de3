"""Are slices with a raised error rate found, and how often is one flagged where there is none?

    python -m benchmarks.slices --data DIR [--workspace DIR]

Photos, products, categories and colors are those of a real catalogue; the errors are made. A
product's photos err together: the normal noise that decides on an error is half the product's own.
`planted`: the error rate of one named slice is raised, and it should be among the first five.
`false alarms`: nothing is planted, and no slice should be flagged but in 5 % of the trials.
`speed`: products are drawn with replacement until there are 50,000 photos.
Writes `benchmarks/results/slices.json` and a table beside it.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.machine import describe_machine
from zapcls.analysis.intervals import wilson
from zapcls.analysis.slices import ALPHA, COLUMNS, build_slices, find_members, find_slices
from zapcls.data.labels import label_rows
from zapcls.data.sources import read_catalogue
from zapcls.data.split import build_split
from zapcls.data.task import DEFAULT_TASK
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import open_store

RESULTS = Path(__file__).parent / "results"
BASE_RATE = 0.12
OWN_SHARE = 0.5  # of the noise's variance, the product's own
RAISES = (0.15, 0.25)  # of the error rate in the planted slice
MIN_PRODUCTS = 40  # of the planted slice
MIN_OVERLAP = 0.5  # Jaccard, for a slice to be taken for the planted one
FIRST = 5
PERMUTATIONS = 500
MANY = 50_000


def read_photos(data_dir: Path, workspace: Workspace) -> pd.DataFrame:
    """Read the labelled photos with category, color and split."""
    store = open_store(workspace, read_catalogue(data_dir))
    catalog = label_rows(store.read_catalog(), DEFAULT_TASK)
    table = catalog.merge(store.read_colors(), on="image_id", validate="one_to_one")
    table = table.assign(split=build_split(catalog)["split"].to_numpy())
    return table[table["kept"]].reset_index(drop=True)


def make_errors(table: pd.DataFrame, rate: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Make errors at each photo's rate; the photos of a product err together."""
    product = pd.factorize(table["product_id"])[0]
    own, other = rng.normal(size=product.max() + 1)[product], rng.normal(size=len(table))
    noise = np.sqrt(OWN_SHARE) * own + np.sqrt(1 - OWN_SHARE) * other
    return table.assign(wrong=noise < norm.ppf(rate))


def pick_slice(table: pd.DataFrame, rng: np.random.Generator) -> dict[str, str]:
    """Pick a named slice to be planted, of enough products and at most half of the photos."""
    wheres, members = build_slices(table.assign(wrong=False), COLUMNS, MIN_PRODUCTS)
    size = members.sum(axis=1)
    return wheres[rng.choice(np.flatnonzero(size <= len(table) / 2))]


def plant(table: pd.DataFrame, extra: float, seed: int) -> dict:
    """Plant one slice and look for it."""
    rng = np.random.default_rng([seed, round(100 * extra)])
    where = pick_slice(table, rng)
    planted = find_members(table, where).index
    rate = np.full(len(table), BASE_RATE)
    rate[planted] += extra
    made = make_errors(table, rate, rng)
    found = find_slices(made, permutations=PERMUTATIONS, seed=seed)
    first = found.head(FIRST)
    overlaps = [_overlap(planted, find_members(table, other).index) for other in first["where"]]
    is_it = np.array(overlaps) > MIN_OVERLAP
    return {
        "where": where,
        "n": len(planted),
        "n_products": int(table.loc[planted, "product_id"].nunique()),
        "is_found": bool(is_it.any()),
        "is_flagged": bool((is_it & first["is_flagged"].to_numpy()).any()),
    }


def _overlap(one: pd.Index, other: pd.Index) -> float:
    shared = len(one.intersection(other))
    return shared / (len(one) + len(other) - shared)


def raise_alarm(table: pd.DataFrame, seed: int) -> bool:
    """Make errors that depend on no slice; say whether one is flagged all the same."""
    rng = np.random.default_rng([seed, 99])
    made = make_errors(table, np.full(len(table), BASE_RATE), rng)
    return bool(find_slices(made, permutations=PERMUTATIONS, seed=seed)["is_flagged"].any())


def measure_speed(table: pd.DataFrame) -> dict:
    """Time the slices of `MANY` photos, with 2,000 permutations."""
    rng = np.random.default_rng(0)
    members = list(table.groupby("product_id").indices.values())
    drawn = [members[number] for number in rng.integers(0, len(members), MANY)]
    copy = np.repeat(np.arange(MANY), [len(rows) for rows in drawn])[:MANY]
    many = table.iloc[np.concatenate(drawn)[:MANY]].reset_index(drop=True)
    many = many.assign(product_id=copy.astype(str))
    made = make_errors(many, np.full(MANY, BASE_RATE), rng)
    started = time.perf_counter()
    found = find_slices(made, permutations=2000)
    seconds = round(time.perf_counter() - started, 1)
    return {"photos": MANY, "slices": found.attrs["tried"], "seconds": seconds}


def count_share(hits: list[bool]) -> dict:
    """Return a share over trials with Wilson's 95 % interval."""
    share = float(np.mean(hits))
    low, high = wilson(share, len(hits))
    return {"hits": int(sum(hits)), "trials": len(hits), "share": share, "low": low, "high": high}


def measure(table: pd.DataFrame, arguments: argparse.Namespace) -> dict:
    """Plant slices and raise alarms on some photos."""
    tried = len(build_slices(table.assign(wrong=False), COLUMNS, 10)[0])
    facts = {"photos": len(table), "products": int(table["product_id"].nunique()), "slices": tried}
    for extra in RAISES:
        trials = [plant(table, extra, seed) for seed in range(arguments.trials)]
        facts[f"planted {100 * extra:.0f} points"] = {
            "among the first five": count_share([trial["is_found"] for trial in trials]),
            "and flagged": count_share([trial["is_flagged"] for trial in trials]),
            "trials": trials,
        }
        print(f"  planted {extra}: {facts[f'planted {100 * extra:.0f} points']['and flagged']}")
    alarms = [raise_alarm(table, seed) for seed in range(arguments.alarms)]
    facts["false alarms"] = count_share(alarms)
    print(f"  false alarms: {facts['false alarms']}", flush=True)
    return facts


def write_table(content: dict) -> str:
    """Write what was measured as a Markdown table."""
    lines = [
        content["machine"],
        "",
        "| photos | what | trials | share | 95 % interval |",
        "|---|---|---|---|---|",
    ]
    for facts in content["photos"]:
        title = f"{facts['photos']:,} of {facts['products']:,} products, {facts['slices']:,} slices"
        rows = {"any slice flagged where there is none": facts["false alarms"]}
        for extra in RAISES:
            planted = facts[f"planted {100 * extra:.0f} points"]
            name = f"planted slice, {BASE_RATE:.0%} to {BASE_RATE + extra:.0%} wrong"
            rows[f"{name}, among the first five"] = planted["among the first five"]
            rows[f"{name}, and flagged"] = planted["and flagged"]
        lines += [
            f"| {title} | {name} | {row['trials']} | {row['share']:.1%} | "
            f"{row['low']:.1%} to {row['high']:.1%} |"
            for name, row in rows.items()
        ]
    speed = content["speed"]
    lines += [
        "",
        f"{speed['photos']:,} photos, {speed['slices']:,} slices, 2,000 permutations: "
        f"{speed['seconds']} s.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, help="default: one that is thrown away")
    parser.add_argument("--trials", type=int, default=50, help="planted slices, of each size")
    parser.add_argument("--alarms", type=int, default=200, help="trials without a planted slice")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.workspace or Path(folder))
        table = read_photos(arguments.data, workspace)
        valid = table[table["split"] == "valid"].reset_index(drop=True)
        content = {
            "machine": describe_machine(),
            "alpha": ALPHA,
            "permutations": PERMUTATIONS,
            "photos": [measure(photos, arguments) for photos in (valid, table)],
            "speed": measure_speed(table),
        }
    write_json(RESULTS / "slices.json", content)
    (RESULTS / "slices.md").write_text(write_table(content), encoding="utf-8")
    print(write_table(content))


if __name__ == "__main__":
    main()
