"""What keeps a network from learning its photos by heart: mixed photos, averaged weights."""

import numpy as np
import torch
from fastai.callback.core import Callback
from torch import nn

State = dict[str, torch.Tensor]
_DECAY = 0.98  # a step; the mean reaches back over some fifty steps


class MixPhotos(Callback):
    """Mixup: trains on pairs of photos of a batch, with the losses of both labels in their shares.

    The larger share is the photo's own; it is drawn from Beta(a, a) once a batch, as by its authors
    (Zhang and others 2018, https://github.com/facebookresearch/mixup-cifar10).
    """

    order = 0  # before the precision is cast, after a batch is made

    def __init__(self, strength: float) -> None:
        self._strength = strength

    def before_batch(self) -> None:
        if not self.training:
            return
        [images], share = self.xb, np.random.beta(self._strength, self._strength)
        self._share = max(share, 1 - share)
        order = torch.randperm(len(images)).to(images.device)
        self._other = tuple(part[order] for part in self.yb)
        self.learn.xb = (torch.lerp(images[order], images, self._share),)

    def after_loss(self) -> None:
        if not self.training:
            return
        other = self.loss_func(self.pred, *self._other)
        self.learn.loss_grad = self._share * self.loss_grad + (1 - self._share) * other
        self.learn.loss = self.loss_grad.clone()


class AverageWeights(Callback):
    """Keeps a running mean of a model's weights, which is what tune measures and a run keeps.

    Training itself goes on from the weights of the last step. The mean is young at first: it is of
    all steps until there are enough (Tarvainen and Valpola 2017).
    """

    order = 92.5  # puts the trained weights back once the epoch's best is kept, before a checkpoint

    def __init__(self, model: nn.Module, mean: State | None = None) -> None:
        """`mean` is that of a checkpoint, to go on from."""
        self._model = model
        self.mean = _copy(model) if mean is None else mean
        self._trained: State | None = None

    def after_batch(self) -> None:
        if not self.training:
            return
        step = self.epoch * self.n_iter + self.iter + 1
        decay = min(_DECAY, (1 + step) / (10 + step))
        for name, value in self._model.state_dict().items():
            if value.is_floating_point():
                self.mean[name].lerp_(value, 1 - decay)
            else:  # BatchNorm's count of batches
                self.mean[name].copy_(value)

    def before_validate(self) -> None:
        self._trained = _copy(self._model)
        self._model.load_state_dict(self.mean)

    def after_epoch(self) -> None:
        if self._trained is not None:
            self._model.load_state_dict(self._trained)
        self._trained = None


def _copy(model: nn.Module) -> State:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
