"""The learning-rate finder: mock trainings with a growing rate, one a seed."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from fastai.callback.schedule import LRFinder, ParamScheduler, minimum, slide, steep, valley
from fastai.learner import Learner
from torch import tensor

from zapcls.analysis import lr_curves
from zapcls.errors import Stopped, ZapError
from zapcls.model.callbacks import ReportProgress
from zapcls.progress import Progress

STEPS = 100
_SUGGESTIONS = {"valley": valley, "slide": slide, "steep": steep, "minimum": minimum}
TITLES = {
    "frozen": "Finding the head's learning rate",
    "unfrozen": "Finding the unfrozen part's learning rate",
}


@dataclass(frozen=True)
class LrCurve:
    """The curves of all seeds (`schema.LR_CURVE`) and what they suggest together."""

    table: pd.DataFrame
    suggestions: dict[str, float]  # fastai's four, on the median curve
    valleys: list[float]  # of the single seeds that have one
    faults: list[str]  # sentences; none where the curve is a good guide


class GrowRate(LRFinder):
    """fastai's finder without its copy on disk: the caller puts the weights back."""

    def before_fit(self) -> None:
        ParamScheduler.before_fit(self)
        self.best_loss = float("inf")

    def after_fit(self) -> None:
        ParamScheduler.after_fit(self)


def find_learning_rate(
    build_learner: Callable[[int], Learner], phase: str, seeds: list[int], progress: Progress
) -> LrCurve:
    """Run the finder once a seed, each on the learner that `build_learner(seed)` gives.

    Raises:
        Stopped: a person asked to stop.
        ZapError: the losses gave too few finite points to suggest anything.
    """
    curves = []
    for place, seed in enumerate(seeds):
        learner = build_learner(seed)
        total = STEPS * len(seeds)
        report = ReportProgress(TITLES[phase], progress, total, done=STEPS * place)
        epochs = STEPS // len(learner.dls.train) + 1
        with learner.no_bar(), learner.no_logging():
            learner.fit(epochs, cbs=[GrowRate(num_it=STEPS), report])
        if report.was_stopped:
            raise Stopped("Stopped as asked.")
        curves.append(
            pd.DataFrame(
                {
                    "phase": phase,
                    "seed": seed,
                    "learning_rate": np.array(learner.recorder.lrs, dtype=float),
                    "loss": np.array([float(loss) for loss in learner.recorder.losses]),
                }
            )
        )
    table = pd.concat(curves, ignore_index=True)
    valleys = []
    for curve in curves:
        with contextlib.suppress(ZapError):  # a seed that explodes at once has none
            valleys.append(_suggest(lr_curves.summarize(curve), phase)["valley"])
    suggestions = _suggest(lr_curves.summarize(table), phase)
    return LrCurve(table, suggestions, valleys, lr_curves.find_faults(table, valleys))


def _suggest(curve: pd.DataFrame, phase: str) -> dict[str, float]:
    """What fastai's four rules suggest; the ends are left out as its own finder does."""
    curve = curve.iloc[STEPS // 10 : -5]
    rates, losses = tensor(curve["learning_rate"].to_numpy()), tensor(curve["loss"].to_numpy())
    try:
        return {name: float(rule(rates, losses, STEPS)[0]) for name, rule in _SUGGESTIONS.items()}
    except (IndexError, ValueError, RuntimeError) as error:
        raise ZapError(
            f"The learning-rate finder gave no usable curve in the {phase} phase ({error}). "
            "Give a number instead of 'suggested'."
        ) from error
