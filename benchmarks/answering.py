"""How fast a photo is answered, beside the bare engine and beside fastai's `learn.predict`.

    make bench-answering RUN=RUN [WORKSPACE=DIR]

All sides take turns in one process, so that another program slows all of them; medians of ROUNDS.
The photos are those of the run's catalogue and one of 12 megapixels, made of one of them. "The
engine" is ONNX Runtime's session on pixels that are ready. fastai answers with a ResNet-50 of
random weights at 224 px, and the same network is exported for our side. Prints a table and writes
`benchmarks/results/answering.md`.
"""

import argparse
import io
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fastai.vision.augment import Resize
from fastai.vision.data import ImageDataLoaders
from fastai.vision.learner import vision_learner
from PIL import Image
from torchvision.models import resnet50

from benchmarks.machine import describe_machine
from zapcls.answer import saliency
from zapcls.answer.classify import Classifier, classify, open_classifier
from zapcls.answer.limits import find_limits, open_answering
from zapcls.answer.many import answer_all, list_photos
from zapcls.config import Statistics
from zapcls.model.export import export_onnx
from zapcls.model.learner import build_network
from zapcls.model.preprocess import ShoeClassifier
from zapcls.progress import silent
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.runs import Run, find_evaluated
from zapcls.workspace.store import find_store

RESULTS = Path(__file__).parent / "results"
ROUNDS, MANY, LARGE = 15, 200, (4000, 3000)
BLOG_PX = 224


def time_all(sides: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Time some calls in turn, `rounds` times each after one that warms up; medians in ms."""
    for call in sides.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, call in sides.items():
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    return {name: 1000 * statistics.median(times) for name, times in seconds.items()}


def measure_one(run: Run, photo: bytes) -> dict[str, float]:
    """Measure one catalogue photo, the same at 12 megapixels, and what explains its answer."""
    classifier, answer = open_classifier(run), open_answering(run)
    classes = list(run.task.classes)
    pixels = classify(classifier, classes, photo).pixels
    large = io.BytesIO()
    Image.open(io.BytesIO(photo)).resize(LARGE).save(large, "JPEG", quality=92)
    return time_all(
        {
            "the engine, one photo": lambda: classifier.answer(pixels[None]),
            "classify, one photo": lambda: classify(classifier, classes, photo),
            "and whether it is sure and familiar": lambda: answer(photo),
            "a photo of 12 megapixels, all of it": lambda: answer(large.getvalue()),
            "where it looked, on Classify": lambda: saliency.occlusion(
                classifier, pixels, 0, saliency.QUICK
            ),
        }
    )


def measure_many(run: Run, files: list[Path]) -> dict[str, float]:
    """Measure many photos as the command answers them, beside the engines on ready pixels."""
    answer, classifier, limits = open_answering(run), open_classifier(run), find_limits(run)
    assert limits is not None
    pixels = [classify(classifier, list(run.task.classes), file).pixels for file in files]
    photos = [photo for file in files for photo in list_photos(file)]

    def run_engines() -> None:
        for square in pixels:
            classifier.answer(square[None])
            limits.is_familiar(square)

    return time_all(
        {
            f"the engines, {len(files)} photos": run_engines,
            f"answers for {len(files)} photos": lambda: list(
                answer_all(photos, answer, run.task, run.tasks, silent)
            ),
        },
        rounds=3,
    )


def measure_blog(photo: bytes, folder: Path) -> dict[str, float]:
    """Measure the blog's network: `learn.predict` beside the same exported."""
    file = folder / "photo.jpg"
    file.write_bytes(photo)
    dls = ImageDataLoaders.from_lists(
        folder, [file] * 4, ["Women", "Men"] * 2, item_tfms=Resize(BLOG_PX), bs=2, num_workers=0
    )
    learner = vision_learner(dls, resnet50, pretrained=False)
    network = build_network("resnet50", "none", 2)
    network.eval()
    model, path = ShoeClassifier(network, BLOG_PX, BLOG_PX, Statistics()), folder / "blog.onnx"
    white = np.full((2, BLOG_PX, BLOG_PX, 3), 255, np.uint8)
    export_onnx(model, white, path, {"gender": 2})
    classifier = Classifier(path)

    def predict() -> None:
        with learner.no_bar(), learner.no_logging():
            learner.predict(file)

    return time_all(
        {
            "ResNet-50 at 224 px, learn.predict": predict,
            "ResNet-50 at 224 px, classify": lambda: classify(classifier, ["Women", "Men"], photo),
        }
    )


def write_table(rows: dict[str, float], ratios: dict[str, float]) -> str:
    lines = [describe_machine(), "", "| what | ms |", "|---|---|"]
    lines += [f"| {name} | {value:,.1f} |" for name, value in rows.items()]
    lines += ["", "| ratio | |", "|---|---|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in ratios.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", required=True)
    parser.add_argument("--workspace", type=Path)
    arguments = parser.parse_args()
    workspace = open_workspace(arguments.workspace)
    run = find_evaluated(workspace, arguments.run)
    table = read_predictions(run, workspace)
    store = find_store(workspace, run.facts["catalogue_id"])
    valid = table.loc[table["split"] == "valid", "image_path"].head(MANY)
    files = [store.find_image(path) for path in valid]
    photo = files[0].read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        one, many = measure_one(run, photo), measure_many(run, files)
        blog = measure_blog(photo, Path(folder))
    rows = one | many | blog
    engines, answers = many.values()
    predict, ours = blog.values()
    ratios = {
        "classify by the engine": one["classify, one photo"] / one["the engine, one photo"],
        "throughput of many photos by the engines'": engines / answers,
        "learn.predict by classify": predict / ours,
    }
    text = write_table(rows, ratios)
    (RESULTS / "answering.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
