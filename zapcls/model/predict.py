"""One pass of a trained network over stored photos."""

import time

import numpy as np
import torch

from zapcls.model.preprocess import ShoeClassifier
from zapcls.progress import Progress, silent

TITLE = "Predicting every photo"


def predict(
    classifier: ShoeClassifier,
    pixels: np.ndarray,
    rows: np.ndarray,
    device: torch.device,
    batch_size: int = 64,
    progress: Progress = silent,
) -> tuple[np.ndarray, np.ndarray]:
    """Predict some rows of `pixels`, in their order, in float32.

    Returns:
        Logits (n, classes) and embeddings (n, width), both float32.

    Raises:
        Stopped: a person asked to stop.
    """
    classifier = classifier.to(device).to(memory_format=torch.channels_last).eval()
    logits, embeddings = [], []
    started = time.perf_counter()
    with torch.inference_mode():
        for start in range(0, len(rows), batch_size):
            batch = torch.from_numpy(pixels[rows[start : start + batch_size]]).to(device)
            out, embedding = classifier(batch)
            logits.append(out.float().cpu().numpy())
            embeddings.append(embedding.float().cpu().numpy())
            done = min(start + batch_size, len(rows))
            rate = done / (time.perf_counter() - started)
            progress(
                TITLE,
                done,
                len(rows),
                images_per_s=round(rate, 1),
                seconds_left=round((len(rows) - done) / rate, 1),
            )
    return np.concatenate(logits), np.concatenate(embeddings)
