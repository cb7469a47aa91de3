"""Error rates on real photos: the whole network, beside a logistic regression on frozen features.

    make bench-rates DATA=DIR WEIGHTS=FILE [LR=suggested]

Both learn from the same rows of the same splits, at the same image size, and are counted on the
same valid rows. Writes `benchmarks/results/real_photos_<rates>.json` and a table beside it.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.machine import describe_machine
from zapcls.analysis import metrics
from zapcls.config import SUGGESTED, TrainConfig, build_config
from zapcls.data.sources import read_catalogue
from zapcls.model.architectures import build_body
from zapcls.model.features import POOLED, FrozenBody
from zapcls.model.learner import choose_device
from zapcls.progress import silent
from zapcls.workspace.layout import Workspace, open_workspace, write_json
from zapcls.workspace.opening import open_store
from zapcls.workspace.splits import read_split
from zapcls.workspace.store import Store

RESULTS = Path(__file__).parent / "results"
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # of the regression's C; chosen on tune


def read_features(store: Store, config: TrainConfig) -> np.ndarray:
    """Read the frozen body's pooled features of each photo: float32, (rows, 2 x channels)."""
    device = choose_device("cpu")
    body, _ = build_body(config.arch, config.weights)
    frozen = FrozenBody(config, body, store.pixels, store.bodies_dir, device, silent)
    readable = np.flatnonzero(store.read_catalog()["image_problem"] == "")
    return frozen.read(POOLED, readable, np.array([], dtype=int))[0]


def regress(features: np.ndarray, split: pd.DataFrame, config: TrainConfig) -> dict:
    """Fit the regression on train, choose its strength on tune, and count its errors on valid."""
    codes = pd.Index(config.classes).get_indexer(pd.Index(split["label"]))
    parts = {name: (split["split"] == name).to_numpy() for name in ("train", "tune", "valid")}

    def fit(strength: float) -> tuple[float, np.ndarray]:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300))
        model.fit(features[parts["train"]], codes[parts["train"]])
        score = float(model.score(features[parts["tune"]], codes[parts["tune"]]))
        return score, model.predict_log_proba(features)

    _, log_prob = max((fit(strength) for strength in STRENGTHS), key=lambda found: found[0])
    table, _ = metrics.build_predictions(split, log_prob, config.classes, config.target)
    rate = metrics.error_by_split(table).set_index("split").loc["valid"]
    return {"error_rate": rate["rate"], "low": rate["low"], "high": rate["high"], "n": rate["n"]}


def train(workspace: Workspace, data_dir: Path, config: TrainConfig) -> dict:
    """Train by the command that anyone would type."""
    command = [sys.executable, "-m", "zapcls", "train", "--data", str(data_dir), "--json"]
    command += ["--workspace", str(workspace.path), "--arch", config.arch]
    command += ["--weights", config.weights]
    command += ["--split", config.split, "--seed", str(config.seed)]
    command += ["--frozen-lr", str(config.frozen_lr), "--unfrozen-lr", str(config.unfrozen_lr)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(answer.stdout.splitlines()[-1])


def read_rate(text: str) -> float | str:
    return text if text == SUGGESTED else float(text)


def write_table(content: dict) -> str:
    lines = [
        f"{content['machine']}; {content['settings']}",
        "",
        "| split | seed | n | trained | 95 % interval | s | frozen features + regression |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in content["rows"]:
        mine, other = row["trained"], row["regression"]
        lines.append(
            f"| {row['split']} | {row['seed']} | {mine['n_valid']:,} | "
            f"{mine['error_rate']:.1%} | {mine['error_low']:.1%} to {mine['error_high']:.1%} | "
            f"{mine['seconds']:.0f} | {other['error_rate']:.1%} "
            f"({other['low']:.1%} to {other['high']:.1%}) |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--arch", default="tf_efficientnet_lite0")
    parser.add_argument("--weights", default="bundled")
    parser.add_argument(
        "--lr", type=read_rate, help="a number or 'suggested'; default: the preset's"
    )
    parser.add_argument("--seeds", type=int, default=2, help="how many, from 0")
    arguments = parser.parse_args()
    workspace = open_workspace()
    rates = {} if arguments.lr is None else {"frozen_lr": arguments.lr, "unfrozen_lr": arguments.lr}
    base = build_config(arch=arguments.arch, weights=arguments.weights, **rates)
    store = open_store(workspace, read_catalogue(arguments.data))
    features = read_features(store, base)
    rows = []
    for seed in range(arguments.seeds):
        for mode in ("product", "random"):
            config = replace(base, split=mode, seed=seed)
            split = read_split(store, config)
            regression = regress(features, split, config)
            trained = train(workspace, arguments.data, config)
            rows.append({"split": mode, "seed": seed, "trained": trained, "regression": regression})
            content = {
                "machine": describe_machine(),
                "settings": f"{base.arch}, {base.image_size} px, {base.frozen_epochs} frozen and "
                f"{base.unfrozen_epochs} unfrozen epochs, batch {base.batch_size}, rates "
                f"{base.frozen_lr} and {base.unfrozen_lr}",
                "rows": rows,
            }
            name = f"real_photos_{arguments.lr or 'preset'}"
            write_json(RESULTS / f"{name}.json", content)
            (RESULTS / f"{name}.md").write_text(write_table(content), encoding="utf-8")
            print(write_table(content), flush=True)


if __name__ == "__main__":
    main()
