"""What the presets come to on photos of products that were never seen, beside plain fastai.

    make bench-presets DATA=DIR [PRESETS=laptop,thorough] [SEEDS=3]

Each training is the command that anyone would type, in a new workspace, and its seconds count all:
store, colors, features, export and the prediction of every photo. It runs without a connection: a
process that asks for one is refused. Plain fastai then trains as long on the same split: one epoch
of the head, and as many of the whole network as there is time for. Writes
`benchmarks/results/presets.json` and a table beside it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from benchmarks import plain_fastai
from benchmarks.machine import describe_machine
from zapcls.analysis.intervals import count_rates
from zapcls.config import PRESETS, TrainConfig, build_config
from zapcls.data.sources import read_catalogue
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import open_store
from zapcls.workspace.splits import read_split

RESULTS = Path(__file__).parent / "results"
_PROBED_BATCHES = 6
_OFFLINE = """
import socket, sys

def refuse(*_):
    raise OSError("this benchmark has no connection")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from zapcls.commands.parser import main

sys.exit(main(sys.argv[1:]))
"""


def train_preset(preset: str, seed: int, data_dir: Path, workspace: Path) -> dict:
    """Train by the command, without a connection; return what `train --json` says."""
    command = [sys.executable, "-c", _OFFLINE, "train", "--preset", preset, "--seed", str(seed)]
    command += ["--data", str(data_dir), "--workspace", str(workspace), "--json"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(answer.stdout.splitlines()[-1])


def train_plain(config: TrainConfig, data_dir: Path, workspace: Path, seconds: float) -> dict:
    """Train plain fastai for so many seconds; return its error rate on `valid`, as `RATE`."""
    started = time.perf_counter()
    catalogue = read_catalogue(data_dir)
    split = read_split(open_store(Workspace(workspace), catalogue, with_colors=False), config)
    split = split.assign(image_path=catalogue.table["image_path"])
    with tempfile.TemporaryDirectory() as folder:
        dls = plain_fastai.build_loaders(config, split, catalogue.image_root, "cpu")
        learner = plain_fastai.build_learner(config, dls, Path(folder))
        with learner.no_bar(), learner.no_logging():
            learner.fit_one_cycle(1, 3e-3)
            learner.unfreeze()
            left = seconds - (time.perf_counter() - started)
            epochs = int(left / time_epoch(learner))
            if epochs:
                learner.fit_one_cycle(epochs, slice(3e-4, 3e-3))
            prob, truth = learner.get_preds()
    valid = split[split["split"] == "valid"]
    return (
        count_rates(valid.assign(wrong=(prob.argmax(dim=1) != truth).numpy()), "wrong")
        .iloc[0]
        .to_dict()
    )


def time_epoch(learner: plain_fastai.Learner) -> float:
    """Estimate the seconds of an epoch of the whole network from a few steps that change nothing.

    The step's gradients are dropped; a look at `valid` costs about a third of a step an image.
    """
    batch = learner.dls.train.one_batch()
    learner.model.train()
    state = {name: value.clone() for name, value in learner.model.state_dict().items()}
    started = time.perf_counter()
    for _ in range(_PROBED_BATCHES):
        learner.loss_func(learner.model(batch[0]), batch[1]).backward()
    step = (time.perf_counter() - started) / _PROBED_BATCHES
    learner.model.zero_grad()
    learner.model.load_state_dict(state)
    images = len(learner.dls.train_ds) + len(learner.dls.valid_ds) / 3
    return step * images / learner.dls.train.bs


def write_table(content: dict) -> str:
    lines = [
        content["machine"],
        "",
        "| preset | seed | n | wrong | 95 % interval | balanced | s | plain fastai, as long |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in content["rows"]:
        mine, plain = row["trained"], row["plain"]
        lines.append(
            f"| {row['preset']} | {row['seed']} | {mine['n_valid']:,} | {mine['error_rate']:.1%} | "
            f"{mine['error_low']:.1%} to {mine['error_high']:.1%} | "
            f"{mine['balanced_error_rate']:.1%} | {mine['seconds']:.0f} | "
            f"{plain['rate']:.1%} ({plain['low']:.1%} to {plain['high']:.1%}) |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--presets", default="laptop,thorough", help=", ".join(PRESETS))
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0")
    arguments = parser.parse_args()
    rows = []
    for preset in arguments.presets.split(","):
        for seed in range(arguments.seeds):
            with tempfile.TemporaryDirectory() as folder:
                workspace = Path(folder)
                trained = train_preset(preset, seed, arguments.data, workspace)
                config = build_config(preset, seed=seed)
                plain = train_plain(config, arguments.data, workspace, trained["seconds"])
            rows.append({"preset": preset, "seed": seed, "trained": trained, "plain": plain})
            content = {"machine": describe_machine(), "rows": rows}
            write_json(RESULTS / "presets.json", content)
            (RESULTS / "presets.md").write_text(write_table(content), encoding="utf-8")
            print(write_table(content), flush=True)


if __name__ == "__main__":
    main()
