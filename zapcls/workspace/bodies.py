"""The kept features of frozen networks beside a pixel store: what there is, and deleting."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zapcls.config import TrainConfig
from zapcls.errors import ZapError
from zapcls.workspace import permissions
from zapcls.workspace.layout import hold_lock
from zapcls.workspace.store import Store
from zapcls.workspace.tables import read_facts

_FEATURES = "pooled-plain"  # of each photo as it is
RECOLORED = "recolored"  # the folder of training photos in other colors, beside the networks'


@dataclass(frozen=True)
class BodyFiles:
    """The folder of one frozen network; its name is `<arch>-<image size>-<hash of the weights>`,
    or RECOLORED."""

    path: Path

    @property
    def title(self) -> str:
        """What is kept there, in words."""
        if self.path.name == RECOLORED:
            return "training photos, recolored"
        arch, image_size, weights_hash = self.path.name.rsplit("-", 2)
        return f"{arch} · {image_size} px · weights {weights_hash}"

    @property
    def disk_bytes(self) -> int:
        """What its files take on the disk: they may be sparse."""
        return sum(_measure(path.stat()) for path in self.path.iterdir())

    @property
    def images_per_s(self) -> float | None:
        """How fast the last of them were computed, None before that was written down."""
        return read_facts(self.path / "speed.json").get("images_per_s")

    @property
    def arch(self) -> str:
        """The network's name."""
        return self.path.name.rsplit("-", 2)[0]

    @property
    def onnx_path(self) -> Path:
        """Its exported body, where its features were computed on a CPU."""
        return self.path / "body.onnx"

    @property
    def features_path(self) -> Path:
        """Which photos have features as they are; absent before any has."""
        return self.path / f"{_FEATURES}.filled.npy"

    def read_features(self) -> tuple[np.ndarray, np.ndarray]:
        """Read the features of photos as they are, and which rows of the store have them.

        Returns:
            A memory map, float32 (rows, width), and bool (rows).

        Raises:
            ZapError: they are damaged, or were deleted.
        """
        paths = (self.path / f"{_FEATURES}.npy", self.features_path)
        try:
            features, filled = (np.load(path, mmap_mode="r", allow_pickle=False) for path in paths)
        except (OSError, ValueError, EOFError) as error:
            raise ZapError(
                f"The features in {self.path} cannot be read. A training with that network "
                "computes them again."
            ) from error
        return features, np.array(filled)


def list_bodies(store: Store) -> list[BodyFiles]:
    """List the networks whose features are kept, by name, then the photos recolored for them."""
    found = sorted(path for path in store.bodies_dir.glob("*-*-*") if path.is_dir())
    recolored = store.bodies_dir / RECOLORED
    return [BodyFiles(path) for path in [*found, *([recolored] if recolored.is_dir() else [])]]


def find_body(store: Store, config: TrainConfig) -> BodyFiles | None:
    """Find the frozen network that a training of these settings begins with, the newest if several.

    None before it has seen a photo.
    """
    name = f"{config.arch}-{config.image_size}-"
    found = [body for body in list_bodies(store) if body.path.name.startswith(name)]
    known = [body for body in found if body.features_path.is_file()]
    return max(known, key=lambda body: body.features_path.stat().st_mtime, default=None)


def delete(body: BodyFiles) -> None:
    """Delete a network's features; the next training that needs them computes them again.

    Raises:
        RunBusy: a job is at work in the folder.
    """
    permissions.require("delete")
    busy = f"Features are deleted while no job uses them, and one is using {body.path.name}. "
    busy += "Wait until it is done."
    with hold_lock(body.path / "lock", lambda: busy, timeout_s=0):
        for path in body.path.iterdir():
            if path.name != "lock":
                path.unlink()
    shutil.rmtree(body.path)


def _measure(facts: os.stat_result) -> int:
    blocks = getattr(facts, "st_blocks", None)  # of 512 bytes; Windows does not count them
    return facts.st_size if blocks is None else blocks * 512
