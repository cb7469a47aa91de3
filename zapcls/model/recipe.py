"""The blog's recipe: find a rate, train the head, unfreeze, find again, train by one-cycle."""

from pathlib import Path

import numpy as np
import pandas as pd
from fastai.callback.core import Callback
from fastai.learner import Learner
from safetensors.torch import load_file
from torch import nn

from zapcls.config import SUGGESTED, TrainConfig, has_stages
from zapcls.errors import BadInput, Stopped, ZapError
from zapcls.model import checkpoint, processes
from zapcls.model.callbacks import (
    Continue,
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
from zapcls.model.last_layer import balance_last_layer
from zapcls.model.learner import build_network, choose_device, initialize
from zapcls.model.loaders import seed_random
from zapcls.model.lr_finder import LrCurve, find_learning_rate
from zapcls.model.memory import halve_until_it_fits
from zapcls.model.phases import Phases, Photos
from zapcls.model.steadier import AverageWeights
from zapcls.model.watched import WATCHED_NAME, WatchAnswers
from zapcls.progress import Progress
from zapcls.workspace.layout import read_json, replace_file, write_json

# Of the finder: on the head, on the last stage or a GPU, through the whole network on a CPU.
_SECONDS_SEEDS, _MINUTE_SEEDS, _SLOW_SEEDS = 5, 3, 1


class Recipe:
    """One training in a run's folder; `network` holds body and head throughout."""

    def __init__(
        self, config: TrainConfig, folder: Path, photos: Photos, progress: Progress
    ) -> None:
        """Build the network by the seed.

        Raises:
            BadInput: a batch cannot be shared evenly by the processes that train together.
        """
        self.config, self.folder, self.progress = config, folder, progress
        self.device = processes.local_device(choose_device(config.device))
        _check_shares(config.batch_size)
        seed_random(config.seed)
        self.network = build_network(config.arch, config.weights, sum(photos.sizes), config.head)
        self.phases = Phases(config, self.network, photos, folder, self.device, progress)
        is_averaged = config.averaging == "yes"
        self._keep_best = KeepBest(self.network, folder / "model.safetensors", is_averaged)
        self.batch_size = config.batch_size

    def train(self) -> nn.Sequential:
        """Train both phases and return the network of the last one's best epoch, in eval mode.

        The best has the fewest errors on tune; of averaged weights it is the last.

        A training that has a checkpoint in its folder goes on from there, exactly as it would
        have. What it had begun of a further epoch is done again.

        Raises:
            Stopped: a person asked to stop; the best weights so far are in the folder.
        """
        state = checkpoint.read(self.folder, self.device)
        if state is not None:
            self.network.load_state_dict(state.network)
            self._keep_best.best = state.best
            self.batch_size = state.batch_size
        epochs_done = 0 if state is None else state.epochs_done
        for phase in self.phases.list_names():
            if epochs_done < self.phases.count_before(phase) + self.phases.count_epochs(phase):
                self._fit(phase)
        self.network.load_state_dict(load_file(self.folder / "model.safetensors"))
        if self.config.last_layer == "balanced" and processes.is_first():
            facts = balance_last_layer(self.phases, self.batch_size)
            save_weights(self.network, self.folder / "model.safetensors")
            write_json(self.folder / "last_layer.json", facts)
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
            return self.phases.build_learner(phase, self.batch_size)[0]

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

    def _list_seeds(self, phase: str) -> list[int]:
        """As many seeds of the finder as a person will wait for."""
        if self.phases.is_cached(phase):
            count = _SECONDS_SEEDS if phase == "frozen" else _MINUTE_SEEDS
        else:
            count = _SLOW_SEEDS if self.device.type == "cpu" else _MINUTE_SEEDS
        return [self.config.seed + number for number in range(count)]

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
                # The rows of an epoch that was begun.
                for name in ("history.csv", "losses.csv", WATCHED_NAME):
                    truncate_rows(self.folder / name, 0 if state is None else state.epochs_done)
            state = state if state is not None and state.phase == phase else None
            self.network.load_state_dict(start if state is None else state.network)
            self._fit_once(phase, state)

        # Several processes cannot halve by themselves: the others would wait for ever.
        least = 2 if processes.count() == 1 else self.batch_size
        halve_until_it_fits(fit, self.batch_size, least)

    def _fit_once(self, phase: str, state: Checkpoint | None) -> None:
        rate = self._choose_rate(phase) if state is None else state.rate
        learner, callbacks = self.phases.build_learner(phase, self.batch_size)
        epochs, start = self.phases.count_epochs(phase), 0
        if state is None:
            self._keep_best.best = None
        else:
            start = state.phase_epoch
            continue_optimizer(learner, state)
            callbacks.append(Continue(state))
        batches, title = len(learner.dls.train), self.phases.name_title(phase)
        report = ReportProgress(title, self.progress, epochs * batches, done=start * batches)
        callbacks += [SeedEpochs(self.config.seed, phase), report]
        average = None
        if self.config.averaging == "yes" and phase == self.phases.list_names()[-1]:
            average = AverageWeights(learner.model, None if state is None else state.average)
            callbacks.append(average)
        if processes.is_first():
            callbacks += self._list_writers(phase, rate, report, average)
        if processes.count() > 1:
            has_idle_layers = not has_stages(self.config.arch)
            callbacks.append(processes.TrainTogether(self.device, has_idle_layers))
        with learner.no_bar(), learner.no_logging():
            rates = self.phases.spread_rate(phase, rate)
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

    def _list_writers(
        self, phase: str, rate: float, report: ReportProgress, average: AverageWeights | None
    ) -> list[Callback]:
        """The callbacks that write into the run's folder."""
        before = self.phases.count_before(phase)
        facts = {"phase": phase, "rate": rate, "batch_size": self.batch_size}
        return [
            WriteCurves(self.folder, phase, before, report),
            WatchAnswers(self.folder, phase, before, *self.phases.photos.list_first("tune")),
            self._keep_best,
            WriteCheckpoint(self.network, self.folder, self._keep_best, before, average, **facts),
        ]


def _check_shares(batch_size: int) -> None:
    """Check that a batch can be shared evenly, so that every image weighs the same."""
    if batch_size % processes.count():
        raise BadInput(
            f"batch_size must be a multiple of the {processes.count()} processes that train "
            f"together, got {batch_size}. Change one of them."
        )
