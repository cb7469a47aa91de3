"""What a network makes of one photo, through its exported model: what Similar compares."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from zapcls.answer.classify import TURNS, Classifier, build_session
from zapcls.config import Statistics

Embed = Callable[[np.ndarray], np.ndarray]  # uint8 (side, side, 3) to float32 (width)


def embed_by_run(classifier: Classifier) -> Embed:
    """Return what gives a run's embedding of a photo of `classifier.side`."""
    return lambda pixels: classifier.answer(pixels[None])[1][0]


def embed_by_body(path: Path, statistics: Statistics) -> Embed:
    """Return what gives a frozen body's pooled features of a photo of any size.

    `path` is its `body.onnx`. The photo is resized as the training does it on a CPU: torch's
    antialiased bilinear resampling of bytes is Pillow's.

    Raises:
        ZapError: the file is none, or is damaged.
    """
    remedy = f"Delete the folder {path.parent}: what it holds is computed again where it is needed."
    session = build_session(path, remedy)
    size = int(session.get_inputs()[0].shape[2])
    mean, std = (np.array(values, dtype=np.float32) for values in statistics)

    def embed(pixels: np.ndarray) -> np.ndarray:
        resized = Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR)
        images = (np.asarray(resized, dtype=np.float32) / 255 - mean) / std
        with TURNS:
            return session.run(["pooled"], {"images": images.transpose(2, 0, 1)[None]})[0][0]

    return embed
