"""fastai loaders over the pixel store: a batch is one gather, all else is done on whole batches."""

import numpy as np
import torch
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.torch_core import TensorCategory, TensorImage
from fastai.vision.augment import aug_transforms
from fasttransform import Pipeline

from zapcls.config import TrainConfig
from zapcls.model.preprocess import Normalize, Resize


class StoreLoader(DataLoader):
    """Batches of stored photos and their class indices.

    `rows` are rows of `pixels`, `codes` their class indices, both (n,). With `mirror`,
    each photo is mirrored left to right with probability one half.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        rows: np.ndarray,
        codes: np.ndarray,
        mirror: bool = False,
        **kwargs: object,
    ) -> None:
        self._pixels, self._rows, self._codes, self._mirror = pixels, rows, codes, mirror
        super().__init__(dataset=range(len(rows)), indexed=True, **kwargs)

    def create_batch(self, batch: list[int]) -> tuple[TensorImage, TensorCategory]:
        chosen = np.asarray(batch)
        images = torch.from_numpy(self._pixels[self._rows[chosen]])
        if self._mirror:
            turned = torch.rand(len(chosen)) < 0.5
            images[turned] = images[turned].flip(2)
        return TensorImage(images), TensorCategory(torch.from_numpy(self._codes[chosen]))

    def do_batch(self, batch: list[int]) -> tuple[TensorImage, TensorCategory]:
        return self.create_batch(batch)


def build_loaders(
    config: TrainConfig,
    pixels: np.ndarray,
    split: np.ndarray,
    codes: np.ndarray,
    device: torch.device,
) -> DataLoaders:
    """Build the loaders of train (shuffled, augmented) and tune (as it is).

    `split` and `codes` have a value for each row of `pixels`. The last, smaller batch of
    train is left out when there is a full one, as BatchNorm needs a few images.
    """
    resize = Resize(pixels.shape[1], config.image_size).to(device)
    normalize = Normalize().to(device)
    is_standard = config.augmentation == "standard"
    random_changes = aug_transforms(do_flip=False, pad_mode="border") if is_standard else []

    def see(batch: tuple, changes: Pipeline | None = None) -> tuple:
        images = TensorImage(resize(batch[0].as_subclass(torch.Tensor)))
        if changes is not None:
            images = changes(images)
        return TensorImage(normalize(images.as_subclass(torch.Tensor))), batch[1]

    train_changes = Pipeline(random_changes, split_idx=0)
    train_rows = np.flatnonzero(split == "train")
    train = StoreLoader(
        pixels,
        train_rows,
        codes[train_rows],
        mirror=config.augmentation != "none",
        bs=config.batch_size,
        shuffle=True,
        drop_last=len(train_rows) >= config.batch_size,
        device=device,
        after_batch=lambda batch: see(batch, train_changes),
    )
    tune_rows = np.flatnonzero(split == "tune")
    tune = StoreLoader(
        pixels,
        tune_rows,
        codes[tune_rows],
        bs=config.batch_size * 2,
        device=device,
        after_batch=see,
    )
    return DataLoaders(train, tune, device=device)
