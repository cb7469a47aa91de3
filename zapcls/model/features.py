"""What a frozen body makes of the photos, computed once and kept beside the pixel store.

A frozen phase needs the body's pooled features, the training of its last stage the maps that
enter it. Both are the same at every epoch, seed, rate and fold, so each view of a photo
goes through the body once.
"""

import contextlib
import copy
import hashlib
import io
import warnings
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import nn

from zapcls.answer.classify import build_session
from zapcls.config import STAGES, Statistics, TrainConfig, has_stages
from zapcls.errors import ZapError
from zapcls.model import processes
from zapcls.model.architectures import split_stages
from zapcls.model.loaders import PixelGather
from zapcls.model.memory import do_in_batches
from zapcls.model.recolored import hold_folder, read_recolored
from zapcls.model.views import PLAIN, RECOLORED, View, build_view, list_views
from zapcls.progress import Progress
from zapcls.workspace.arrays import FilledArray
from zapcls.workspace.layout import write_json

POOLED, MAPS = "pooled", "maps"
# Float32 sums in another order, relative to the largest value; anything larger is another network.
TOLERANCE = 1e-3
TITLE = "Computing the frozen network's features"
_BATCH = {"cpu": 32}  # small enough for the caches of a CPU
_GPU_BATCH = 256
# Pooled features are kept as they are; maps are large, and half precision costs no accuracy.
_DTYPES = {POOLED: np.float32, MAPS: np.float16}


class TwoOutputs(nn.Module):
    """A body that gives both what enters its last stages and its pooled features.

    The pooling is that of fastai's head: the maximum and the mean of each channel. A body that is
    not a sequence gives its own last map as the first output.
    """

    front: nn.Module
    last: nn.Module

    def __init__(self, body: nn.Module, config: TrainConfig) -> None:
        super().__init__()
        self.front, self.last = body, nn.Identity()
        if has_stages(config.arch):
            self.front, self.last = split_stages(body, STAGES.get(config.unfrozen_part, 1))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.front(images)
        features = self.last(maps)
        return maps, torch.cat([features.amax(dim=(2, 3)), features.mean(dim=(2, 3))], dim=1)


