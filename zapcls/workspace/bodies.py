"""The kept features of frozen networks beside a pixel store: what there is, and deleting."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from zapcls.errors import RunBusy
from zapcls.workspace.layout import read_json
from zapcls.workspace.store import Store


@dataclass(frozen=True)
class BodyFiles:
    """The folder of one frozen network; its name is `<arch>-<image size>-<hash of the weights>`."""

    path: Path

    @property
    def arch(self) -> str:
        return self.path.name.rsplit("-", 2)[0]

    @property
    def image_size(self) -> str:
        return self.path.name.rsplit("-", 2)[1]

    @property
    def weights_hash(self) -> str:
        return self.path.name.rsplit("-", 2)[2]

    @property
    def disk_bytes(self) -> int:
        """What its files take on the disk: they may be sparse."""
        return sum(_measure(path.stat()) for path in self.path.iterdir())

    @property
    def images_per_s(self) -> float | None:
        """How fast the last of them were computed, None before that was written down."""
        path = self.path / "speed.json"
        return read_json(path)["images_per_s"] if path.is_file() else None


def list_bodies(store: Store) -> list[BodyFiles]:
    """List the networks whose features are kept, by name."""
    found = store.bodies_dir.glob("*-*-*") if store.bodies_dir.is_dir() else []
    return [BodyFiles(path) for path in sorted(found) if path.is_dir()]


def delete(body: BodyFiles) -> None:
    """Delete a network's features; the next training that needs them computes them again.

    Raises:
        RunBusy: a job is at work in the folder.
    """
    try:
        with FileLock(body.path / "lock", timeout=0):
            for path in body.path.iterdir():
                if path.name != "lock":
                    path.unlink()
    except Timeout:
        raise RunBusy(
            f"Features are deleted while no job uses them, and one is using {body.path.name}. "
            "Wait until it is done."
        ) from None
    shutil.rmtree(body.path)


def _measure(facts: os.stat_result) -> int:
    blocks = getattr(facts, "st_blocks", None)  # of 512 bytes; Windows does not count them
    return facts.st_size if blocks is None else blocks * 512
