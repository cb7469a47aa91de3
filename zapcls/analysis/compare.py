"""Two runs on the same photos: what one fixed and broke, and what chance alone could do.

Both are graded twice, by the catalogue's labels (old) and by those with the reviewers' corrections.
The fair question is asked of photos that nobody reviewed: reviewers look at what the first run got
wrong, so that correcting labels alone moves its rate.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy.stats import t

from zapcls.analysis.decisions import build_corrections
from zapcls.analysis.intervals import LEVEL, count_rates
from zapcls.analysis.permutations import sign_flip_p
from zapcls.config import TrainConfig
from zapcls.data.task import Task
from zapcls.errors import BadInput

RUNS = ("first", "second")
CELLS = ("fixed", "broken", "still wrong", "still right", "taken out")
IMAGES = ("not reviewed", "reviewed", "all")
LABELS = {"old": "label_old", "corrected": "label_new"}
_FACTS = ["image_id", "product_id", "row", "color", "category", "image_path", "brand"]
_ANSWERS = ["prediction", "prob"]


class Trained(Protocol):
    """What has to be known of a run to tell whether it can be compared."""

    @property
    def run_id(self) -> str: ...

    @property
    def facts(self) -> dict[str, Any]: ...

    @property
    def task(self) -> Task: ...


def find_obstacle(first: Trained, second: Trained) -> str:
    """Find what keeps two runs from being compared, as a sentence; "" where nothing does."""
    if first.run_id == second.run_id:
        return f"Two runs are compared, got {first.run_id} twice. Choose another one."
    for name, values in {
        "target": [run.task.target for run in (first, second)],
        "classes": [", ".join(sorted(run.task.classes)) for run in (first, second)],
        "catalogue": [run.facts["catalogue_id"] for run in (first, second)],
    }.items():
        if values[0] != values[1]:
            return (
                f"Runs are compared under the same {name}, got {values[0]} ({first.run_id}) and "
                f"{values[1]} ({second.run_id}). Choose another run."
            )
    return ""


def check_comparable(first: Trained, second: Trained) -> None:
    """Check that two runs answer the same question about the same photos.

    Raises:
        BadInput: they are one run, or differ in target, classes or catalogue.
    """
    obstacle = find_obstacle(first, second)
    if obstacle:
        raise BadInput(obstacle)


def held_out(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the photos that a run neither learned nor chose from, and that the catalogue labels."""
    return table[(table["split"] == "valid") & (table["catalog_label"] != "")]


def pair_runs(
    first: pd.DataFrame,
    second: pd.DataFrame,
    verdicts: pd.DataFrame,
    classes: Sequence[str],
    by: str = "color",
) -> pd.DataFrame:
    """Pair two runs' predictions on the photos that are valid in both, one row each.

    `first` and `second` are as `read_predictions` gives them, of one catalogue and target;
    `verdicts` are `schema.VERDICTS`.

    Returns:
        The facts of each image with the group column `by`, `prediction_` and `prob_` of the first
        and second run, then label_old: the catalogue's; label_new: with the settled corrections,
        "" where taken out; is_reviewed: it has a verdict or a conflict;
        wrong_<old|new>_<first|second>: False where the label is ""; cell: one of CELLS, under
        label_new; by_relabelling: whether the first run is right or wrong differs between the two
        labels.
    """
    facts = list(dict.fromkeys([*_FACTS, by]))
    pairs = held_out(first)[[*facts, "catalog_label", *_ANSWERS]].merge(
        held_out(second)[["image_id", *_ANSWERS]],
        on="image_id", suffixes=("_first", "_second"), validate="one_to_one",
    )  # fmt: skip
    corrections = build_corrections(verdicts, classes)[["image_id", "label"]]
    pairs = pairs.rename(columns={"catalog_label": "label_old"}).merge(
        corrections.rename(columns={"label": "label_new"}),
        on="image_id", how="left", validate="one_to_one",
    )  # fmt: skip
    pairs["label_new"] = pairs["label_new"].fillna(pairs["label_old"])
    pairs["is_reviewed"] = pairs["image_id"].isin(verdicts["image_id"])
    for label in LABELS.values():
        for run in RUNS:
            is_wrong = (pairs[label] != "") & (pairs[f"prediction_{run}"] != pairs[label])
            pairs[label.replace("label", "wrong") + f"_{run}"] = is_wrong
    return pairs.assign(
        cell=_sort_cells(pairs),
        by_relabelling=(pairs["label_new"] != "")
        & (pairs["wrong_old_first"] != pairs["wrong_new_first"]),
    )


