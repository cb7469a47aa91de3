"""The learning-rate finder: fastai's mock training with a growing rate, and its suggestions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from fastai.callback.schedule import minimum, slide, steep, valley
from fastai.learner import Learner

from zapcls.errors import Stopped, ZapError
from zapcls.model.callbacks import ReportProgress
from zapcls.progress import Progress

STEPS = 100
TITLES = {
    "frozen": "Finding the head's learning rate",
    "unfrozen": "Finding the whole network's learning rate",
}


@dataclass(frozen=True)
class LrCurve:
    """A finder's curve (`schema.LR_CURVE`) and fastai's four suggestions, by name."""

    table: pd.DataFrame
    suggestions: dict[str, float]


def find_learning_rate(learner: Learner, phase: str, progress: Progress) -> LrCurve:
    """Run the finder on the learner as it is frozen now; its weights are put back after.

    Raises:
        Stopped: a person asked to stop.
        ZapError: the loss gave too few finite points to suggest anything.
    """
    report = ReportProgress(TITLES[phase], progress, STEPS)
    with learner.added_cbs(report), learner.no_bar():
        try:
            found = learner.lr_find(
                num_it=STEPS, show_plot=False, suggest_funcs=(valley, slide, steep, minimum)
            )
        except (IndexError, ValueError, RuntimeError) as error:
            if report.was_stopped:
                raise Stopped("Stopped as asked.") from error
            raise ZapError(
                f"The learning-rate finder gave no usable curve in the {phase} phase ({error}). "
                "Give a number instead of 'suggested'."
            ) from error
    if report.was_stopped:
        raise Stopped("Stopped as asked.")
    table = pd.DataFrame(
        {
            "phase": phase,
            "learning_rate": np.array(learner.recorder.lrs, dtype=float),
            "loss": np.array([float(loss) for loss in learner.recorder.losses]),
        }
    )
    return LrCurve(table, {name: float(rate) for name, rate in found._asdict().items()})
