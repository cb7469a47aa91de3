"""How a frozen body is shown the photos: the few views that are computed once, and their shares."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from zapcls.config import TrainConfig
from zapcls.model.changes import DRAWN, FixedChance
from zapcls.model.color_changes import ColorDraw, DrawColors
from zapcls.model.loaders import PixelGather

PLAIN, MIRRORED = "plain", "mirrored"
GRAY, RECOLORED, TURNED = "gray", "recolored", "turned"


@dataclass(frozen=True)
class View:
    """A view of the photos; all that it shows follows from these fields."""

    shape: str  # plain, mirrored, or an augmentation that is drawn at random
    color: str = ""  # gray, recolored or turned; "" as the photo is
    number: int = 0  # of what is drawn
    most: float = 0.0  # the largest turn of a hue

    @property
    def name(self) -> str:
        """The name of its files: those of views without colors are the same in all trainings."""
        shape = f"{self.shape}-{self.number}" if self.shape in DRAWN else self.shape
        if self.color == TURNED:
            return f"{shape}-{self.color}-{self.most:g}-{self.number}"
        return f"{shape}-{self.color}" if self.color else shape

    @property
    def title(self) -> str:
        """What it shows, in words: photos mirrored, hues turned."""
        shape = {PLAIN: "photos as they are", MIRRORED: "photos mirrored"}.get(
            self.shape, f"random changes {self.number}"
        )
        color = {GRAY: "in gray", RECOLORED: "shoes recolored", TURNED: "hues turned"}
        return ", ".join(filter(None, (shape, color.get(self.color))))


def list_views(config: TrainConfig) -> dict[View, float]:
    """The views that a training draws from, each with its share; they sum to 1.

    The first is always the photo as it is, which tune is shown; the others are of training photos
    alone. Shapes come first: plain, mirrored, then standard changes, `views` at most. With color
    changes each shape is there in gray, recolored, and as it is, in the shares of the config.
    With `hue_jitter` the latter are `views` views, each with turns of its own, of these shapes in
    turn: two views are two turns of each photo.
    """
    shapes = [View(PLAIN)]
    if config.augmentation != "none" and config.views > 1:
        shapes.append(View(MIRRORED))
    if config.augmentation in DRAWN:
        shapes += [View(config.augmentation, number=number) for number in range(2, config.views)]
    own = shapes
    if config.hue_jitter:
        again = (shapes[number % len(shapes)] for number in range(config.views))
        own = [View(v.shape, TURNED, k, config.hue_jitter) for k, v in enumerate(again)]
    gray = [View(view.shape, GRAY, view.number) for view in shapes]
    recolored = [View(view.shape, RECOLORED, view.number) for view in shapes]
    rest = round(1 - config.grayscale_share - config.recolor_share, 9)
    shares = {View(PLAIN): 0.0}
    groups = ((own, rest), (gray, config.grayscale_share), (recolored, config.recolor_share))
    for views, share in groups:
        shares |= {view: share / len(views) for view in views if share > 0}
    return shares


def build_view(
    view: View,
    pixels: np.ndarray,
    recolored: np.ndarray | None,
    config: TrainConfig,
    device: torch.device,
) -> Callable[[np.ndarray], torch.Tensor]:
    """Build what makes the images of a view; a random change follows the view and the row.

    `recolored` is a copy of `pixels` with shoes in other colors; only a recolored view needs it.
    """
    source = pixels
    if view.color == RECOLORED:
        assert recolored is not None
        source = recolored
    augmentation = view.shape if view.shape in DRAWN else "none"
    gather = PixelGather(
        source, config.image_size, device, config.statistics, augmentation,
        draw_colors=_build_fixed_draw(view, len(pixels)),
        chance=FixedChance(view.number, len(pixels)),
    )  # fmt: skip

    def see(rows: np.ndarray) -> torch.Tensor:
        images = gather(rows)
        return images.flip(3) if view.shape == MIRRORED else images

    return see


def _build_fixed_draw(view: View, photos: int) -> DrawColors | None:
    """Build what gives each photo of a view its change; a turn follows the view and the row."""
    if view.color not in (GRAY, TURNED):
        return None
    turns = np.zeros(photos)
    if view.color == TURNED:
        turns = np.random.default_rng(view.number).uniform(-view.most, view.most, photos)

    def draw(rows: np.ndarray) -> ColorDraw:
        is_gray = torch.full((len(rows),), view.color == GRAY)
        return ColorDraw(is_gray, torch.zeros_like(is_gray), torch.from_numpy(turns[rows]).float())

    return draw
