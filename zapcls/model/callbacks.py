"""fastai callbacks that show a training to the outside: progress, curves, the best weights."""

import csv
import math
import time
from pathlib import Path
from typing import Any

from fastai.callback.core import Callback, CancelFitException
from safetensors.torch import save_file
from torch import nn

from zapcls import schema
from zapcls.errors import Stopped
from zapcls.progress import Progress


def append_row(path: Path, columns: dict[str, str], row: dict[str, Any]) -> None:
    """Append a row to a CSV, with the header when the file is new; flushed at once."""
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(columns))
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def save_weights(model: nn.Module, path: Path) -> None:
    """Replace a .safetensors file by the model's weights, atomically."""
    aside = path.with_name(f".{path.name}.part")
    state = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    save_file(state, aside)
    aside.replace(path)


class ReportProgress(Callback):
    """Reports each training batch, and ends the fit when a person asked to stop.

    After the fit `was_stopped` tells whether that happened.
    """

    order = 90  # after fastai's Recorder has smoothed the loss

    def __init__(self, title: str, progress: Progress, batches: int) -> None:
        self.title, self.progress, self.batches = title, progress, batches
        self.was_stopped = False
        self.images_per_s = 0.0

    def before_fit(self) -> None:
        self._started = time.perf_counter()
        self._batches_done = 0

    def after_batch(self) -> None:
        if not self.training:
            return
        self._batches_done += 1
        elapsed = time.perf_counter() - self._started
        self.images_per_s = self._batches_done * self.dls.train.bs / elapsed
        left = elapsed / self._batches_done * (self.batches - self._batches_done)
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
            raise CancelFitException from None


class WriteCurves(Callback):
    """Writes history.csv (a row an epoch) and losses.csv (at most three rows a second)."""

    order = 91

    def __init__(
        self, folder: Path, phase: str, epochs_before: int, report: ReportProgress
    ) -> None:
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

    def after_epoch(self) -> None:
        train_loss, tune_loss, tune_error_rate = self.recorder.values[-1]
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


class KeepBest(Callback):
    """Keeps the weights of the epoch with the fewest tune errors, the lower loss on a tie.

    One instance serves both phases, so that the best is the best of the whole training.
    """

    order = 92

    def __init__(self, path: Path) -> None:
        self.path = path
        self.best: tuple[float, float] | None = None

    def after_epoch(self) -> None:
        _, tune_loss, tune_error_rate = self.recorder.values[-1]
        if not math.isfinite(tune_loss):
            return
        if self.best is None or (tune_error_rate, tune_loss) < self.best:
            self.best = (tune_error_rate, tune_loss)
            save_weights(self.model, self.path)
