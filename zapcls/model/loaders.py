"""fastai loaders over arrays of the store: a batch is one gather, all else is done on the batch."""

import random
from collections.abc import Callable, Sequence

import numpy as np
import torch
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.torch_core import TensorImage

from zapcls.config import Statistics, TrainConfig
from zapcls.model import processes
from zapcls.model.changes import Chance, build_changes
from zapcls.model.color_changes import DrawColors, build_draw, change_colors
from zapcls.model.preprocess import See

_RESIDENT_SHARE = 0.5  # of a GPU's free memory may hold the photos
_UPLOAD_ROWS = 2048


class RowLoader(DataLoader):
    """Batches of rows and their class indices; `gather` makes the input of a batch of rows.

    `rows` and `codes` are (n,). With `weights` (n) a batch has a third part, what each photo
    weighs: the loss is weighted, not the draw, so that an epoch still shows each photo once. The
    order follows `rng` alone. `bs` counts the images of all processes that train together; each
    gets every n-th of them.
    """

    def __init__(
        self,
        gather: Callable[[np.ndarray], torch.Tensor],
        rows: np.ndarray,
        codes: np.ndarray,
        share: tuple[int, int] = (0, 1),
        weights: np.ndarray | None = None,
        **kwargs: object,
    ) -> None:
        self._gather, self._rows = gather, rows
        self._targets = [torch.from_numpy(part) for part in (codes, weights) if part is not None]
        self._rank, self._count = share
        super().__init__(dataset=range(len(rows)), indexed=True, **kwargs)

    def get_idxs(self) -> np.ndarray:
        order = np.arange(len(self._rows))
        return np.random.default_rng(self.rng.getrandbits(63)).permutation(order) if (
            self.shuffle
        ) else order  # fmt: skip

    def create_batches(self, samps: object) -> object:
        order = np.fromiter(samps, np.int64)  # type: ignore[call-overload]
        last = len(order) - self.bs if self.drop_last else len(order) - 1
        for start in range(0, last + 1, self.bs):
            chosen = order[start : start + self.bs][self._rank :: self._count]
            places = torch.from_numpy(chosen)
            yield self._gather(self._rows[chosen]), *(part[places] for part in self._targets)


def build_loaders(
    gather: Callable[[np.ndarray], torch.Tensor],
    gather_plain: Callable[[np.ndarray], torch.Tensor],
    split: np.ndarray,
    codes: np.ndarray,
    batch_size: int,
    device: torch.device,
    weights: np.ndarray | None = None,
) -> DataLoaders:
    """Build the loaders of train (shuffled, by `gather`) and tune (in order, `gather_plain`).

    `split` and `codes` have a value for each row of the store, `weights` one for each of train;
    tune is never weighted. The last, smaller batch of train
    is left out when there is a full one, as BatchNorm needs a few images. Every process sees all
    of tune, so that all of them know its error rate.
    """
    train_rows = np.flatnonzero(split == "train")
    train = RowLoader(
        gather,
        train_rows,
        codes[train_rows],
        share=(processes.rank(), processes.count()),
        weights=weights,
        bs=batch_size,
        shuffle=True,
        drop_last=len(train_rows) >= batch_size,
        device=device,
    )
    tune_rows = np.flatnonzero(split == "tune")
    tune = RowLoader(gather_plain, tune_rows, codes[tune_rows], bs=batch_size * 2, device=device)
    dls = DataLoaders(train, tune, device=device)
    dls.n_inp = 1  # of the parts of a batch; fastai would take all but the last for inputs
    return dls


