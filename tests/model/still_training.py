"""A training without chance, for one process or several: `accelerate launch` runs this file.

Images are not augmented, dropout is off and BatchNorm keeps its averages, so that a batch gives the
same gradients however it is shared out.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from fastai.callback.core import Callback
from torch import nn

from zapcls.config import TrainConfig, build_config
from zapcls.model import processes
from zapcls.model.learner import choose_device
from zapcls.model.phases import Photos
from zapcls.model.recipe import Recipe
from zapcls.progress import silent

N, TRAIN = 40, 32


class Still(Callback):
    """Takes the chance out of a network."""

    order = -5  # after fastai has put the model in training mode

    def before_train(self) -> None:
        for layer in self.model.modules():
            if isinstance(layer, (nn.modules.batchnorm._BatchNorm, nn.Dropout)):
                layer.eval()


def main(folder: Path) -> None:
    config: TrainConfig = build_config(
        arch="lcnet_050",
        weights="none",
        frozen_epochs=0,
        image_size=32,
        batch_size=8,
        unfrozen_epochs=3,
        unfrozen_lr=3e-3,
        augmentation="none",
        device="cpu",
    )
    pixels = np.random.default_rng(0).integers(0, 256, (N, 32, 32, 3), dtype=np.uint8)
    split = np.array(["train"] * TRAIN + ["tune"] * (N - TRAIN))
    with processes.joined(choose_device("cpu")):
        told = processes.tell({"folder": str(folder)} if processes.is_first() else None)
        run = Path(told["folder"])
        photos = Photos(pixels, split, np.arange(N) % 2, (2,), run / "bodies")
        recipe = Recipe(config, run, photos, silent)
        build = recipe.phases.build_learner

        def build_still(phase, batch_size):
            learner, callbacks = build(phase, batch_size)
            return learner, [*callbacks, Still()]

        recipe.phases.build_learner = build_still
        recipe.train()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]))
