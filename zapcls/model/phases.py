"""What each phase of a training trains and is shown: a part of the network, photos or features."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from fastai.callback.core import Callback
from fastai.callback.training import BnFreeze
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from torch import nn

from zapcls.analysis.balance import weigh_apart, weigh_groups
from zapcls.config import PARTS, PHASES, STAGES, TrainConfig
from zapcls.model.architectures import split_stages
from zapcls.model.callbacks import GrowImages
from zapcls.model.features import MAPS, POOLED, FrozenBody
from zapcls.model.learner import build_learner
from zapcls.model.loaders import FeatureGather, PixelGather, build_loaders, build_pixel_loaders
from zapcls.model.recolored import read_recolored
from zapcls.model.views import list_views
from zapcls.progress import Progress

# The early body learns this much slower than the head once unfrozen, when it starts from
# pretrained weights; a network without them learns at one rate.
BODY_RATE_SHARE = 0.1


@dataclass(frozen=True)
class Photos:
    """The photos of a training; each array has a value a row of `pixels`."""

    pixels: np.ndarray  # uint8, (n, side, side, 3)
    split: np.ndarray
    codes: np.ndarray  # class index, -1 for none; of several targets a column each
    sizes: tuple[int, ...]  # how many classes each target has
    bodies_dir: Path  # where features of frozen bodies are kept for all trainings on these photos
    colors: np.ndarray | None = None  # basic terms, "" for none; needed by `config.needs_colors`

    def list_rows(self, *parts: str) -> np.ndarray:
        """List the rows of some parts of the split, in their order."""
        return np.flatnonzero(np.isin(self.split, parts))

    def list_first(self, part: str) -> tuple[np.ndarray, np.ndarray, int]:
        """List the rows of a part, their codes in the first target, and how many classes it has."""
        rows = self.list_rows(part)
        codes = self.codes[rows]
        return rows, codes if codes.ndim == 1 else codes[:, 0], self.sizes[0]

    def pick_labels(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the codes and the colors of a part."""
        assert self.colors is not None  # the config says that they are needed
        rows = self.list_rows(part)
        return self.codes[rows], self.colors[rows]


class Phases:
    """The phases of one training; `network` holds body and head throughout."""

    def __init__(
        self,
        config: TrainConfig,
        network: nn.Sequential,
        photos: Photos,
        folder: Path,
        device: torch.device,
        progress: Progress,
    ) -> None:
        """The body of `network` must still have the weights that `config` names."""
        self.config, self.network, self.photos = config, network, photos
        self.device, self.progress, self._folder = device, progress, folder
        self._frozen_body = FrozenBody(
            config, network[0], photos.pixels, photos.bodies_dir, device, progress
        )

    def list_names(self) -> list[str]:
        """List the phases that have epochs, in their order."""
        return [phase for phase in PHASES if self.count_epochs(phase)]

    def count_epochs(self, phase: str) -> int:
        return getattr(self.config, f"{phase}_epochs")

    def count_before(self, phase: str) -> int:
        """Count the epochs of the phases before one."""
        return self.config.frozen_epochs if phase == "unfrozen" else 0

    def name_title(self, phase: str) -> str:
        part = "head" if phase == "frozen" else PARTS[self.config.unfrozen_part]
        return f"Training the {part}"

    def is_cached(self, phase: str) -> bool:
        """Whether a phase trains on what the frozen rest of the network gave once."""
        if phase == "frozen":
            return self.config.views > 0
        return self.config.unfrozen_part in STAGES

    def spread_rate(self, phase: str, rate: float) -> float | slice:
        """The rate of each group of layers: the pretrained ones learn more slowly."""
        if phase == "unfrozen" and self.config.weights != "none":
            return slice(rate * BODY_RATE_SHARE, rate)
        return rate

    def build_learner(self, phase: str, batch_size: int) -> tuple[Learner, list[Callback]]:
        """Build the Learner of a phase, on the part of the network that it trains.

        Returns:
            The learner, and the callbacks that this phase needs beside those of every fit.
        """
        config = dataclasses.replace(self.config, batch_size=batch_size)
        model, groups, kind = self.choose_part(phase)
        if kind:
            dls = self._build_feature_loaders(kind, batch_size)
            learner = build_learner(config, model, groups, dls, self._folder, self.photos.sizes)
            learner.unfreeze()  # a frozen phase through the body has frozen the last stage too
            return learner, []
        dls, gather = self._build_pixel_loaders(config)
        learner = build_learner(config, model, groups, dls, self._folder, self.photos.sizes)
        if phase == "frozen":
            learner.freeze()
            return learner, [BnFreeze()]
        learner.unfreeze()
        if config.compile == "yes":
            self.network.compile()
        start = config.start_size
        return learner, [GrowImages(gather, start, config.image_size)] if start else []

    def choose_part(self, phase: str) -> tuple[nn.Sequential, list[nn.Module], str]:
        """Choose what a phase trains.

        Returns:
            The model, its parts for discriminative rates, and the kind of kept features that it
            is shown; "" where that is photos.
        """
        body, head = self.network
        if not self.is_cached(phase):
            return self.network, [body, head], ""
        if phase == "frozen":  # the features are pooled already
            return nn.Sequential(*list(head.children())[2:]), [head], POOLED
        last = split_stages(body, STAGES[self.config.unfrozen_part])[1]
        stage = nn.Sequential(last, head).to(memory_format=torch.channels_last)
        return stage, [last, head], MAPS

    def gather_plain(self, kind: str, rows: np.ndarray) -> Callable[[np.ndarray], torch.Tensor]:
        """Build what gives the input of a part for photos as they are, for some of `rows`."""
        if kind:
            return FeatureGather([self._frozen_body.read_plain(kind, rows)])
        return PixelGather(
            self.photos.pixels, self.config.image_size, self.device, self.config.statistics
        )

    def _build_feature_loaders(self, kind: str, batch_size: int) -> DataLoaders:
        photos = self.photos
        rows = photos.list_rows("train", "tune")
        will_need_maps = "unfrozen" in self.list_names() and self.is_cached("unfrozen")
        views = self._frozen_body.read(kind, rows, photos.list_rows("train"), will_need_maps)
        gather = FeatureGather(views, list(list_views(self.config).values()))
        plain, weights = FeatureGather(views[:1]), self._weigh_photos()
        return build_loaders(
            gather, plain, photos.split, photos.codes, batch_size, self.device, weights
        )

    def _build_pixel_loaders(self, config: TrainConfig) -> tuple[DataLoaders, PixelGather]:
        photos, recolored = self.photos, None
        if config.recolor_share:
            rows = photos.list_rows("train")
            recolored = read_recolored(photos.pixels, rows, photos.bodies_dir, self.progress)
        arrays = (photos.pixels, photos.split, photos.codes)
        return build_pixel_loaders(config, *arrays, self.device, self._weigh_photos(), recolored)

    def _weigh_photos(self) -> np.ndarray | None:
        """What each training photo weighs in the loss, None where all weigh the same."""
        factors = []
        if self.config.class_weights == "balanced":
            factors.append(weigh_groups(self.photos.codes[self.photos.list_rows("train")]))
        if self.config.color_weights == "balanced":
            factors.append(weigh_apart(*self.photos.pick_labels("train")))
        if len(factors) < 2:
            return factors[0] if factors else None
        weights = factors[0] * factors[1]
        return weights / weights.mean()
