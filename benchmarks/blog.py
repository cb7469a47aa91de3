"""The blog's training at full scale: ResNet-50 at 224 px on all women's and men's shoes.

    python -m benchmarks.blog --data DIR [--weights FILE]

Needs the whole of UT Zappos50K, a GPU and ImageNet weights of ResNet-50 (fetched, or a file); what
is missing is said at once. Trains the preset Blog 2019 on a random split, as the blog did, and on a
split by product. Writes `benchmarks/results/blog.json`.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks.machine import describe_machine
from zapcls.data.sources import read_catalogue
from zapcls.errors import ZapError
from zapcls.model.architectures import build_body
from zapcls.model.learner import list_devices
from zapcls.workspace.layout import write_json

RESULTS = Path(__file__).parent / "results"
BLOG_ERROR_RATE = 0.087  # on its random split
ALL_ROWS = 50_025


def list_missing(data_dir: Path, weights: str) -> list[str]:
    """List what this benchmark needs and does not find, a sentence each."""
    missing = []
    try:
        rows = len(read_catalogue(data_dir).table)
        if rows < ALL_ROWS:
            missing.append(
                f"All {ALL_ROWS:,} rows of UT Zappos50K are needed, but {data_dir} has {rows:,}. "
                "Fetch them: python -m zapcls download --dest DIR."
            )
    except ZapError as error:
        missing.append(str(error))
    if "cuda" not in list_devices():
        missing.append("A CUDA device is needed, but torch finds none on this machine.")
    try:
        build_body("resnet50", weights)
    except ZapError as error:
        missing.append(str(error))
    return missing


def train(data_dir: Path, weights: str, split: str) -> dict:
    """Train by the command that anyone would type; return what `train --json` says."""
    command = [sys.executable, "-m", "zapcls", "train", "--preset", "blog-2019", "--json"]
    command += ["--data", str(data_dir), "--weights", weights, "--split", split]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(answer.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="imagenet", help="'imagenet' or a .safetensors file")
    arguments = parser.parse_args()
    missing = list_missing(arguments.data, arguments.weights)
    for sentence in missing:
        print(sentence, file=sys.stderr)
    if missing:
        return 2
    rows = {name: train(arguments.data, arguments.weights, name) for name in ("random", "product")}
    print(f"The blog, on a random split of its own: {BLOG_ERROR_RATE:.1%} wrong.")
    for name, row in rows.items():
        print(
            f"Split by {name}: {row['error_rate']:.1%} wrong ({row['error_low']:.1%} to "
            f"{row['error_high']:.1%}, n = {row['n_valid']:,}) in {row['seconds']:.0f} s."
        )
    write_json(RESULTS / "blog.json", {"machine": describe_machine(), "rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
