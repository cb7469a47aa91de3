"""The kept features of frozen networks beside a pixel store: what there is, and deleting."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from zapcls.workspace import permissions
from zapcls.workspace.layout import hold_lock
from zapcls.workspace.store import Store
from zapcls.workspace.tables import read_facts

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


def list_bodies(store: Store) -> list[BodyFiles]:
    """List the networks whose features are kept, by name, then the photos recolored for them."""
    found = sorted(path for path in store.bodies_dir.glob("*-*-*") if path.is_dir())
    recolored = store.bodies_dir / RECOLORED
    return [BodyFiles(path) for path in [*found, *([recolored] if recolored.is_dir() else [])]]


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