class PixelGather:
    """Gathers stored photos as what the network sees: resized, changed at random, normalized.

    `pixels` is uint8 (n, side, side, 3): an array, or a tensor that lies on the device. With
    `augmentation` "flip" each photo is mirrored with probability one half; with "standard" and
    "wide" it is changed otherwise too (`changes.py`). `draw_colors` tells how the colors of a
    batch change; those that are then recolored are taken from `recolored`, a copy of `pixels`.
    `chance` draws all but the colors; torch's seed does unless it is given. `size` may be changed
    between epochs.
    """

    def __init__(
        self,
        pixels: np.ndarray | torch.Tensor,
        size: int,
        device: torch.device,
        statistics: Statistics,
        augmentation: str = "none",
        draw_colors: DrawColors | None = None,
        recolored: np.ndarray | torch.Tensor | None = None,
        chance: Chance | None = None,
    ) -> None:
        self._pixels, self._device, self.size = pixels, device, size
        self._draw_colors, self._recolored = draw_colors, recolored
        self._see = See(pixels.shape[1], device, statistics)
        self._mirror = augmentation != "none"
        self._chance = chance or Chance()
        self._changes = build_changes(augmentation, self._chance)

    def __call__(self, rows: np.ndarray) -> torch.Tensor:
        self._chance.begin(rows)
        if self._draw_colors is None:
            images = self._see.resize(self._take(self._pixels, rows), self.size)
        else:
            images = self._see_changed(rows, self._draw_colors)
        if self._mirror:
            turned = self._chance(images) < 0.5
            images[turned] = images[turned].flip(3)
        if self._changes is not None:
            images = self._changes(TensorImage(self._see.to_unit(images)))
            images = images.as_subclass(torch.Tensor)
        return self._see.normalize(images)

    def _see_changed(self, rows: np.ndarray, draw_colors: DrawColors) -> torch.Tensor:
        draw = draw_colors(rows)
        pixels, other = self._take(self._pixels, rows), draw.is_recolored.numpy()
        if self._recolored is not None and other.any():
            places = torch.from_numpy(np.flatnonzero(other)).to(pixels.device)
            pixels[places] = self._take(self._recolored, rows[other]).to(pixels.device)
        return change_colors(self._see.to_unit(self._see.resize(pixels, self.size)), draw)

    def _take(self, pixels: np.ndarray | torch.Tensor, rows: np.ndarray) -> torch.Tensor:
        if isinstance(pixels, torch.Tensor):
            return pixels[torch.from_numpy(rows).to(pixels.device)]
        return torch.from_numpy(pixels[rows]).to(self._device)


class FeatureGather:
    """Gathers features that were computed once: for each row one of its views, drawn at random.

    `views` are arrays (n, ...), one a view; with a single one nothing is drawn. `shares` (views)
    are their chances, all the same where none are given.
    """

    def __init__(self, views: Sequence[np.ndarray], shares: Sequence[float] = ()) -> None:
        self._views = views
        is_even = len(set(shares)) < 2
        self._shares = None if is_even else torch.tensor(shares, dtype=torch.float64)

    def __call__(self, rows: np.ndarray) -> torch.Tensor:
        first = self._views[0]
        if len(self._views) == 1:
            return torch.from_numpy(first[rows]).float()
        features = np.empty((len(rows), *first.shape[1:]), first.dtype)
        drawn = self._draw(len(rows)).numpy()
        for view, array in enumerate(self._views):
            features[drawn == view] = array[rows[drawn == view]]
        return torch.from_numpy(features).float()

    def _draw(self, count: int) -> torch.Tensor:
        if self._shares is None:
            return torch.randint(len(self._views), (count,))
        return torch.multinomial(self._shares, count, replacement=True)


def place_pixels(pixels: np.ndarray, device: torch.device) -> np.ndarray | torch.Tensor:
    """Put all photos on a GPU whose free memory holds them twice; else leave them where they are.

    50,000 photos of 136 px take 2.8 GB.
    """
    if device.type != "cuda":
        return pixels
    free, _ = torch.cuda.mem_get_info(device)
    if pixels.nbytes > free * _RESIDENT_SHARE:
        return pixels
    resident = torch.empty(pixels.shape, dtype=torch.uint8, device=device)
    for start in range(0, len(pixels), _UPLOAD_ROWS):
        part = slice(start, start + _UPLOAD_ROWS)
        resident[part] = torch.from_numpy(np.array(pixels[part])).to(device)
    return resident


def build_pixel_loaders(
    config: TrainConfig,
    pixels: np.ndarray,
    split: np.ndarray,
    codes: np.ndarray,
    device: torch.device,
    weights: np.ndarray | None = None,
    recolored: np.ndarray | None = None,
) -> tuple[DataLoaders, PixelGather]:
    """Build loaders of photos, and tell the gather of train, whose `size` may be changed.

    `weights` are those of `build_loaders`, `recolored` is the copy of `pixels` that the config's
    `recolor_share` asks for.
    """
    placed, size, statistics = place_pixels(pixels, device), config.image_size, config.statistics
    copy = None if recolored is None else place_pixels(recolored, device)
    draw = build_draw(config)
    train = PixelGather(placed, size, device, statistics, config.augmentation, draw, copy)
    plain = PixelGather(placed, size, device, statistics)
    return build_loaders(train, plain, split, codes, config.batch_size, device, weights), train


def seed_batches(dls: DataLoaders, *numbers: int) -> None:
    """Make the order of the next epoch and its random changes follow these numbers alone."""
    dls.train.rng = random.Random(_mix(*numbers))  # the same order in all processes
    seed_random(*numbers, processes.rank())


def seed_random(*numbers: int) -> None:
    """Seed Python, NumPy and torch by some numbers."""
    seed = _mix(*numbers)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _mix(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
