"""The blog's recipe: find a rate, train the head, unfreeze, find again, train by one-cycle."""

import gc
from pathlib import Path

import numpy as np
import torch
from fastai.callback.core import Callback
from fastai.callback.training import BnFreeze
from fastai.learner import Learner
from fastai.torch_core import set_seed
from safetensors.torch import load_file
from torch import nn

from zapcls.config import SUGGESTED, TrainConfig
from zapcls.errors import Stopped, ZapError
from zapcls.model.callbacks import KeepBest, ReportProgress, WriteCurves
from zapcls.model.learner import build_learner, choose_device
from zapcls.model.loaders import build_loaders
from zapcls.model.lr_finder import LrCurve, find_learning_rate
from zapcls.progress import Progress
from zapcls.workspace.layout import read_json, write_json

TITLES = {"frozen": "Training the head", "unfrozen": "Training the whole network"}
# The early body learns this much slower than the head once unfrozen, when it starts from
# pretrained weights; a network without them learns at one rate.
BODY_RATE_SHARE = 0.1


class Recipe:
    """One training in a run's folder; `learner` holds the network throughout."""

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        pixels: np.ndarray,
        split: np.ndarray,
        codes: np.ndarray,
        progress: Progress,
    ) -> None:
        """`split` and `codes` (class index, -1 for none) have a value a row of `pixels`."""
        self.config, self.folder, self.progress = config, folder, progress
        device = choose_device(config.device)
        set_seed(config.seed, reproducible=False)  # a loader draws its order's seed when built
        dls = build_loaders(config, pixels, split, codes, device)
        self.learner: Learner = build_learner(config, dls, folder)
        self._keep_best = KeepBest(folder / "model.safetensors")
        self._epochs_done = 0

    def train(self) -> nn.Sequential:
        """Train both phases and return the network of the best epoch by tune, in eval mode.

        Raises:
            Stopped: a person asked to stop; the best weights so far are in the folder.
        """
        for phase in self._phases():
            self._prepare(phase)
            self._fit(phase)
        network = self.learner.model
        network.load_state_dict(load_file(self.folder / "model.safetensors"))
        return network.eval()

    def find_rate_only(self, phase: str) -> LrCurve:
        """Run the finder of one phase; that of the unfrozen phase comes after the frozen one."""
        if phase == "unfrozen" and self.config.frozen_epochs:
            self._prepare("frozen")
            self._fit("frozen")
        self._prepare(phase)
        return self.find_rate(phase)

    def find_rate(self, phase: str) -> LrCurve:
        """Run the finder and write its curve and suggestions into the folder."""
        curve = find_learning_rate(self.learner, phase, self.progress)
        path = self.folder / "lr_curve.csv"
        curve.table.to_csv(path, mode="a", header=not path.exists(), index=False)
        known = self.folder / "lr_suggestions.json"
        content = read_json(known) if known.exists() else {}
        write_json(known, content | {phase: curve.suggestions})
        return curve

    def _phases(self) -> list[str]:
        epochs = {"frozen": self.config.frozen_epochs, "unfrozen": self.config.unfrozen_epochs}
        return [phase for phase, count in epochs.items() if count]

    def _prepare(self, phase: str) -> None:
        if phase == "frozen":
            self.learner.freeze()
        else:
            self.learner.unfreeze()

    def _fit(self, phase: str) -> None:
        """Train one phase by one-cycle, at its rate or at the valley that the finder suggests."""
        wanted = getattr(self.config, f"{phase}_lr")
        rate = self.find_rate(phase).suggestions["valley"] if wanted == SUGGESTED else wanted
        epochs = getattr(self.config, f"{phase}_epochs")
        batches = epochs * len(self.learner.dls.train)
        report = ReportProgress(TITLES[phase], self.progress, batches)
        curves = WriteCurves(self.folder, phase, self._epochs_done, report)
        callbacks: list[Callback] = [report, curves, self._keep_best]
        if phase == "frozen":
            callbacks.append(BnFreeze())
        is_pretrained = self.config.weights != "none"
        is_discriminative = phase == "unfrozen" and is_pretrained
        rates = slice(rate * BODY_RATE_SHARE, rate) if is_discriminative else rate
        with self.learner.no_bar(), self.learner.no_logging():
            self.learner.fit_one_cycle(epochs, rates, cbs=callbacks)
        if report.was_stopped:
            raise Stopped("Stopped as asked.")
        if not np.isfinite(float(self.learner.recorder.smooth_loss.value)):
            raise ZapError(
                f"The training loss must stay finite, but in the {phase} phase it did not at "
                f"learning rate {rate:.2g}. Choose a smaller {phase} learning rate."
            )
        self._epochs_done += epochs


def release(recipe: Recipe) -> None:
    """Free the learner's memory before the evaluation."""
    recipe.learner = None
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
