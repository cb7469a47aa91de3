"""The sanity check of the saliency maps (Adebayo et al. 2018) on a run's own model.

    python -m benchmarks.saliency RUN_DIR --workspace DIR [--photos 24]

Maps of valid photos are compared with those of a model whose trained weights are shuffled, tensor
by tensor: Spearman's rank correlation over the pixels of the shoe should be near 0, and 1 for the
same model. The time of a map is told too. Writes `benchmarks/results/saliency.json`.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from scipy.stats import spearmanr

from benchmarks.machine import describe_machine
from zapcls.answer import saliency
from zapcls.answer.classify import Classifier, open_classifier
from zapcls.data.color import object_mask
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.runs import find_run
from zapcls.workspace.store import find_store

RESULTS = Path(__file__).parent / "results"
SEEDS = 3  # shufflings
LAYERS = {"Conv", "Gemm"}  # what is trained; resizing is a MatMul


def shuffle_weights(source: Path, dest: Path, seed: int) -> int:
    """Write a model whose layers' weights are shuffled, each tensor in itself; give how many."""
    rng, model = np.random.default_rng(seed), onnx.load(source)
    trained = {
        name for node in model.graph.node if node.op_type in LAYERS for name in node.input[1:]
    }
    count = 0
    for tensor in model.graph.initializer:
        if tensor.name in trained:
            values = numpy_helper.to_array(tensor)
            mixed = rng.permutation(values.ravel()).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(mixed, tensor.name))
            count += 1
    onnx.save(model, dest)
    return count


def correlate(one: np.ndarray, other: np.ndarray, mask: np.ndarray) -> float:
    return float(spearmanr(one[mask], other[mask]).statistic)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=24)
    arguments = parser.parse_args()
    workspace = Workspace(arguments.workspace.resolve())
    run = find_run(workspace, arguments.run)
    store = find_store(workspace, run.facts["catalogue_id"])
    table = read_predictions(run, workspace).query("split == 'valid'")
    chosen = table.sample(arguments.photos, random_state=0)
    classes, classifier = run.facts["classes"], open_classifier(run)
    same, shuffled, seconds = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{seed}.onnx" for seed in range(SEEDS)]
        for seed, path in enumerate(paths):
            tensors = shuffle_weights(run.onnx_path, path, seed)
        others = [Classifier(path) for path in paths]
        classifier.answer(store.pixels[:1])  # opened before the clock runs
        for photo in chosen.itertuples():
            image, index = store.pixels[photo.row], classes.index(photo.prediction)
            started = time.perf_counter()
            evidence = saliency.occlusion(classifier, image, index)
            seconds.append(time.perf_counter() - started)
            mask = object_mask(image)
            again = saliency.occlusion(Classifier(run.onnx_path), image, index)
            same.append(correlate(evidence, again, mask))
            shuffled += [
                correlate(evidence, saliency.occlusion(other, image, index), mask)
                for other in others
            ]
    content = {
        "machine": describe_machine(), "run": run.run_id, "photos": len(chosen),
        "shufflings": SEEDS, "shuffled_tensors": tensors,
        "seconds_median": round(float(np.median(seconds)), 3),
        "seconds_max": round(max(seconds), 3),
        "rank_correlation_same_model": round(float(np.mean(same)), 3),
        "rank_correlation_shuffled": round(float(np.mean(shuffled)), 3),
        "rank_correlation_shuffled_sd": round(float(np.std(shuffled)), 3),
    }  # fmt: skip
    write_json(RESULTS / "saliency.json", content)
    print(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
