"""One measurement of `benchmarks.speed`, in a process of its own; prints one JSON object."""

import argparse
import json
import shutil
import tempfile
import threading
import time
import warnings
from dataclasses import replace
from pathlib import Path

import mat4py
import numpy as np
import pandas as pd
import torch

from benchmarks import plain_fastai
from zapcls.config import SUGGESTED, TrainConfig, build_config
from zapcls.data.catalog import Catalogue
from zapcls.data.labels import label_rows
from zapcls.data.sources import read_catalogue
from zapcls.data.task import DEFAULT_TASK
from zapcls.heap import keep_freed_memory
from zapcls.model.export import export_onnx
from zapcls.model.learner import build_network, choose_device
from zapcls.model.loaders import build_pixel_loaders, seed_batches
from zapcls.model.phases import Photos
from zapcls.model.predict import predict
from zapcls.model.preprocess import ShoeClassifier
from zapcls.model.recipe import Recipe
from zapcls.progress import silent
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store
from zapcls.workspace.splits import read_split
from zapcls.workspace.store import Store

CPU = torch.device("cpu")
VIEW_BATCHES = 60
EMBEDDED = 1024  # images of a round


def read_config(arguments: argparse.Namespace) -> TrainConfig:
    return build_config(
        arch=arguments.arch,
        weights=arguments.weights,
        seed=arguments.seed,
        frozen_epochs=4,
        unfrozen_epochs=arguments.unfrozen,
        frozen_lr=SUGGESTED,
        unfrozen_lr=SUGGESTED,
        unfrozen_part="last_stage",
        device="cpu",
    )


def open_photos(
    arguments: argparse.Namespace, config: TrainConfig
) -> tuple[Store, pd.DataFrame, Catalogue]:
    catalogue = read_catalogue(arguments.data)
    store = open_store(Workspace(arguments.workspace), catalogue, with_colors=False)
    split = read_split(store, config)
    return store, split.assign(image_path=catalogue.table["image_path"]), catalogue


def views_plain(arguments: argparse.Namespace) -> dict:
    config = read_config(arguments)
    _, split, catalogue = open_photos(arguments, config)
    dls = plain_fastai.build_loaders(config, split, catalogue.image_root, "cpu")
    return {"views_per_s": round(plain_fastai.measure_views(dls, VIEW_BATCHES))}


def views_zapcls(arguments: argparse.Namespace) -> dict:
    config = read_config(arguments)
    choose_device("cpu")
    store, split, _ = open_photos(arguments, config)
    codes = pd.Index(config.classes).get_indexer(split["label"])
    dls, _ = build_pixel_loaders(config, store.pixels, split["split"].to_numpy(), codes, CPU)
    for _ in dls.train:  # the pages of the store come from disk once
        pass
    seed_batches(dls, 0)
    count, started = 0, time.perf_counter()
    for images, _ in dls.train:
        count += len(images)
    return {"views_per_s": round(count / (time.perf_counter() - started))}


def recipe_plain(arguments: argparse.Namespace) -> dict:
    config = read_config(arguments)
    _, split, catalogue = open_photos(arguments, config)
    with tempfile.TemporaryDirectory() as folder:
        return plain_fastai.train(config, split, catalogue.image_root, Path(folder))


def recipe_zapcls(arguments: argparse.Namespace) -> dict:
    """The commands' own functions; `valid` is predicted after each phase, as plain fastai does."""
    config, marks = read_config(arguments), {}
    started = time.perf_counter()
    for phase in ("frozen", "unfrozen"):
        is_first = phase == "frozen"
        until = replace(config, unfrozen_epochs=0) if is_first else config
        store, split, _ = open_photos(arguments, config)
        codes = pd.Index(config.classes).get_indexer(split["label"])
        parts = split["split"].to_numpy()
        if is_first:
            folder = Path(tempfile.mkdtemp())
        sizes = (len(config.classes),)
        photos = Photos(store.pixels, parts, codes, sizes, store.bodies_dir)
        recipe = Recipe(until, folder, photos, silent)
        network = recipe.train()  # the second goes on from the first one's checkpoint
        rows = np.flatnonzero(parts == "valid")
        classifier = ShoeClassifier(network, store.side, config.image_size, config.statistics)
        logits, _ = predict(classifier, store.pixels, rows, CPU)
        marks[f"{phase}_seconds"] = round(time.perf_counter() - started, 1)
        marks[f"{phase}_error_rate"] = float((logits.argmax(axis=1) != codes[rows]).mean())
    shutil.rmtree(folder)
    return marks


def _build_classifier(arguments: argparse.Namespace) -> tuple[ShoeClassifier, Store, np.ndarray]:
    config = read_config(arguments)
    store, _, _ = open_photos(arguments, config)
    network = build_network(config.arch, config.weights, len(config.classes)).eval()
    rows = np.flatnonzero(store.read_catalog()["image_problem"] == "")[:EMBEDDED]
    return ShoeClassifier(network, store.side, config.image_size, config.statistics), store, rows


def embeddings_eager(arguments: argparse.Namespace) -> dict:
    """torch as it comes: no memory format, no allocator set."""
    classifier, store, rows = _build_classifier(arguments)
    classifier.eval()

    def embed() -> None:
        with torch.inference_mode():
            for start in range(0, len(rows), 64):
                classifier(torch.from_numpy(store.pixels[rows[start : start + 64]]))

    return {"images_per_s": _rate(embed, len(rows))}


