"""The blog's recipe: find a rate, train the head, unfreeze, find again, train by one-cycle."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
from fastai.callback.core import Callback
from fastai.callback.training import BnFreeze
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from safetensors.torch import load_file
from torch import nn

from zapcls.config import SUGGESTED, TrainConfig, has_stages
from zapcls.errors import BadInput, Stopped, ZapError
from zapcls.model import checkpoint, processes
from zapcls.model.architectures import split_last_stage
from zapcls.model.callbacks import (
    Continue,
    GrowImages,
    KeepBest,
    ReportProgress,
    SeedEpochs,
    WriteCheckpoint,
    WriteCurves,
    continue_optimizer,
    truncate_rows,
)
from zapcls.model.checkpoint import Checkpoint
from zapcls.model.features import MAPS, POOLED, FrozenBody
from zapcls.model.learner import build_learner, build_network, choose_device, initialize
from zapcls.model.loaders import (
    FeatureGather,
    build_loaders,
    build_pixel_loaders,
    seed_random,
)
from zapcls.model.lr_finder import LrCurve, find_learning_rate
from zapcls.model.memory import halve_until_it_fits
from zapcls.progress import Progress
from zapcls.workspace.layout import read_json, replace_file, write_json

TITLES = {"frozen": "Training the head", "unfrozen": "Training the whole network"}
# The early body learns this much slower than the head once unfrozen, when it starts from
# pretrained weights; a network without them learns at one rate.
BODY_RATE_SHARE = 0.1
# Of the finder: on the head, on the last stage or a GPU, through the whole network on a CPU.
_SECONDS_SEEDS, _MINUTE_SEEDS, _SLOW_SEEDS = 5, 3, 1


class Recipe:
    """One training in a run's folder; `network` holds body and head throughout."""

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        pixels: np.ndarray,
        split: np.ndarray,
        codes: np.ndarray,
        bodies_dir: Path,
        progress: Progress,
    ) -> None:
        """`split` and `codes` (class index, -1 for none) have a value a row of `pixels`.

        `bodies_dir` is where features of frozen bodies are kept for all trainings on these photos.
        """
        self.config, self.folder, self.progress = config, folder, progress
        self._pixels, self._split, self._codes = pixels, split, codes
        self.device = processes.local_device(choose_device(config.device))
        _check_shares(config.batch_size)
        seed_random(config.seed)
        self.network = build_network(config.arch, config.weights, len(config.classes))
        self._frozen_body = FrozenBody(
            config, self.network[0], pixels, bodies_dir, self.device, progress
        )
        self._keep_best = KeepBest(self.network, folder / "model.safetensors")
        self.batch_size = config.batch_size

    def train(self) -> nn.Sequential:
        """Train both phases and return the network of the best epoch by tune, in eval mode.

        A training that has a checkpoint in its folder goes on from there, exactly as it would
        have. What it had begun of a further epoch is done again.

        Raises:
            Stopped: a person asked to stop; the best weights so far are in the folder.
        """
        state = checkpoint.read(self.folder, self.device)
        self._go_back_to(state)
        for phase in self._phases():
            if state is not None and self._is_past(phase, state):
                continue
            self._fit(phase)
        self.network.load_state_dict(load_file(self.folder / "model.safetensors"))
        return self.network.cpu().eval()

    def find_rate_only(self, phase: str) -> LrCurve:
        """Run the finder of one phase; that of the unfrozen phase comes after the frozen one."""
        if phase == "unfrozen" and self.config.frozen_epochs:
            self._fit("frozen")
        return self.find_rate(phase)

    def find_rate(self, phase: str) -> LrCurve:
        """Run the finder and write its curves and suggestions into the folder."""
        before = {key: value.clone() for key, value in self.network.state_dict().items()}

        def build(seed: int) -> Learner:
            seed_random(seed)
            self.network.load_state_dict(before)
            if phase == "frozen":
                initialize(self.network[1])
            return self._build_learner(phase, self.batch_size)[0]

        curve = find_learning_rate(build, phase, self._list_seeds(phase), self.progress)
        self.network.load_state_dict(before)
        path = self.folder / "lr_curve.csv"
        tables = [curve.table]
        if path.exists():  # of the other phase, or of this one before the training was killed
            known_curves = pd.read_csv(path)
            tables.insert(0, known_curves[known_curves["phase"] != phase])
        replace_file(path, pd.concat(tables).to_csv(index=False).encode())
        known = self.folder / "lr_suggestions.json"
        facts = {"rates": curve.suggestions, "valleys": curve.valleys, "faults": curve.faults}
        write_json(known, (read_json(known) if known.exists() else {}) | {phase: facts})
        return curve

    def _phases(self) -> list[str]:
        epochs = {"frozen": self.config.frozen_epochs, "unfrozen": self.config.unfrozen_epochs}
        return [phase for phase, count in epochs.items() if count]

    def _is_past(self, phase: str, state: Checkpoint) -> bool:
        is_over = state.phase_epoch >= getattr(self.config, f"{phase}_epochs")
        return (phase == state.phase and is_over) or (phase, state.phase) == ("frozen", "unfrozen")

    def _go_back_to(self, state: Checkpoint | None) -> None:
        """Put the network back to where it was at the checkpoint."""
        if state is not None:
            self.network.load_state_dict(state.network)
            self._keep_best.best = state.best
            self.batch_size = state.batch_size

    def _list_seeds(self, phase: str) -> list[int]:
        """As many seeds of the finder as a person will wait for."""
        if self._is_cached(phase):
            count = _SECONDS_SEEDS if phase == "frozen" else _MINUTE_SEEDS
        else:
            count = _SLOW_SEEDS if self.device.type == "cpu" else _MINUTE_SEEDS
        return [self.config.seed + number for number in range(count)]

    def _is_cached(self, phase: str) -> bool:
        """Whether a phase trains on what the frozen rest of the network gave once."""
        if phase == "frozen":
            return self.config.views > 0
        return self.config.unfrozen_part == "last_stage"

    def _build_learner(self, phase: str, batch_size: int) -> tuple[Learner, list[Callback]]:
        """Build the Learner of a phase, on the part of the network that it trains.

        Returns:
            The learner, and the callbacks that this phase needs beside those of every fit.
        """
        config = dataclasses.replace(self.config, batch_size=batch_size)
        body, head = self.network
        if self._is_cached(phase):
            if phase == "frozen":  # the features are pooled already
                model, groups = nn.Sequential(*list(head.children())[2:]), [head]
                dls = self._build_feature_loaders(POOLED, batch_size)
            else:
                last = split_last_stage(body)[1]
                model, groups = nn.Sequential(last, head), [last, head]
                dls = self._build_feature_loaders(MAPS, batch_size)
            learner = build_learner(config, model, groups, dls, self.folder)
            learner.unfreeze()  # a frozen phase through the body has frozen the last stage too
            return learner, []
        dls, gather = build_pixel_loaders(
            config, self._pixels, self._split, self._codes, self.device
        )
        learner = build_learner(config, self.network, [body, head], dls, self.folder)
        if phase == "frozen":
            learner.freeze()
            return learner, [BnFreeze()]
        learner.unfreeze()
        if config.compile == "yes":
            self.network.compile()
        start = config.start_size
        return learner, [GrowImages(gather, start, config.image_size)] if start else []

    def _build_feature_loaders(self, kind: str, batch_size: int) -> DataLoaders:
        train = np.flatnonzero(self._split == "train")
        rows = np.flatnonzero(np.isin(self._split, ["train", "tune"]))
        views = self._frozen_body.read(kind, rows, train)
        gather, plain = FeatureGather(views), FeatureGather(views[:1])
        return build_loaders(gather, plain, self._split, self._codes, batch_size, self.device)

    def _fit(self, phase: str) -> None:
        """Train one phase, from its start or from its checkpoint.

        Where a batch does not fit in the device's memory, the phase goes on with half of it.
        """
        start = {key: value.clone() for key, value in self.network.state_dict().items()}

        def fit(batch_size: int) -> None:
            if batch_size < self.batch_size:
                told = f"A batch of {self.batch_size} does not fit in memory; {batch_size} is tried"
                self.progress(told, 0, 0)
            self.batch_size = batch_size
            state = checkpoint.read(self.folder, self.device)
            if processes.is_first():
                for name in ("history.csv", "losses.csv"):  # the rows of an epoch that was begun
                    truncate_rows(self.folder / name, 0 if state is None else state.epochs_done)
            state = state if state is not None and state.phase == phase else None
            self.network.load_state_dict(start if state is None else state.network)
            self._fit_once(phase, state)

        # Several processes cannot halve by themselves: the others would wait for ever.
        least = 2 if processes.count() == 1 else self.batch_size
        halve_until_it_fits(fit, self.batch_size, least)

    def _fit_once(self, phase: str, state: Checkpoint | None) -> None:
        rate = self._choose_rate(phase) if state is None else state.rate
        learner, callbacks = self._build_learner(phase, self.batch_size)
        epochs = getattr(self.config, f"{phase}_epochs")
        start = 0 if state is None else state.phase_epoch
        if state is not None:
            continue_optimizer(learner, state)
            callbacks.append(Continue(state))
        batches = len(learner.dls.train)
        report = ReportProgress(
            self._title(phase), self.progress, epochs * batches, done=start * batches
        )
        callbacks += [SeedEpochs(self.config.seed, phase), report]
        if processes.is_first():
            callbacks += self._list_writers(phase, rate, report)
        if processes.count() > 1:
            has_idle_layers = not has_stages(self.config.arch)
            callbacks.append(processes.TrainTogether(self.device, has_idle_layers))
        with learner.no_bar(), learner.no_logging():
            rates = self._spread(phase, rate)
            learner.fit_one_cycle(epochs, rates, cbs=callbacks, start_epoch=start)
        if report.was_stopped:
            raise Stopped("Stopped as asked.")
        if not np.isfinite(float(learner.recorder.smooth_loss.value)):
            raise ZapError(
                f"The training loss must stay finite, but in the {phase} phase it did not at "
                f"learning rate {rate:.2g}. Choose a smaller {phase} learning rate."
            )

    def _choose_rate(self, phase: str) -> float:
        """The rate that was asked for, or the valley that the finder suggests."""
        wanted = getattr(self.config, f"{phase}_lr")
        if wanted != SUGGESTED:
            return wanted
        if processes.count() > 1:
            raise BadInput(
                f"{phase}_lr must be a number where several processes train together, got "
                f"'{SUGGESTED}'. Find it first: python -m zapcls lr-find --phase {phase}."
            )
        return self.find_rate(phase).suggestions["valley"]

    def _spread(self, phase: str, rate: float) -> float | slice:
        """The rate of each group of layers: the pretrained ones learn more slowly."""
        is_pretrained = self.config.weights != "none"
        if phase == "unfrozen" and is_pretrained:
            return slice(rate * BODY_RATE_SHARE, rate)
        return rate

    def _list_writers(self, phase: str, rate: float, report: ReportProgress) -> list[Callback]:
        """The callbacks that write into the run's folder."""
        epochs_before = self.config.frozen_epochs if phase == "unfrozen" else 0
        return [
            WriteCurves(self.folder, phase, epochs_before, report),
            self._keep_best,
            WriteCheckpoint(
                self.network,
                self.folder,
                self._keep_best,
                epochs_before,
                phase=phase,
                rate=rate,
                batch_size=self.batch_size,
            ),
        ]

    def _title(self, phase: str) -> str:
        is_part = phase == "unfrozen" and self.config.unfrozen_part == "last_stage"
        return "Training the last stage" if is_part else TITLES[phase]


def _check_shares(batch_size: int) -> None:
    """Check that a batch can be shared evenly, so that every image weighs the same."""
    if batch_size % processes.count():
        raise BadInput(
            f"batch_size must be a multiple of the {processes.count()} processes that train "
            f"together, got {batch_size}. Change one of them."
        )
