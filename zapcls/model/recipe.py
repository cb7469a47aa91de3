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

from zapcls.analysis.balance import Embedded, assign_groups, fit_balanced_layer, weigh_apart
from zapcls.config import PARTS, STAGES, SUGGESTED, TrainConfig, has_stages
from zapcls.errors import BadInput, Stopped, ZapError
from zapcls.model import checkpoint, processes
from zapcls.model.architectures import split_stages
from zapcls.model.callbacks import (
    Continue,
    GrowImages,
    KeepBest,
    ReportProgress,
    SeedEpochs,
    WriteCheckpoint,
    WriteCurves,
    continue_optimizer,
    save_weights,
    truncate_rows,
)
from zapcls.model.checkpoint import Checkpoint
from zapcls.model.features import MAPS, POOLED, FrozenBody
from zapcls.model.last_layer import embed, replace_weight
from zapcls.model.learner import build_learner, build_network, choose_device, initialize
from zapcls.model.loaders import (
    FeatureGather,
    PixelGather,
    build_loaders,
    build_pixel_loaders,
    seed_random,
)
from zapcls.model.lr_finder import LrCurve, find_learning_rate
from zapcls.model.memory import halve_until_it_fits
from zapcls.model.recolored import read_recolored
from zapcls.model.views import list_views
from zapcls.progress import Progress
from zapcls.workspace.layout import read_json, replace_file, write_json

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
        colors: np.ndarray | None = None,
    ) -> None:
        """`split` and `codes` (class index, -1 for none) have a value a row of `pixels`.

        `bodies_dir` is where features of frozen bodies are kept for all trainings on these photos.
        `colors` are the photos' basic terms ("" for none), where `config.needs_colors`.
        """
        self.config, self.folder, self.progress = config, folder, progress
        self._pixels, self._split, self._codes, self._colors = pixels, split, codes, colors
        self._bodies_dir = bodies_dir
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
        if self.config.last_layer == "balanced" and processes.is_first():
            self._balance_last_layer()
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
        return self.config.unfrozen_part in STAGES

    def _build_learner(self, phase: str, batch_size: int) -> tuple[Learner, list[Callback]]:
        """Build the Learner of a phase, on the part of the network that it trains.

        Returns:
            The learner, and the callbacks that this phase needs beside those of every fit.
        """
        config = dataclasses.replace(self.config, batch_size=batch_size)
        model, groups, kind = self._choose_part(phase)
        if kind:
            dls = self._build_feature_loaders(kind, batch_size)
            learner = build_learner(config, model, groups, dls, self.folder)
            learner.unfreeze()  # a frozen phase through the body has frozen the last stage too
            return learner, []
        dls, gather = self._build_pixel_loaders(config)
        learner = build_learner(config, model, groups, dls, self.folder)
        if phase == "frozen":
            learner.freeze()
            return learner, [BnFreeze()]
        learner.unfreeze()
        if config.compile == "yes":
            self.network.compile()
        start = config.start_size
        return learner, [GrowImages(gather, start, config.image_size)] if start else []

    def _choose_part(self, phase: str) -> tuple[nn.Sequential, list[nn.Module], str]:
        """Choose what a phase trains.

        Returns:
            The model, its parts for discriminative rates, and the kind of kept features that it
            is shown; "" where that is photos.
        """
        body, head = self.network
        if not self._is_cached(phase):
            return self.network, [body, head], ""
        if phase == "frozen":  # the features are pooled already
            return nn.Sequential(*list(head.children())[2:]), [head], POOLED
        last = split_stages(body, STAGES[self.config.unfrozen_part])[1]
        return nn.Sequential(last, head), [last, head], MAPS

    def _build_feature_loaders(self, kind: str, batch_size: int) -> DataLoaders:
        rows = np.flatnonzero(np.isin(self._split, ["train", "tune"]))
        views = self._frozen_body.read(kind, rows, self._list_rows("train"))
        gather = FeatureGather(views, list(list_views(self.config).values()))
        plain, weights = FeatureGather(views[:1]), self._weigh_photos()
        return build_loaders(
            gather, plain, self._split, self._codes, batch_size, self.device, weights
        )

    def _build_pixel_loaders(self, config: TrainConfig) -> tuple[DataLoaders, PixelGather]:
        recolored = None
        if config.recolor_share:
            rows = self._list_rows("train")
            recolored = read_recolored(self._pixels, rows, self._bodies_dir, self.progress)
        arrays = (self._pixels, self._split, self._codes)
        return build_pixel_loaders(config, *arrays, self.device, self._weigh_photos(), recolored)

    def _list_rows(self, part: str) -> np.ndarray:
        return np.flatnonzero(self._split == part)

    def _find_groups(self, part: str) -> np.ndarray:
        """The group of color and label of each photo of a part."""
        assert self._colors is not None  # the config says that they are needed
        rows = self._list_rows(part)
        return assign_groups(self._codes[rows], self._colors[rows])

    def _weigh_photos(self) -> np.ndarray | None:
        """What each training photo weighs in the loss, None where all weigh the same."""
        if self.config.color_weights == "none":
            return None
        assert self._colors is not None  # the config says that they are needed
        rows = self._list_rows("train")
        return weigh_apart(self._codes[rows], self._colors[rows])

    def _balance_last_layer(self) -> None:
        """Fit the last layer again on colors and labels in balance; the rest stays as it is.

        Nothing but the rest and the seed goes into it: done again after a stop, it is the same.
        """
        last = list(self.network[1].children())[-1]
        train, tune = (self._embed(last, part) for part in ("train", "tune"))
        classes, seed = len(self.config.classes), self.config.seed
        layer = fit_balanced_layer(train, tune, classes, seed, self.progress)
        replace_weight(last, layer.weight)
        save_weights(self.network, self.folder / "model.safetensors")
        write_json(self.folder / "last_layer.json", layer.facts)

    def _embed(self, last: nn.Module, part: str) -> Embedded:
        """What enters the last layer for the photos of a part, through what was trained last."""
        rows, groups = self._list_rows(part), self._find_groups(part)
        model, _, kind = self._choose_part(self._phases()[-1])
        gather: FeatureGather | PixelGather
        if kind:
            gather = FeatureGather([self._frozen_body.read_plain(kind, rows)])
        else:
            size, statistics = self.config.image_size, self.config.statistics
            gather = PixelGather(self._pixels, size, self.device, statistics)
        size, device = self.batch_size, self.device
        embeddings = embed(model, last, gather, rows, size, device, self.progress)
        return Embedded(embeddings, self._codes[rows], groups)

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
        if phase == "frozen":
            return "Training the head"
        return f"Training the {PARTS[self.config.unfrozen_part]}"


def _check_shares(batch_size: int) -> None:
    """Check that a batch can be shared evenly, so that every image weighs the same."""
    if batch_size % processes.count():
        raise BadInput(
            f"batch_size must be a multiple of the {processes.count()} processes that train "
            f"together, got {batch_size}. Change one of them."
        )