def embeddings_eager_tuned(arguments: argparse.Namespace) -> dict:
    classifier, store, rows = _build_classifier(arguments)
    keep_freed_memory()
    work = lambda: predict(classifier, store.pixels, rows, CPU)  # noqa: E731
    return {"images_per_s": _rate(work, len(rows))}


def embeddings_zapcls(arguments: argparse.Namespace) -> dict:
    """The exported model, as a run is evaluated; the export itself is told beside it."""
    classifier, store, rows = _build_classifier(arguments)
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        started = time.perf_counter()
        export_onnx(classifier, store.pixels[rows[:32]], path, {"gender": 2})
        export_s = round(time.perf_counter() - started, 1)
        work = lambda: predict(classifier, store.pixels, rows, CPU, path)  # noqa: E731
        return {"images_per_s": _rate(work, len(rows)), "export_s": export_s}


def _rate(work, count: int) -> float:
    work()
    started = time.perf_counter()
    work()
    return round(count / (time.perf_counter() - started), 1)


def count(arguments: argparse.Namespace) -> dict:
    """The frozen phase on so many photos: the kept ones, copied under new products."""
    folder = write_copies(arguments.data, arguments.count, arguments.workspace / "copies")
    watch = MemoryWatch()
    config = replace(read_config(arguments), unfrozen_epochs=0)
    marks = [time.perf_counter()]
    here = argparse.Namespace(data=folder, workspace=arguments.workspace)
    store, split, _ = open_photos(here, config)
    marks.append(time.perf_counter())
    codes = pd.Index(config.classes).get_indexer(split["label"])
    parts = split["split"].to_numpy()
    run = arguments.workspace / "run"
    run.mkdir()
    photos = Photos(store.pixels, parts, codes, (len(config.classes),), store.bodies_dir)
    recipe = Recipe(config, run, photos, silent)
    recipe.phases.build_learner("frozen", config.batch_size)  # computes the features
    marks.append(time.perf_counter())
    network = recipe.train()
    marks.append(time.perf_counter())
    rows = np.flatnonzero(parts == "valid")
    predict(
        ShoeClassifier(network, store.side, config.image_size, config.statistics),
        store.pixels,
        rows,
        CPU,
    )
    marks.append(time.perf_counter())
    store_s, features_s, head_s, evaluation_s = np.diff(marks).round(1).tolist()
    return {
        "photos": len(split),
        "store_s": store_s,
        "features_s": features_s,
        "head_s": head_s,
        "evaluation_s": evaluation_s,
        "peak_mb": round(watch.stop()),
    }


def write_copies(data_dir: Path, n: int, folder: Path) -> Path:
    """Write a catalogue of `n` copies of kept photos, the products renumbered."""
    catalogue = read_catalogue(data_dir)
    table = label_rows(catalogue.table, DEFAULT_TASK)
    kept = table[table["kept"]]
    rows, paths = [], []
    for number in range(n):
        copy, place = divmod(number, len(kept))
        row = kept.iloc[place]
        product = f"{copy}{int(row['product_id']):09d}"
        color = row["image_id"].rsplit("-", 1)[1]
        rows.append({"CID": f"{product}-{color}", "Gender": row["gender"]})
        paths.append(f"Shoes/Copies/Brand{number % 97}/{product}.{color}.jpg")
        target = folder / "ut-zap50k-images" / paths[-1]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(catalogue.image_root / row["image_path"], target)
    names = ["Category", "SubCategory", "HeelHeight", "Insole", "Closure", "Material", "ToeStyle"]
    table = pd.DataFrame(rows).assign(**dict.fromkeys(names, "Shoes"))
    (folder / "ut-zap50k-data").mkdir()
    table.to_csv(folder / "ut-zap50k-data" / "meta-data.csv", index=False)
    mat4py.savemat(str(folder / "ut-zap50k-data" / "image-path.mat"), {"imagepath": paths})
    return folder


class MemoryWatch:
    """Watches this process's anonymous memory, in MB above what it has at the start (Linux)."""

    def __init__(self) -> None:
        self._start = self._peak = self._read()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Return the peak so far."""
        self._is_over.set()
        self._thread.join()
        return self._peak - self._start

    def _watch(self) -> None:
        while not self._is_over.wait(0.05):
            self._peak = max(self._peak, self._read())

    def _read(self) -> float:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


SIDES = {
    "views-plain": views_plain,
    "views-zapcls": views_zapcls,
    "recipe-plain": recipe_plain,
    "recipe-zapcls": recipe_zapcls,
    "embeddings-eager": embeddings_eager,
    "embeddings-eager-tuned": embeddings_eager_tuned,
    "embeddings-zapcls": embeddings_zapcls,
    "count": count,
}


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=list(SIDES))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--arch", default="tf_efficientnet_lite0")
    parser.add_argument("--weights", default="bundled")
    parser.add_argument("--workspace", type=Path, default=Path("workspace"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unfrozen", type=int, default=4, help="epochs after the frozen ones")
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    print(json.dumps(SIDES[arguments.side](arguments)))


if __name__ == "__main__":
    main()
