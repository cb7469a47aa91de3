"""From stored pixels to what the network sees; part of the exported model."""

import torch
import torch.nn.functional as F
from torch import nn

from zapcls.config import Statistics


class Resize(nn.Module):
    """Resize square images by two matrix products: antialiased, the same on every engine.

    Takes uint8 (n, side, side, 3), gives float 0..1 (n, 3, size, size). The matrix is what
    `interpolate(antialias=True)` does to the identity, so the result is the same as its own.
    """

    matrix: torch.Tensor

    def __init__(self, side: int, size: int) -> None:
        super().__init__()
        identity = torch.eye(side)[None, None]
        matrix = F.interpolate(identity, (size, side), mode="bilinear", antialias=True)[0, 0]
        self.register_buffer("matrix", matrix, persistent=False)
        self.is_identity = side == size

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        images = pixels.permute(0, 3, 1, 2).to(torch.float32) / 255
        if self.is_identity:
            return images
        return self.matrix @ images @ self.matrix.T


class Normalize(nn.Module):
    """Subtract the network's mean and divide by its deviation, a channel at a time."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, statistics: Statistics) -> None:
        super().__init__()
        for name, values in statistics._asdict().items():
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (images - self.mean) / self.std


class See:
    """The same way for training, at the speed of the hardware; a pixel may be one level off.

    On a CPU torch resizes bytes ten times faster than numbers, rounding to whole levels (of
    255); elsewhere the matrices of `Resize` are used. A trained network is evaluated and exported
    with `Resize` itself.
    """

    def __init__(self, side: int, device: torch.device, statistics: Statistics) -> None:
        self._side, self._device = side, device
        self._resizers: dict[int, Resize] = {}
        mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in statistics)
        self._shift, self._scale = -mean / std, 1 / std

    def resize(self, pixels: torch.Tensor, size: int) -> torch.Tensor:
        """Resize uint8 (n, side, side, 3): uint8 (n, 3, size, size), or float 0..1 on a GPU."""
        if self._device.type == "cpu":
            images = pixels.permute(0, 3, 1, 2)
            if size == self._side:
                return images
            return F.interpolate(images, (size, size), mode="bilinear", antialias=True)
        if size not in self._resizers:
            self._resizers[size] = Resize(self._side, size).to(self._device)
        return self._resizers[size](pixels)

    def to_unit(self, images: torch.Tensor) -> torch.Tensor:
        """Return float 0..1 of what `resize` gave."""
        return images.float() / 255 if images.dtype == torch.uint8 else images

    def normalize(self, images: torch.Tensor) -> torch.Tensor:
        """Normalize by the network's statistics what `resize` or `to_unit` gave: float32."""
        levels = 255 if images.dtype == torch.uint8 else 1
        return torch.addcmul(self._shift, images, self._scale / levels)


class ShoeClassifier(nn.Module):
    """The whole way from stored pixels to an answer, as it is evaluated and exported.

    Takes uint8 (n, side, side, 3); gives logits (n, classes) and the embedding
    (n, width): what the head's last linear layer sees. With two `views` the embedding, and with it
    the logits, is the mean of a photo's and its mirror image's.
    """

    def __init__(
        self, network: nn.Sequential, side: int, size: int, statistics: Statistics, views: int = 1
    ) -> None:
        super().__init__()
        body, head = network
        self.preprocess = nn.Sequential(Resize(side, size), Normalize(statistics))
        layers = list(head.children())
        self.trunk = nn.Sequential(body, *layers[:-1])
        self.last = layers[-1]
        self.views = views

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        images = self.preprocess(pixels)
        embedding = self.trunk(images)
        if self.views == 2:
            embedding = (embedding + self.trunk(images.flip(3))) / 2
        return self.last(embedding), embedding
