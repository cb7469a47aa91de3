"""How alike the named colors of two photos are: shares of color names, near names nearly alike."""

from functools import cache

import numpy as np
import pandas as pd
from scipy.linalg import eigh
from skimage.color import rgb2lab

from zapcls.data.color_names import PROTOTYPES

REACH = 25.0  # CIELAB: how far apart two colors are that are still somewhat alike


def build_color_vectors(colors: pd.DataFrame) -> np.ndarray:
    """Build a vector a photo from its named colors (color_fine, share, color_2).

    Their cosine is 1 for the same colors in the same shares, and about 0 for black and white. A
    photo without a named color has a vector of zeros.

    Returns:
        float32 (n, names).
    """
    names, factor = _build_names()
    shares = np.zeros((len(colors), len(names)), dtype=np.float32)
    first = names.get_indexer(colors["color_fine"])
    second = names.get_indexer(colors["color_2"])
    share = colors["share"].fillna(0).to_numpy(dtype=np.float32)
    rows = np.arange(len(colors))
    shares[rows[first >= 0], first[first >= 0]] = share[first >= 0]
    there = (first >= 0) & (second >= 0)
    shares[rows[there], second[there]] += 1 - share[there]
    return shares @ factor


@cache
def _build_names() -> tuple[pd.Index, np.ndarray]:
    """Return the finer names, and vectors whose products are how alike their colors are."""
    centers = []
    for _, _, prototypes in PROTOTYPES:
        rgb = np.array([list(bytes.fromhex(value)) for value in prototypes.split()])
        centers.append(rgb2lab(rgb[None] / 255)[0].mean(axis=0))
    place = np.array(centers)
    apart = ((place[:, None] - place[None]) ** 2).sum(axis=2)
    values, vectors = eigh(np.exp(-apart / (2 * REACH**2)))
    factor = vectors * np.sqrt(np.maximum(values, 0))
    return pd.Index([name for name, _, _ in PROTOTYPES]), factor.astype(np.float32)
