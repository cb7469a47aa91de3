"""Are wrong labels found? Labels of real photos are flipped, a product at a time, and looked for.

    make bench-labels DATA=DIR WEIGHTS=FILE

Ranked by the label check, by the loss on what was trained on, by the loss on a valid split, and by
the sibling rule. `symmetric` flips products drawn evenly, `boundary` prefers those whose label is
hard to tell. The real labels have errors of their own, which no ranking should put last: what was
suspected before the flips too is counted apart. Last, the drawn catalogue with its known truth.
Writes `benchmarks/results/label_noise.json` and a table beside it.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.machine import describe_machine
from benchmarks.real_photos import RESULTS, read_features
from zapcls.analysis import heads
from zapcls.analysis.label_issues import find_label_issues
from zapcls.config import TrainConfig, build_config
from zapcls.data import labels
from zapcls.data.duplicates import find_pairs, shrink
from zapcls.data.sample import draw_catalogue
from zapcls.data.sources import read_catalogue
from zapcls.data.split import build_split
from zapcls.model.learner import choose_device
from zapcls.model.predict import predict
from zapcls.model.preprocess import ShoeClassifier
from zapcls.model.trainings import build_recipe
from zapcls.progress import silent
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import open_store
from zapcls.workspace.splits import build_task
from zapcls.workspace.store import Store

RATES = (0.01, 0.03, 0.05, 0.10)  # of the products
RESAMPLES = 200  # of products, for the intervals
SCORES = ("auroc", "ap", "precision_at_k")


class Photos:
    """A catalogue's labelled photos with what all rankings need."""

    def __init__(self, store: Store, config: TrainConfig) -> None:
        self.store, self.config = store, config
        catalog = labels.label_rows(store.read_catalog(), build_task(store, config))
        self.rows = np.flatnonzero(catalog["kept"])
        self.table = catalog.iloc[self.rows].reset_index(drop=True)
        self.shop = catalog[catalog["image_problem"] == ""].rename(columns={config.target: "value"})
        self.products = self.table["product_id"].to_numpy()
        self.codes = self.to_codes(self.table)
        self.reduced = heads.reduce(read_features(store, config)[self.rows])
        self.pairs = self._find_pairs(catalog)

    def to_codes(self, table: pd.DataFrame) -> np.ndarray:
        return pd.Index(self.config.classes).get_indexer(pd.Index(table["label"]))

    def _find_pairs(self, catalog: pd.DataFrame) -> pd.DataFrame:
        pairs = find_pairs(shrink(self.store.pixels, self.rows))
        ids = catalog["image_id"].to_numpy()[self.rows]
        one = pd.DataFrame({"image_id": ids[pairs["first"]], "other_id": ids[pairs["second"]]})
        return pd.concat([one, one.set_axis(["other_id", "image_id"], axis=1)])

    def answer(self, codes: np.ndarray) -> np.ndarray:
        """Return out-of-fold probabilities under some labels."""
        fold = heads.assign_folds(codes, self.products)
        return heads.cross_validate(self.reduced, codes, fold, len(self.config.classes))

    def rank(self, codes: np.ndarray) -> dict[str, np.ndarray]:
        """Score every label, high is bad, by each way that needs all photos."""
        names = np.asarray(self.config.classes)
        table = self.table.assign(label=names[codes])
        known = self.shop.set_index("image_id")
        known.loc[table["image_id"], "value"] = table["label"].to_numpy()
        prob = self.answer(codes)
        issues = find_label_issues(
            table, prob, self.config.classes, known.reset_index(), self.pairs
        )
        quality = issues.set_index("image_id")["label_quality"].loc[table["image_id"]]
        row = np.arange(len(codes))
        fitted = LogisticRegression(C=heads.STRENGTH, max_iter=500).fit(self.reduced, codes)
        share = pd.get_dummies(pd.Series(codes)).groupby(self.products).transform("mean")
        return {
            "label check": 1 - quality.to_numpy(),
            "heads alone": 1 - prob[row, codes],
            "in-sample loss": 1 - fitted.predict_proba(self.reduced)[row, codes],
            "sibling rule": 1 - share.to_numpy()[row, codes],
        }


