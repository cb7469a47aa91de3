"""fastai callbacks that show a training to the outside: progress, curves, the best weights."""

import csv
import math
import time
from pathlib import Path
from typing import Any

import pandas as pd
from fastai.callback.core import Callback, CancelFitException
from fastai.learner import Learner
from fastcore.foundation import L
from safetensors.torch import save
from torch import nn, tensor

from zapcls import schema
from zapcls.config import PHASES
from zapcls.errors import Stopped
from zapcls.model import checkpoint, processes
from zapcls.model.loaders import PixelGather, seed_batches
from zapcls.model.steadier import AverageWeights
from zapcls.progress import Progress
from zapcls.workspace.layout import replace_file


def append_row(path: Path, columns: dict[str, str], row: dict[str, Any]) -> None:
    """Append a row to a CSV, with the header when the file is new; flushed at once."""
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(columns), lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def truncate_rows(path: Path, epochs: int) -> None:
    """Drop the rows after an epoch: those of an epoch that a stopped training had begun."""
    try:
        table = pd.read_csv(path, on_bad_lines="skip")
        kept = table[table["epoch"] <= epochs]
    except FileNotFoundError:
        return
    except (pd.errors.EmptyDataError, KeyError):  # killed before its header was written
        path.unlink()
        return
    replace_file(path, kept.to_csv(index=False).encode())


def save_weights(model: nn.Module, path: Path) -> None:
    """Replace a .safetensors file by the model's weights, atomically.

    Raises:
        OSError: the disk is full; the file before is still there.
    """
    state = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    replace_file(path, save(state))


class ReportProgress(Callback):
    """Reports each training batch, and ends the fit when a person asked to stop.

    After the fit `was_stopped` tells whether that happened.
    """

    order = 90  # after fastai's Recorder has smoothed the loss

    def __init__(self, title: str, progress: Progress, batches: int, done: int = 0) -> None:
        """`done` of the `batches` were done before: by an earlier fit, or before a resume."""
        self.title, self.progress, self.batches = title, progress, batches
        self.done_before = done
        self.was_stopped = False
        self.images_per_s = 0.0

    def before_fit(self) -> None:
        self._started = time.perf_counter()
        self._batches_done = self.done_before

    def after_batch(self) -> None:
        if not self.training:
            return
        self._batches_done += 1
        done = self._batches_done - self.done_before
        elapsed = time.perf_counter() - self._started
        self.images_per_s = done * self.dls.train.bs / elapsed
        left = elapsed / done * (self.batches - self._batches_done)
        self._report(
            images_per_s=round(self.images_per_s, 1),
            seconds_left=round(max(0.0, left), 1),
            loss=round(float(self.smooth_loss), 4),
            epoch=self.epoch + 1,
            epochs=self.n_epoch,
            batch=self.iter + 1,
            batches=self.n_iter,
        )

    def before_validate(self) -> None:
        self._report()

    def _report(self, **detail: object) -> None:
        try:
            self.progress(self.title, self._batches_done, self.batches, **detail)
        except Stopped:
            self.was_stopped = True
        self.was_stopped = processes.any_true(self.was_stopped, self.dls.device)
        if self.was_stopped:
            raise CancelFitException


class SeedEpochs(Callback):
    """Makes each epoch's order and random changes follow the seed, the phase and the epoch."""

    order = -20  # before anything draws

    def __init__(self, seed: int, phase: str) -> None:
        self.numbers = (seed, PHASES.index(phase))

    def before_epoch(self) -> None:
        seed_batches(self.dls, *self.numbers, self.epoch)


class GrowImages(Callback):
    """Progressive resizing: small images in the first epochs, full ones in the last third.

    Tune is always seen at full size.
    """

    order = -19

    def __init__(self, gather: PixelGather, start_size: int, image_size: int) -> None:
        self.gather, self.start_size, self.image_size = gather, start_size, image_size

    def before_epoch(self) -> None:
        self.gather.size = grow(self.epoch, self.n_epoch, self.start_size, self.image_size)

    def after_fit(self) -> None:
        self.gather.size = self.image_size


def grow(epoch: int, epochs: int, start_size: int, image_size: int) -> int:
    """The side in px at an epoch (from 0): in steps of 32 px, full from two thirds on."""
    share = min(1.0, epoch / max(1.0, epochs * 2 / 3))
    if share == 1:
        return image_size
    return min(image_size, round((start_size + share * (image_size - start_size)) / 32) * 32)


