"""A few drawn shoes at once, to look at before a catalogue is drawn."""

import numpy as np
from PIL import Image

from zapcls.data.drawing.painting import paint_shoe
from zapcls.data.drawing.palette import build_palette
from zapcls.data.drawing.shapes import build_parts
from zapcls.data.sample import plan_products

PLANNED = 120  # photos; the shown ones are among their first products


def draw_photos(n: int, seed: int = 0) -> list[Image.Image]:
    """Draw n women's and men's shoes, each another product; the same seed, the same photos."""
    products = [one for one in plan_products(PLANNED, seed) if one.gender in ("Women", "Men")]
    photos = []
    for number, product in enumerate(products[:n]):
        rng = np.random.default_rng([seed, number])
        palette = build_palette(
            next(iter(product.colors.values())), product.last, rng.random(3).tolist(), rng
        )
        photos.append(paint_shoe(build_parts(product.last), palette, product.last, rng))
    return photos
