"""What learning-rate finders' curves say together, and whether they can be trusted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

FLAT_FALL = 0.03  # of the loss at the start: less is no fall
NOISY_RATIO = 5.0  # between the largest and the smallest valley of the seeds
NOISY_PATH = 4.0  # how much longer than the fall the way of a single curve may be


def summarize(curve: pd.DataFrame) -> pd.DataFrame:
    """Summarize one phase's curves (`schema.LR_CURVE`) over their seeds.

    A seed whose loss has exploded counts as infinitely high from there on.

    Returns:
        `learning_rate` (growing), `loss` (the median), `low, high` (the quartiles) and `seeds`,
        up to where half of the seeds have exploded.
    """
    wide = curve.pivot_table(index="learning_rate", columns="seed", values="loss", dropna=False)
    values = wide.to_numpy(dtype=float)
    values = np.where(np.isfinite(values), values, np.inf)
    with np.errstate(invalid="ignore"):  # between two infinities
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75], axis=1, method="nearest")
    table = pd.DataFrame(
        {"learning_rate": wide.index, "loss": median, "low": low, "high": high}
    ).assign(seeds=values.shape[1])
    is_finite = np.isfinite(median)
    return table.iloc[: int(is_finite.argmin()) if not is_finite.all() else len(table)]


def find_faults(curve: pd.DataFrame, valleys: Sequence[float]) -> list[str]:
    """Find what makes one phase's curves a poor guide; each fault is a sentence.

    `valleys` are the suggestions of the single seeds.
    """
    table = summarize(curve)
    loss = table["loss"].to_numpy()
    if len(loss) < 2:
        return ["The loss explodes at once: no rate can be read from this curve."]
    fall = (loss[0] - loss.min()) / loss[0]
    if fall < FLAT_FALL:
        if loss[-1] > 1.5 * loss[0]:
            return [
                "The curve diverges: the loss rises without having fallen. Check the labels and "
                "the images, or start from other weights."
            ]
        return [
            f"The curve is flat: the loss falls by {100 * fall:.1f} % at most, so every "
            "suggestion is a guess. Try more images or another image size."
        ]
    return _find_noise(loss, valleys)


def _find_noise(loss: np.ndarray, valleys: Sequence[float]) -> list[str]:
    if len(valleys) > 1 and max(valleys) > NOISY_RATIO * min(valleys):
        return [
            f"The curve is noisy: the valleys of {len(valleys)} seeds lie between "
            f"{_write(min(valleys))} and {_write(max(valleys))}. Try rates within that range, or a "
            "larger batch."
        ]
    bottom = int(loss.argmin())
    path = float(np.abs(np.diff(loss[: bottom + 1])).sum())
    if path > NOISY_PATH * (loss[0] - loss[bottom]):
        return [
            "The curve is noisy: as the loss falls, it also rises nearly as much. A larger batch "
            "or more seeds would smooth it."
        ]
    if len(valleys) == 1:
        return [
            "One seed only: with another order of the images, the suggestion may be several times "
            "higher or lower."
        ]
    return []


def _write(rate: float) -> str:
    """Write a rate as the pages do: 1.0e-3."""
    return f"{rate:.1e}".replace("e-0", "e-")
