"""How a few photos are answered after each epoch, for those who watch a training."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from zapcls import schema
from zapcls.analysis.watched import choose_watched
from zapcls.model.callbacks import AfterEpoch, append_row

WATCHED_NAME = "watched.csv"


class WatchAnswers(AfterEpoch):
    """Writes watched.csv: the answers to eight photos of tune, a row a photo and epoch.

    They are those that the error rate on tune is counted from, so nothing more is computed or
    drawn at random. The photos are chosen after the first epoch; a resumed training keeps them.
    """

    order = 91

    def __init__(
        self, folder: Path, phase: str, epochs_before: int, rows: np.ndarray, codes: np.ndarray,
        n_classes: int,
    ) -> None:  # fmt: skip
        """`rows` are those of tune, `codes` (n,) their classes in the first target, -1 for none."""
        self.path, self.phase, self.epochs_before = folder / WATCHED_NAME, phase, epochs_before
        self.rows, self.codes, self.n_classes = rows, codes, n_classes

    def before_validate(self) -> None:
        self._logits: list[torch.Tensor] = []

    def after_batch(self) -> None:
        if not self.training:
            self._logits.append(self.pred.detach()[:, : self.n_classes])

    def finish_epoch(self, *values: float) -> None:
        prob = torch.cat(self._logits).float().softmax(dim=1).cpu().numpy()
        for place in self._choose(prob):
            code, answer = self.codes[place], prob[place].argmax()
            row = {
                "phase": self.phase,
                "epoch": self.epochs_before + self.epoch + 1,
                "row": self.rows[place],
                "label": code,
                "prediction": answer,
                "prob": round(float(prob[place, answer]), 5),
                "prob_label": round(float(prob[place, code]), 5),
            }
            append_row(self.path, schema.WATCHED, row)

    def _choose(self, prob: np.ndarray) -> np.ndarray:
        """Choose the places in `rows`: those that are watched already, else new ones."""
        known = pd.read_csv(self.path)["row"].unique() if self.path.exists() else []
        return np.searchsorted(self.rows, known) if len(known) else choose_watched(self.codes, prob)