class FrozenBody:
    """The features of one body at one image size, for the rows and views that are asked for."""

    def __init__(
        self,
        config: TrainConfig,
        body: nn.Module,
        pixels: np.ndarray,
        bodies_dir: Path,
        device: torch.device,
        progress: Progress,
    ) -> None:
        """`body` must still have the weights that `config` names."""
        self._config, self._pixels, self._device, self._progress = config, pixels, device, progress
        self._bodies_dir = bodies_dir
        self._net = TwoOutputs(body, config)
        # The training changes the body's own last stage, and may then be resumed.
        self._net.last = copy.deepcopy(self._net.last)
        self.folder = bodies_dir / name_body(config, body)

    def read(
        self, kind: str, rows: np.ndarray, train_rows: np.ndarray, will_need_maps: bool = False
    ) -> list[np.ndarray]:
        """Return an array (photos, ...) a view of `list_views`, in that order.

        The first is of all `rows`, the others are of `train_rows`. What is not there yet is
        computed; rows that were not asked for hold zeros. Where a later phase will need the maps,
        the pass that gives pooled features keeps them too.

        Raises:
            Stopped: a person asked to stop; what was computed is kept.
            ZapError: the disk has no room.
        """
        views, recolored = list_views(self._config), None
        kinds = (POOLED, MAPS) if will_need_maps or kind == MAPS else (POOLED,)
        if any(view.color == RECOLORED for view in views):
            recolored = read_recolored(self._pixels, train_rows, self._bodies_dir, self._progress)
        with processes.first_alone(), hold_folder(self.folder, self._progress):
            return [
                self._read_view(kinds, view, rows if number == 0 else train_rows, recolored)[kind]
                for number, view in enumerate(views)
            ]

    def read_plain(self, kind: str, rows: np.ndarray) -> np.ndarray:
        """Return the first view alone, whatever the training draws from: see `read`."""
        with processes.first_alone(), hold_folder(self.folder, self._progress):
            kinds = (POOLED, MAPS) if kind == MAPS else (POOLED,)
            return self._read_view(kinds, View(PLAIN), rows)[kind]

    def describe(self, images: np.ndarray) -> np.ndarray:
        """Return the pooled features of other photos, by the same engine; they are not kept."""
        size, statistics = self._config.image_size, self._config.statistics
        see = PixelGather(images, size, self._device, statistics)
        return self._engine(see(np.arange(len(images))))[1]

    def _read_view(
        self,
        kinds: tuple[str, ...],
        view: View,
        rows: np.ndarray,
        recolored: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        arrays = {
            kind: FilledArray(
                self.folder / f"{kind}-{view.name}.npy",
                (len(self._pixels), *self._shapes[kind]),
                _DTYPES[kind],
            )
            for kind in kinds
        }
        self._fill(arrays, rows, view, recolored)
        return {kind: array.values for kind, array in arrays.items()}

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        size = self._config.image_size
        self._net.to(self._device).eval()
        with torch.inference_mode():
            outputs = self._net(torch.zeros(1, 3, size, size, device=self._device))
        return dict(zip((MAPS, POOLED), (tuple(out.shape[1:]) for out in outputs), strict=True))

    def _fill(
        self,
        arrays: dict[str, FilledArray],
        rows: np.ndarray,
        view: View,
        recolored: np.ndarray | None,
    ) -> None:
        is_filled = np.logical_and.reduce([array.is_filled for array in arrays.values()])
        todo = rows[~is_filled[rows]]
        if not len(todo):
            return
        run = self._engine
        see = build_view(view, self._pixels, recolored, self._config, self._device)

        def fill(part: np.ndarray) -> None:
            with torch.inference_mode():
                maps, pooled = run(see(part))
            for kind, values in ((MAPS, maps), (POOLED, pooled)):
                if kind in arrays:
                    arrays[kind].fill(part, values)

        batch_size, title = _BATCH.get(self._device.type, _GPU_BATCH), f"{TITLE}, {view.title}"
        try:
            rate = do_in_batches(fill, todo, batch_size, title, self._progress)
        finally:
            for array in arrays.values():
                array.flush()
        write_json(self.folder / "speed.json", {"images": len(todo), "images_per_s": round(rate)})

    @cached_property
    def _engine(self) -> "OnnxEngine | TorchEngine":
        """ONNX Runtime on a CPU, checked against torch; torch in mixed precision on a GPU."""
        if self._device.type != "cpu":
            return TorchEngine(self._net, self._device)
        path = self.folder / "body.onnx"
        size = self._config.image_size
        file, engine = path, _open_engine(path)
        if engine is None:
            file = path.with_name(".body.onnx.part")
            if not _export(self._net, size, file):
                return TorchEngine(self._net, self._device)
            engine = OnnxEngine(file)
        probe = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 4 - 2
        if _is_same(engine(probe), TorchEngine(self._net, self._device)(probe)):
            file.replace(path)
            return engine
        file.unlink()
        return TorchEngine(self._net, self._device)


def name_body(config: TrainConfig, body: nn.Module) -> str:
    """Name a body by all that its features depend on: network, size, weights, where it is cut."""
    digest = hashlib.blake2b(digest_size=6)
    if config.statistics != Statistics():
        digest.update(repr(config.statistics).encode())
    if STAGES.get(config.unfrozen_part, 1) > 1:
        digest.update(config.unfrozen_part.encode())
    for key, value in body.state_dict().items():
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return f"{config.arch}-{config.image_size}-{digest.hexdigest()}"


class TorchEngine:
    """The body in torch: in mixed precision on a GPU, in float32 elsewhere."""

    def __init__(self, net: nn.Module, device: torch.device) -> None:
        self._device = device
        self._net = net.to(device).to(memory_format=torch.channels_last).eval()

    def __call__(self, images: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        images = images.to(self._device).to(memory_format=torch.channels_last)
        is_gpu = self._device.type == "cuda"
        with torch.inference_mode(), torch.autocast(self._device.type, enabled=is_gpu):
            maps, pooled = self._net(images)
        return maps.float().cpu().numpy(), pooled.float().cpu().numpy()


class OnnxEngine:
    """The body in ONNX Runtime, in float32."""

    def __init__(self, path: Path) -> None:
        self._session = build_session(path)

    def __call__(self, images: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        maps, pooled = self._session.run(None, {"images": images.contiguous().numpy()})
        return maps, pooled


def _open_engine(path: Path) -> OnnxEngine | None:
    """Open an exported body; None where there is none, or it is damaged: it is exported anew."""
    try:
        return OnnxEngine(path)
    except ZapError:
        return None


def _export(net: nn.Module, size: int, path: Path) -> bool:
    """Export the body as ONNX; False where the exporter does not know one of its operations.

    This is torch's older exporter: it takes half a second where the new one takes seven, which
    is a third of a whole frozen phase. Without it torch itself computes the features.
    """
    net = net.to(memory_format=torch.contiguous_format).eval()
    names = {"images": {0: "batch"}, MAPS: {0: "batch"}, POOLED: {0: "batch"}}
    with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
        try:
            torch.onnx.export(
                net,
                (torch.zeros(2, 3, size, size),),
                path,
                input_names=["images"],
                output_names=[MAPS, POOLED],
                dynamic_axes=names,
                dynamo=False,
            )
        except (torch.onnx.OnnxExporterError, RuntimeError):
            path.unlink(missing_ok=True)
            return False
    return True


def _is_same(first: tuple[np.ndarray, ...], second: tuple[np.ndarray, ...]) -> bool:
    return all(
        one.shape == other.shape
        and float(np.abs(one - other).max()) <= TOLERANCE * max(1.0, float(np.abs(other).max()))
        for one, other in zip(first, second, strict=True)
    )
