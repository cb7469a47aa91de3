"""Training throughput of a network on the device at hand: images/s, and the share of its peak.

    python -m benchmarks.gpu [--arch resnet50] [--sizes 224,128] [--batch 256]

The whole network is trained on photos of noise, 136 px, as a run does it: mixed precision,
channels-last, photos on the device. Writes `benchmarks/results/gpu_<device>.json`.
"""

import argparse
import json
import re
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.machine import describe_machine
from zapcls.config import build_config
from zapcls.model.learner import build_learner, build_network, choose_device
from zapcls.model.loaders import build_pixel_loaders
from zapcls.workspace.layout import write_json

RESULTS = Path(__file__).parent / "results"
SIDE, WARM_EPOCHS = 136, 1
# Dense bf16 peaks of the makers' data sheets, in TFLOP/s.
PEAKS = {"H200": 989, "H100 PCIe": 756, "H100": 989, "A100": 312, "L40S": 362, "L4": 121}


def measure(arch: str, size: int, batch: int, batches: int) -> dict:
    """Train some batches after a first epoch, and count."""
    device = choose_device("auto")
    config = build_config(
        arch=arch, image_size=size, batch_size=batch, weights="none", frozen_epochs=0
    )
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (batch * batches + 8, SIDE, SIDE, 3), dtype=np.uint8)
    split = np.array(["train"] * (batch * batches) + ["tune"] * 8)
    codes = np.arange(len(pixels)) % 2
    dls, _ = build_pixel_loaders(config, pixels, split, codes, device)
    network = build_network(arch, "none", 2)
    learner = build_learner(config, network, list(network), dls, RESULTS)
    with learner.no_bar(), learner.no_logging():
        learner.fit(WARM_EPOCHS, 1e-3)
        _wait(device)
        started = time.perf_counter()
        learner.fit(1, 1e-3)
        _wait(device)
    rate = batch * batches / (time.perf_counter() - started)
    tflops = rate * count_flops(network, size, device) / 1e12
    peak = next((top for name, top in PEAKS.items() if name in describe_machine()), None)
    return {
        "arch": arch,
        "image_size": size,
        "batch_size": batch,
        "images_per_s": round(rate, 1),
        "tflops": round(tflops, 2),
        "share_of_bf16_peak": round(tflops / peak, 3) if peak else None,
    }


def count_flops(network: torch.nn.Module, size: int, device: torch.device) -> float:
    """Floating-point operations of one image's step, forward and backward."""
    images = torch.zeros(2, 3, size, size, device=device)
    with FlopCounterMode(display=False) as counter:
        network(images).sum().backward()
    return counter.get_total_flops() / 2


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arch", default="resnet50")
    parser.add_argument("--sizes", default="224,128")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--batches", type=int, default=40)
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    rows = [measure(arguments.arch, size, arguments.batch, arguments.batches) for size in sizes]
    content = {"machine": describe_machine(), "rows": rows}
    name = re.sub(r"\W+", "_", content["machine"].split(",")[0]).lower()
    write_json(RESULTS / f"gpu_{name}.json", content)
    print(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