def flip(photos: Photos, rate: float, kind: str, seed: int, clean_prob: np.ndarray) -> np.ndarray:
    """Describe which photos have their label flipped: all those of the drawn products."""
    rng = np.random.default_rng(seed)
    names, place = np.unique(photos.products, return_inverse=True)
    weight = np.ones(len(names))
    if kind == "boundary":
        margin = np.abs(clean_prob[:, 0] - 0.5) * 2
        weight = 1.02 - np.bincount(place, margin) / np.bincount(place)
    count = round(rate * len(names))
    drawn = rng.choice(len(names), count, replace=False, p=weight / weight.sum())
    return np.isin(place, drawn)


def measure(score: np.ndarray, is_flipped: np.ndarray, products: np.ndarray) -> dict:
    """Return AUROC, AP and precision at k = the number flipped, each with a 95 % interval."""

    def take(rows: np.ndarray) -> list[float]:
        truth, value = is_flipped[rows], score[rows]
        k = max(1, int(truth.sum()))
        first = np.argsort(-value, kind="stable")[:k]
        auroc = roc_auc_score(truth, value)
        return [auroc, average_precision_score(truth, value), float(truth[first].mean())]

    rng = np.random.default_rng(0)
    members = list(pd.Series(np.arange(len(score))).groupby(products).indices.values())
    drawn = []
    for _ in range(RESAMPLES):
        chosen = rng.integers(0, len(members), len(members))
        rows = np.concatenate([members[number] for number in chosen])
        if 0 < is_flipped[rows].sum() < len(rows):
            drawn.append(take(rows))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    values = take(np.arange(len(score)))
    return {
        name: {"value": values[i], "low": low[i], "high": high[i]} for i, name in enumerate(SCORES)
    }


