"""Are photos that are alike found, and how long does it take?

    python -m benchmarks.similar --data DIR [--workspace DIR --run RUN]

Queries are photos of products that the run never saw (its `valid`), against all other photos.
`siblings`: is a photo of the same product, in another color, among the first 1, 5 or 10?
`sub-category`: with the query's own product left out, is one of the same sub-category among them,
and which share of the first 10 is? Compared by the frozen network that the run began with, by the
run itself, by the same network untrained, and by color histograms. Intervals count products.
`speed`: whole searches in catalogues of 50,000 and 1,000,000 photos. Without RUN the preset First
try is trained.
Writes `benchmarks/results/similar.json` and a table beside it.
"""

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine
from zapcls.analysis import similar
from zapcls.analysis.intervals import count_rates
from zapcls.analysis.similar import Space
from zapcls.config import build_config
from zapcls.evidence import Evidence
from zapcls.findings.shelf import COLOR, KIND, SHAPE, Shelf, find_whole_body, open_shelf
from zapcls.findings.similar import WEIGHTS, Query, Wish, search
from zapcls.model.pooled import open_body
from zapcls.progress import silent
from zapcls.work import perform
from zapcls.workspace import jobs
from zapcls.workspace.layout import Workspace, read_json, write_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.run_tables import open_embeddings
from zapcls.workspace.runs import Run, find_evaluated

RESULTS = Path(__file__).parent / "results"
DEPTHS = (1, 5, 10)
BINS = 8  # of a color histogram, a channel
SIZES, QUERIES = (50_000, 1_000_000), 50


def train(data_dir: Path, workspace: Workspace) -> Run:
    """Train the preset First try."""
    run = create_run(workspace, build_config("first-try"), data_dir)
    perform(run, workspace)
    return run


