"""Random changes of shape, light and ground: what a batch of training photos goes through."""

import torch
from fastai.torch_core import TensorImage
from fastai.vision.augment import RandTransform, aug_transforms
from fasttransform import Pipeline

STANDARD, WIDE = "standard", "wide"
DRAWN = (STANDARD, WIDE)  # those that are drawn at random, apart from mirroring
_WIDE = {"max_rotate": 10, "min_zoom": 0.6, "max_zoom": 1.2, "max_warp": 0.4, "max_lighting": 0.3}
_DARKEST_GROUND = 0.75
_GROUND_SHARE = 0.5


class Ground(RandTransform):
    """Puts half of the photos on a gray, evenly lit or not: white by a plane of gray levels.

    A photo is multiplied by the plane, so that what stands on the ground darkens with it, as it
    does under a lamp.
    """

    order = 40  # after fastai's shapes and lights, on images of 0 to 1

    def __init__(self) -> None:
        super().__init__(p=1.0)

    def encodes(self, images: TensorImage) -> TensorImage:
        count, _, height, width = images.shape
        corners = torch.empty(count, 1, 2, 2, device=images.device).uniform_(_DARKEST_GROUND, 1)
        corners[torch.rand(count, device=images.device) >= _GROUND_SHARE] = 1
        plane = torch.nn.functional.interpolate(
            corners, (height, width), mode="bilinear", align_corners=True
        )
        return images * plane


def build_changes(augmentation: str) -> Pipeline | None:
    """Build the changes of an augmentation, of images of 0 to 1; None where it has none.

    "standard" are fastai's: turns, zoom, perspective and light. "wide" goes further: other
    distances, other points of view, gray grounds, as in the photos of another shop.
    """
    if augmentation not in DRAWN:
        return None
    if augmentation == STANDARD:
        changes = aug_transforms(do_flip=False, pad_mode="border")
    else:
        changes = [
            *aug_transforms(do_flip=False, pad_mode="border", p_affine=1.0, **_WIDE),
            Ground(),
        ]
    return Pipeline(changes, split_idx=0)