def rank_by_run(
    photos: Photos, codes: np.ndarray, seed: int, folder: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Train on the flipped labels; give the valid rows and 1 - the run's probability of each."""
    names = np.asarray(photos.config.classes)
    split = photos.store.read_catalog()[["image_id"]].assign(split="none", label="")
    parts = build_split(photos.table.assign(label=names[codes]), "product", seed)
    split.iloc[photos.rows, 1] = parts["split"].to_numpy()
    split.iloc[photos.rows, 2] = names[codes]
    task = build_task(photos.store, photos.config)
    network = build_recipe(photos.config, [task], folder, photos.store, split, silent).train()
    classifier = ShoeClassifier(
        network, photos.store.side, photos.config.image_size, photos.config.statistics
    )
    valid = np.flatnonzero(parts["split"] == "valid")
    logits, _ = predict(classifier, photos.store.pixels, photos.rows[valid], choose_device("cpu"))
    prob = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    return valid, 1 - prob[np.arange(len(valid)), codes[valid]]


def look_for_flips(photos: Photos, arguments: argparse.Namespace) -> list[dict]:
    clean_prob = photos.answer(photos.codes)
    before = photos.rank(photos.codes)["label check"]
    rows = []
    for kind in ("symmetric", "boundary"):
        for rate in RATES:
            for seed in range(arguments.seeds):
                is_flipped = flip(photos, rate, kind, seed, clean_prob)
                codes = np.where(is_flipped, 1 - photos.codes, photos.codes)
                ranked = photos.rank(codes)
                facts = {"kind": kind, "rate": rate, "seed": seed, "n": len(codes)}
                for way, score in ranked.items():
                    found = measure(score, is_flipped, photos.products)
                    rows.append(facts | {"rows": "all", "way": way, **found})
                mine = rows[-len(ranked)]
                mine["natural"] = _count_natural(ranked, is_flipped, before)
                if kind == "symmetric" and rate == 0.05 and arguments.train:
                    rows += compare_on_valid(photos, codes, is_flipped, ranked, facts)
                print(facts, mine["auroc"], flush=True)
    return rows


def _count_natural(ranked: dict, is_flipped: np.ndarray, before: np.ndarray) -> float:
    """Of the first k that were not flipped, the share that was among the first k before, too."""
    k = int(is_flipped.sum())
    first = np.argsort(-ranked["label check"], kind="stable")[:k]
    others = first[~is_flipped[first]]
    return float(np.isin(others, np.argsort(-before, kind="stable")[:k]).mean())


def compare_on_valid(
    photos: Photos, codes: np.ndarray, is_flipped: np.ndarray, ranked: dict, facts: dict
) -> list[dict]:
    """Compare on the valid images of a run that was trained on the same flipped labels."""
    with tempfile.TemporaryDirectory() as folder:
        valid, loss = rank_by_run(photos, codes, facts["seed"], Path(folder))
    ways = {"label check": ranked["label check"][valid], "valid-split loss": loss}
    ways["heads alone"] = ranked["heads alone"][valid]
    facts = facts | {"rows": "valid", "n": len(valid)}
    products = photos.products[valid]
    return [
        facts | {"way": way, **measure(score, is_flipped[valid], products)}
        for way, score in ways.items()
    ]


def look_at_drawings(workspace: Workspace, config: TrainConfig, seeds: int) -> list[dict]:
    """Look for the wrong labels that the drawn catalogue plants, by the same network."""
    rows = []
    for seed in range(seeds):
        folder = workspace.path / f"drawings-{seed}"
        draw_catalogue(folder, 1200, seed)
        truth = pd.read_csv(folder / "truth.csv", dtype={"image_id": str})
        photos = Photos(open_store(workspace, read_catalogue(folder)), config)
        wrong = truth.set_index("image_id")["wrong_label"].astype(bool)
        is_wrong = wrong.loc[photos.table["image_id"]].to_numpy()
        for way, score in photos.rank(photos.codes).items():
            found = measure(score, is_wrong, photos.products)
            facts = {"kind": "drawn", "rate": float(is_wrong.mean()), "seed": seed}
            rows.append(facts | {"n": len(score), "rows": "all", "way": way, **found})
    return rows


def write_table(content: dict) -> str:
    """Write a line for each setting and way: the median over the seeds, and the widest interval."""
    frame = pd.json_normalize(content["rows"])
    lines = [
        f"{content['machine']}; {content['settings']}",
        "",
        "| flips | products | photos | ranked by | AUROC | AP | precision at k |",
        "|---|---|---|---|---|---|---|",
    ]
    frame["share"] = np.where(frame["kind"] == "drawn", 0.0, frame["rate"])
    for (kind, rate, rows, way), group in frame.groupby(["kind", "share", "rows", "way"]):
        cells = [
            f"{group[f'{name}.value'].median():.3f} "
            f"({group[f'{name}.low'].min():.3f} to {group[f'{name}.high'].max():.3f})"
            for name in SCORES
        ]
        share = f"{rate:.0%}" if rate else f"{group['rate'].median():.1%} of photos"
        lines.append(f"| {kind} | {share} | {rows} | {way} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--arch", default="tf_efficientnet_lite0")
    parser.add_argument("--weights", default="bundled")
    parser.add_argument("--workspace", type=Path, help="default: one that is thrown away")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--no-train", dest="train", action="store_false")
    arguments = parser.parse_args()
    config = build_config("laptop", arch=arguments.arch, weights=arguments.weights, device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.workspace or Path(folder))
        workspace.path.mkdir(parents=True, exist_ok=True)
        store = open_store(workspace, read_catalogue(arguments.data), with_colors=False)
        rows = look_for_flips(Photos(store, config), arguments)
        rows += look_at_drawings(workspace, config, arguments.seeds)
    content = {
        "machine": describe_machine(),
        "settings": f"{config.arch}, {config.image_size} px; {arguments.seeds} seeds: the median, "
        f"and the widest 95 % interval ({RESAMPLES} resamples of products)",
        "rows": rows,
    }
    write_json(RESULTS / "label_noise.json", content)
    (RESULTS / "label_noise.md").write_text(write_table(content), encoding="utf-8")
    print(write_table(content))


if __name__ == "__main__":
    main()