def describe_histograms(pixels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the color histogram of each photo, square roots of shares: float32 (n, 512).

    White, the ground, is left out. The product of two is their Bhattacharyya coefficient.
    """
    found = np.zeros((len(rows), BINS**3), dtype=np.float32)
    for place, row in enumerate(rows):
        levels = (pixels[row] // (256 // BINS)).astype(int).reshape(-1, 3)
        codes = levels @ (BINS**2, BINS, 1)
        counts = np.bincount(codes, minlength=BINS**3)
        counts[-1] = 0
        found[place] = np.sqrt(counts / max(counts.sum(), 1))
    return found


def show_all(evidence: Evidence) -> Shelf:
    """Let the frozen network see every photo, and open the shelf as it sees them."""
    if find_whole_body(evidence) is None:
        workspace = evidence.workspace
        config = {"run": str(evidence.run.path)}
        perform(jobs.create(workspace.jobs_dir, "describe", config), workspace)
    return open_shelf(evidence, find_whole_body(evidence))


def build_spaces(evidence: Evidence, frozen: Shelf) -> Iterator[tuple[str, Space, dict]]:
    """Build the ways to compare photos: a name, the photos, and the weights of their aspects."""
    run, store, config = open_shelf(evidence, None), evidence.store, evidence.run.train_config
    rows, products = evidence.predictions["row"].to_numpy(), frozen.space.products
    shape = {SHAPE: 1.0}

    def build(vectors: np.ndarray) -> Space:
        return Space({SHAPE: similar.normalize(vectors)}, products)

    yield "frozen network, shape", frozen.space, shape
    yield "frozen network, shape and color as on the page", frozen.space, dict(WEIGHTS)
    yield "frozen network, features as they are", build(frozen.body.read_features()[0][rows]), shape
    yield "run, shape", run.space, shape
    yield "run, embeddings as they are", build(open_embeddings(evidence.run)), shape
    yield "color histograms", build(describe_histograms(store.pixels, rows)), shape
    untrained = dataclasses.replace(config, weights="none", frozen_epochs=0, unfrozen_epochs=1)
    features, _ = open_body(untrained, store.pixels, rows, store.bodies_dir, silent)
    yield "untrained network, features as they are", build(features), shape


def find_hits(table: pd.DataFrame, space: Space, weights: dict[str, float]) -> pd.DataFrame:
    """Search with each valid photo: a row a query, whether it was hit at each depth."""
    kinds, products = pd.factorize(table["sub_category"])[0], space.products
    sizes = np.bincount(products)
    hits = []
    for row in np.flatnonzero(table["split"] == "valid"):
        query = {name: vectors[0] for name, vectors in space.look_up(np.array([row])).items()}
        scores = space.score(query, weights)
        hit = {"product_id": table["product_id"].iloc[row]}
        allowed = np.ones(len(table), dtype=bool)
        allowed[row] = False
        if sizes[products[row]] > 1:
            first = similar.find_best(scores, allowed, max(DEPTHS))
            is_sibling = products[first] == products[row]
            hit |= {f"siblings {k}": is_sibling[:k].any() for k in DEPTHS}
        others = allowed & (products != products[row])
        first = similar.find_best(scores, others, max(DEPTHS))
        is_alike = kinds[first] == kinds[row]
        hit |= {f"sub-category {k}": is_alike[:k].any() for k in DEPTHS}
        hit["sub-category, share of 10"] = is_alike.mean()
        hits.append(hit)
    return pd.DataFrame(hits)


def measure_all(evidence: Evidence, frozen: Shelf) -> dict[str, dict]:
    """Measure each way to compare photos."""
    recall = {}
    for name, space, weights in build_spaces(evidence, frozen):
        recall[name] = measure_recall(find_hits(evidence.predictions, space, weights))
        print(name, {key: round(row["rate"], 3) for key, row in recall[name].items()}, flush=True)
    return recall


def measure_recall(hits: pd.DataFrame) -> dict[str, dict]:
    """Count what was hit, with intervals over products."""
    measured = {}
    for name in hits.columns.drop(["product_id", "sub-category, share of 10"]):
        known = hits[hits[name].notna()].astype({name: bool})
        measured[name] = count_rates(known, name).iloc[0].to_dict()
    share = hits.groupby("product_id")["sub-category, share of 10"].mean()
    reach = 1.96 * share.std() / np.sqrt(len(share))
    measured["sub-category, share of 10"] = {
        "n": len(hits), "n_products": len(share), "rate": share.mean(),
        "low": share.mean() - reach, "high": share.mean() + reach,
    }  # fmt: skip
    return measured


def measure_speed(shelf: Shelf, size: int) -> dict:
    """Time whole searches, shape and color, among so many photos made from the shelf's."""
    rng = np.random.default_rng(0)
    source = np.arange(size) % len(shelf.table)
    width = shelf.space.aspects[SHAPE].shape[1]
    shape = np.empty((size, width), dtype=np.float32)
    for start in range(0, size, 10_000):
        part = shelf.space.aspects[SHAPE][source[start : start + 10_000]]
        noise = rng.normal(scale=0.02, size=part.shape).astype(np.float32)
        shape[start : start + 10_000] = similar.normalize(part + noise)
    aspects = {
        SHAPE: shape,
        COLOR: shelf.space.aspects[COLOR][source],
        KIND: shelf.space.aspects[KIND][source],
    }
    table = shelf.table[["image_id", "product_id", "color"]].iloc[source].reset_index(drop=True)
    many = dataclasses.replace(shelf, table=table, space=Space(aspects, np.arange(size)))
    seconds = [
        _time(lambda row=row: _search(many, row)) for row in rng.integers(size, size=QUERIES)
    ]
    low, middle, high = np.quantile(1000 * np.array(seconds), (0.1, 0.5, 0.9))
    return {
        "photos": size, "width": width, "queries": QUERIES, "median_ms": round(middle, 1),
        "p10_ms": round(low, 1), "p90_ms": round(high, 1), "bytes": shape.nbytes,
    }  # fmt: skip


def _search(shelf: Shelf, row: int) -> None:
    rows = np.array([row])
    query = {name: vectors[0] for name, vectors in shelf.space.look_up(rows).items()}
    search(shelf, Query(query, rows), Wish())


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def write_table(content: dict) -> str:
    """Write what was measured as Markdown tables."""
    lines = [content["machine"], ""]
    first = next(iter(content["recall"].values()), {})
    measures = list(first)
    counts = ", ".join(
        f"{name.split()[0]}: {row['n']:,} queries of {row['n_products']:,} products"
        for name, row in first.items()
        if name.endswith(" 1")
    )
    lines += [f"{content.get('photos', 0):,} photos; {counts}.", ""]
    lines += ["| compared by | " + " | ".join(measures) + " |", "|---" * (len(measures) + 1) + "|"]
    lines += [
        f"| {name} | "
        + " | ".join(
            f"{100 * row['rate']:.1f} ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
            for row in rows.values()
        )
        + " |"
        for name, rows in content["recall"].items()
    ]
    lines += [
        "",
        "| photos | a search, median, ms | 10 to 90 % | vectors, MB |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['photos']:,} | {row['median_ms']} | {row['p10_ms']} to {row['p90_ms']} | "
        f"{row['bytes'] / 1e6:,.0f} |"
        for row in content["speed"]
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, help="default: one that is thrown away")
    parser.add_argument("--run", help="an evaluated run of the workspace; else one is trained")
    parser.add_argument("--only", choices=("recall", "speed"), help="the other figures stay")
    arguments = parser.parse_args()
    kept = RESULTS / "similar.json"
    content = read_json(kept) if arguments.only and kept.is_file() else {"recall": {}, "speed": []}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.workspace or Path(folder))
        named = arguments.run
        run = find_evaluated(workspace, named) if named else train(arguments.data, workspace)
        evidence = Evidence(run, workspace)
        frozen = show_all(evidence)
        content["machine"] = describe_machine()
        if arguments.only != "speed":
            content["photos"] = len(evidence.predictions)
            content["recall"] = measure_all(evidence, frozen)
        if arguments.only != "recall":
            content["speed"] = [measure_speed(frozen, size) for size in SIZES]
    write_json(RESULTS / "similar.json", content)
    (RESULTS / "similar.md").write_text(write_table(content), encoding="utf-8")
    print(write_table(content))


if __name__ == "__main__":
    main()