def _sort_cells(pairs: pd.DataFrame) -> np.ndarray:
    first, second = pairs["wrong_new_first"], pairs["wrong_new_second"]
    is_out = pairs["label_new"] == ""
    cases = [first & ~second, ~first & second, first & second, ~first & ~second & ~is_out, is_out]
    return np.select(cases, CELLS, default="")


def summarize(pairs: pd.DataFrame) -> pd.DataFrame:
    """Sum up a comparison: a row for each of IMAGES and LABELS.

    Columns: images, labels, n, n_products; for each run errors_, rate_, low_ and high_ (see
    `intervals.count_rates`) and balanced_, the rate with each class counted alike; difference of
    the rates (second - first, -1..1) with low and high; p; fixed and broken (images);
    by_relabelling (images, 0 under the old labels). Where there are no images n is 0 and the rates
    are NaN.
    """
    parts = {
        "not reviewed": pairs[~pairs["is_reviewed"]],
        "reviewed": pairs[pairs["is_reviewed"]],
        "all": pairs,
    }
    return pd.DataFrame(
        {"images": images, "labels": labels} | _compare(parts[images], labels)
        for images in IMAGES
        for labels in LABELS
    )


def _compare(pairs: pd.DataFrame, labels: str) -> dict[str, Any]:
    label = LABELS[labels]
    wrong = label.replace("label", "wrong")
    chosen = pairs[pairs[label] != ""]
    row = pair_rates(chosen, wrong)
    for run in RUNS:  # the mean over the classes
        row[f"balanced_{run}"] = chosen.groupby(label)[f"{wrong}_{run}"].mean().mean()
    row["by_relabelling"] = int(chosen["by_relabelling"].sum()) if labels == "corrected" else 0
    return row


def pair_rates(pairs: pd.DataFrame, hit: str) -> dict[str, Any]:
    """Compare two runs' rates of the bool columns `<hit>_first` and `<hit>_second`, paired.

    Returns:
        The columns of `summarize`, from n to broken: `errors_` are the hits, fixed were hit by the
        first run alone and broken by the second alone.
    """
    first, second = (pairs[f"{hit}_{run}"] for run in RUNS)
    row: dict[str, Any] = {"n": len(pairs), "n_products": pairs["product_id"].nunique()}
    for run in RUNS:
        rate = count_rates(pairs, f"{hit}_{run}").iloc[0]
        row |= {f"errors_{run}": int(rate["hits"])}
        row |= {f"{name}_{run}": rate[name] for name in ("rate", "low", "high")}
    change = second.astype(int) - first.astype(int)
    products = change.groupby(pairs["product_id"]).agg(["size", "sum"])
    sizes, sums = products["size"].to_numpy(), products["sum"].to_numpy()
    row |= dict(zip(("difference", "low", "high"), paired_interval(sizes, sums), strict=True))
    return row | {
        "p": sign_flip_p(sums),
        "fixed": int((change < 0).sum()),
        "broken": int((change > 0).sum()),
    }


def paired_interval(
    sizes: np.ndarray, sums: np.ndarray, level: float = LEVEL
) -> tuple[float, float, float]:
    """Return the mean difference over images with its interval, products as the units.

    `sizes` is each product's number of images, `sums` the sum of their differences, each -1..1.
    The standard error is the cluster-robust one of a mean (Liang and Zeger 1986, Biometrika 73:13),
    the quantile is Student's t with one degree of freedom less than there are products. To each
    side the interval reaches 3 / products at least, the rule of three for what was seen in none of
    them (Hanley and Lippman-Hand 1983, JAMA 249:1743): where next to no image differs, the standard
    error alone would claim to know that none ever will.

    Returns:
        The difference, its lower and its upper end, -1..1; NaN where there are no images.
    """
    count, n = len(sizes), sizes.sum()
    if not count:
        return np.nan, np.nan, np.nan
    difference = float(sums.sum() / n)
    half = 3 / count
    if count > 1:
        residuals = sums - difference * sizes
        error = np.sqrt(count / (count - 1) * (residuals**2).sum()) / n
        half = max(half, float(t.ppf((1 + level) / 2, count - 1) * error))
    return difference, max(-1.0, difference - half), min(1.0, difference + half)


def diff_configs(first: TrainConfig, second: TrainConfig) -> pd.DataFrame:
    """List the settings in which two trainings differ: setting, first, second, as text."""
    one, other = first.to_json(), second.to_json()
    names = [field.name for field in dataclasses.fields(TrainConfig)]
    rows = [(name, _write(one[name]), _write(other[name])) for name in names]
    return pd.DataFrame([row for row in rows if row[1] != row[2]], columns=["setting", *RUNS])


def _write(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
