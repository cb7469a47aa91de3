"""The other side of the speed benchmark: plain fastai, as the blog writes it.

`ImageDataLoaders.from_df` decodes, pads and resizes each JPEG again every epoch, and the frozen
phase runs the frozen body again every epoch. Nothing of zapcls is used but the table of its split
and the body that has no pooling layer to cut at.
"""

import time
from pathlib import Path

import pandas as pd
import torch
from fastai.callback.schedule import valley
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.metrics import error_rate
from fastai.torch_core import set_seed
from fastai.vision.augment import Flip, PadMode, Resize, ResizeMethod
from fastai.vision.data import ImageDataLoaders
from fastai.vision.learner import Normalize, add_head
from fastai.vision.learner import default_split as split_body_and_head

from zapcls.config import TrainConfig
from zapcls.model.architectures import build_body


def build_loaders(
    config: TrainConfig, split: pd.DataFrame, image_root: Path, device: str
) -> ImageDataLoaders:
    """Build fastai's loaders of the rows of `train` and `valid`: flips, the network's statistics.

    `split` has `image_path, label, split`. The photos are padded to squares with their own white
    border, as the square set that the blog used is.
    """
    table = split[split["split"].isin(["train", "valid"])].copy()
    table["is_valid"] = table["split"] == "valid"
    return ImageDataLoaders.from_df(
        table,
        image_root,
        fn_col="image_path",
        label_col="label",
        valid_col="is_valid",
        item_tfms=Resize(config.image_size, method=ResizeMethod.Pad, pad_mode=PadMode.Border),
        batch_tfms=[Flip(), Normalize.from_stats(*config.statistics)],
        bs=config.batch_size,
        num_workers=torch.get_num_threads(),
        device=torch.device(device),
    )


def build_learner(config: TrainConfig, dls: ImageDataLoaders, folder: Path) -> Learner:
    """Build the Learner that `vision_learner` would, had this body a pooling layer."""
    body, channels = build_body(config.arch, config.weights)
    learner = Learner(
        dls,
        add_head(body, channels, dls.c),
        loss_func=CrossEntropyLossFlat(),
        metrics=error_rate,
        splitter=split_body_and_head,
        path=folder,
    )
    learner.freeze()
    return learner


def count_errors(learner: Learner) -> float:
    """The error rate on `valid`, 0..1."""
    prob, truth = learner.get_preds()
    return float((prob.argmax(dim=1) != truth).float().mean())


def train(
    config: TrainConfig, split: pd.DataFrame, image_root: Path, folder: Path, device: str = "cpu"
) -> dict[str, float]:
    """Finder, frozen phase, evaluation; then the same with the whole network, if it has epochs.

    Returns:
        `<phase>_seconds` (since the start), `<phase>_error_rate` and `<phase>_rate`.
    """
    set_seed(config.seed, reproducible=False)
    started = time.perf_counter()
    learner = build_learner(config, build_loaders(config, split, image_root, device), folder)
    marks: dict[str, float] = {}
    for phase in ("frozen", "unfrozen"):
        epochs = getattr(config, f"{phase}_epochs")
        if not epochs:
            continue
        if phase == "unfrozen":
            learner.unfreeze()
        with learner.no_bar(), learner.no_logging():
            rate = learner.lr_find(show_plot=False, suggest_funcs=(valley,)).valley
            rates = slice(rate / 10, rate) if phase == "unfrozen" else rate
            learner.fit_one_cycle(epochs, rates)
            error = count_errors(learner)
        marks[f"{phase}_seconds"] = round(time.perf_counter() - started, 1)
        marks[f"{phase}_error_rate"], marks[f"{phase}_rate"] = error, rate
    return marks


def measure_views(loaders: ImageDataLoaders, batches: int) -> float:
    """How many training views a second the loaders give, workers running: the median batch rate.

    The first batches, for which the workers start, are not counted.
    """
    marks: list[float] = []
    for batch, _ in zip(loaders.train, range(batches), strict=False):
        assert batch[0].shape[0] == loaders.train.bs
        marks.append(time.perf_counter())
    return loaders.train.bs * (len(marks) - 8) / (marks[-1] - marks[7])