class AfterEpoch(Callback):
    """Calls `finish_epoch(train_loss, tune_loss, tune_error_rate)` of its subclasses.

    That is after each epoch that was trained, not after those that a resumed fit skips.
    """

    def after_epoch(self) -> None:
        if self.recorder.values[-1]:
            self.finish_epoch(*self.recorder.values[-1])


class WriteCurves(AfterEpoch):
    """Writes history.csv (a row an epoch) and losses.csv (at most three rows a second)."""

    order = 91

    def __init__(
        self, folder: Path, phase: str, epochs_before: int, report: ReportProgress
    ) -> None:
        """`epochs_before` this phase were done by the phases before it."""
        self.folder, self.phase, self.epochs_before = folder, phase, epochs_before
        self.report = report

    def before_epoch(self) -> None:
        self._epoch_started = time.perf_counter()
        self._written_at = 0.0

    def after_batch(self) -> None:
        if not self.training or time.perf_counter() - self._written_at < 0.33:
            return
        self._written_at = time.perf_counter()
        row = {
            "phase": self.phase,
            "epoch": round(self.epochs_before + self.epoch + (self.iter + 1) / self.n_iter, 4),
            "train_loss": round(float(self.smooth_loss), 5),
            "images_per_s": round(self.report.images_per_s, 1),
        }
        append_row(self.folder / "losses.csv", schema.LOSSES, row)

    def finish_epoch(self, train_loss: float, tune_loss: float, tune_error_rate: float) -> None:
        row = {
            "phase": self.phase,
            "epoch": self.epochs_before + self.epoch + 1,
            "train_loss": round(train_loss, 5),
            "tune_loss": round(tune_loss, 5),
            "tune_error_rate": round(tune_error_rate, 5),
            "images_per_s": round(self.report.images_per_s, 1),
            "seconds": round(time.perf_counter() - self._epoch_started, 2),
        }
        append_row(self.folder / "history.csv", schema.HISTORY, row)


class KeepBest(AfterEpoch):
    """Keeps the weights of the epoch with the fewest tune errors, the lower loss on a tie.

    Each phase begins anew: tune is small, and across phases the luckiest epoch would win. What is
    kept is the whole network, also where a phase trains a part of it. Where it `is_averaged`, the
    last epoch is kept: a mean of weights needs no choice, and tune would choose by luck.
    """

    order = 92

    def __init__(self, network: nn.Module, path: Path, is_averaged: bool = False) -> None:
        self.network, self.path, self.is_averaged = network, path, is_averaged
        self.best: tuple[float, float] | None = None

    def finish_epoch(self, train_loss: float, tune_loss: float, tune_error_rate: float) -> None:
        if not math.isfinite(tune_loss):
            return
        is_better = self.best is None or (tune_error_rate, tune_loss) < self.best
        if is_better or self.is_averaged:
            self.best = (tune_error_rate, tune_loss)
            save_weights(self.network, self.path)


class WriteCheckpoint(AfterEpoch):
    """Writes the checkpoint after each epoch, when its row and its weights are written."""

    order = 93

    def __init__(
        self,
        network: nn.Module,
        folder: Path,
        keep_best: KeepBest,
        epochs_before: int,
        average: AverageWeights | None = None,
        **facts: Any,
    ) -> None:
        """`facts` are the `phase, batch_size, rate` of the phase."""
        self.network, self.folder, self.keep_best = network, folder, keep_best
        self.average = average
        self.epochs_before, self.facts = epochs_before, facts

    def finish_epoch(self, *values: float) -> None:
        state = checkpoint.take(
            self.learn,
            self.network,
            phase_epoch=self.epoch + 1,
            epochs_done=self.epochs_before + self.epoch + 1,
            best=self.keep_best.best,
            average=None if self.average is None else self.average.mean,
            **self.facts,
        )
        checkpoint.write(state, self.folder)


def continue_optimizer(learner: Learner, state: checkpoint.Checkpoint) -> None:
    """Put a learner's optimizer back to where it was at a checkpoint."""
    if learner.opt is None:
        learner.create_opt()
    optimizer = state.optimizer
    learner.opt.load_state_dict({"state": optimizer["state"], "hypers": L(optimizer["hypers"])})


class Continue(Callback):
    """Puts back what a fit resets at its start, when it goes on from a checkpoint."""

    order = 60  # after the Recorder and the scaler are made anew

    def __init__(self, state: checkpoint.Checkpoint) -> None:
        self.state = state

    def before_fit(self) -> None:
        smooth = self.recorder.smooth_loss
        smooth.count, smooth.val = self.state.smooth_loss[0], tensor(self.state.smooth_loss[1])
        if self.state.scaler is not None:
            self.learn.scaler.load_state_dict(self.state.scaler)
