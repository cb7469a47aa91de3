"""The same product in two groups, such as colors: does the answer depend on it?

No pixel is edited. Whatever else tells women's from men's shoes is the same in both photos of a
pair. A product counts once, however many colors it comes in: its pairs are averaged.
"""

import numpy as np
import pandas as pd
from scipy.stats import t

from zapcls.analysis.intervals import LEVEL
from zapcls.analysis.metrics import labelled
from zapcls.analysis.permutations import holm, sign_flip_p


def build_pairs(table: pd.DataFrame, split: str = "valid", by: str = "color") -> pd.DataFrame:
    """Pair each photo of a split with those of its product in other groups, under the same label.

    Each pair stands there twice, once from each side: `image_id`, the group, `wrong, prob_label`
    of one photo, `image_id_other, ...` of the other, and their `product_id, label`.
    """
    rows = labelled(table, split)
    rows = rows[rows[by] != ""]
    columns = ["product_id", "label", "image_id", by, "wrong", "prob_label"]
    pairs = rows[columns].merge(rows[columns], on=["product_id", "label"], suffixes=("", "_other"))
    return pairs[pairs[by] != pairs[f"{by}_other"]].reset_index(drop=True)


def compare_pairs(pairs: pd.DataFrame, seed: int = 0, by: str = "color") -> pd.DataFrame:
    """Compare each group with the other groups of the same products, label by label.

    Returns:
        label and `by`; n_pairs; n_products; discordant, the share of pairs of which one is
        answered wrong and the other right; rate and rate_other, the error rates of this group and
        of the other ones; difference (rate - rate_other) with low and high; shift, by how much the
        label's probability is higher in this group; p of a sign-flip permutation by product, and
        p_holm for all rows together (Holm 1979). All are means over products.
    """
    means = (
        pairs.assign(
            discordant=pairs["wrong"] != pairs["wrong_other"],
            shift=pairs["prob_label"] - pairs["prob_label_other"],
            n_pairs=1,
        )
        .groupby(["label", by, "product_id"], observed=True)
        .agg(
            n_pairs=("n_pairs", "sum"),
            discordant=("discordant", "mean"),
            rate=("wrong", "mean"),
            rate_other=("wrong_other", "mean"),
            shift=("shift", "mean"),
        )
        .reset_index()
    )
    rng = np.random.default_rng(seed)
    rows = [
        {"label": label, by: group} | _compare(products, rng)
        for (label, group), products in means.groupby(["label", by], observed=True)
    ]
    columns = [
        "label", by, "n_pairs", "n_products", "discordant", "rate", "rate_other", "difference",
        "low", "high", "shift", "p", "p_holm",
    ]  # fmt: skip
    if not rows:
        return pd.DataFrame(columns=columns)
    found = pd.DataFrame(rows)
    return found.assign(p_holm=holm(found["p"]))[columns]


def _compare(products: pd.DataFrame, rng: np.random.Generator) -> dict[str, float]:
    """Compare one group over its products, each a row of means."""
    gaps = (products["rate"] - products["rate_other"]).to_numpy()
    difference, low, high = mean_gap(gaps)
    return {
        "n_pairs": int(products["n_pairs"].sum()),
        "n_products": len(gaps),
        **{name: float(products[name].mean()) for name in ("discordant", "rate", "rate_other")},
        "difference": difference,
        "low": low,
        "high": high,
        "shift": float(products["shift"].mean()),
        "p": sign_flip_p(gaps, rng),
    }


def mean_gap(gaps: np.ndarray) -> tuple[float, float, float]:
    """Return the mean of the products' differences (-1..1), low and high (95 %, Student's t).

    Half the interval is never below 3 / products, the rule of three for what none of them shows.
    """
    count, difference = len(gaps), float(gaps.mean())
    half = 3 / count
    if count > 1:
        quantile = float(t.ppf((1 + LEVEL) / 2, count - 1))
        half = max(half, quantile * float(gaps.std(ddof=1)) / np.sqrt(count))
    return difference, max(-1.0, difference - half), min(1.0, difference + half)
