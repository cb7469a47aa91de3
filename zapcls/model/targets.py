"""Several targets on one network: its last layer has the classes of each side by side.

A photo need not have a label for each; where it has none its code is -1, and nothing counts it.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from fastai.learner import Learner, Metric

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def over_targets(loss: Loss, sizes: Sequence[int]) -> Loss:
    """Build the mean over the targets of a loss, each over its labelled photos of the batch.

    A target without any adds nothing.
    """

    def mean_loss(logits: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        losses = [loss(*labelled) for labelled in _list_labelled(logits, codes, sizes)]
        # Without any label the loss is 0, and so is its gradient.
        return torch.stack(losses).sum() / len(sizes) if losses else 0 * logits.sum()

    return mean_loss


def _list_labelled(
    logits: torch.Tensor, codes: torch.Tensor, sizes: Sequence[int]
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """List the logits (n, classes) and codes (n) of each target's labelled photos, if any."""
    for part, code in zip(logits.split(tuple(sizes), dim=1), codes.unbind(1), strict=True):
        is_labelled = code >= 0
        if is_labelled.any():
            yield part[is_labelled], code[is_labelled]


class MeanErrorRate(Metric):
    """The mean of the targets' error rates over all batches, 0..1; each counts labelled photos."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = sizes

    @property
    def name(self) -> str:
        return "error_rate"

    def reset(self) -> None:
        self._wrong, self._n = (torch.zeros(len(self._sizes)) for _ in range(2))

    def accumulate(self, learn: Learner) -> None:
        parts = learn.pred.split(tuple(self._sizes), dim=1)
        for place, (part, code) in enumerate(zip(parts, learn.yb[0].unbind(1), strict=True)):
            is_labelled = code >= 0
            self._n[place] += int(is_labelled.sum())
            self._wrong[place] += int(((part.argmax(dim=1) != code) & is_labelled).sum())

    @property
    def value(self) -> float:
        is_known = self._n > 0
        return float((self._wrong[is_known] / self._n[is_known]).mean())
