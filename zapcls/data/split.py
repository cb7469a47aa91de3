"""Splits the kept rows into train, tune and valid, seeded and stratified by label."""

import hashlib
import json
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from zapcls import schema
from zapcls.data.task import Task
from zapcls.errors import BadInput

VALID_SHARE = 0.2  # of all groups
TUNE_SHARE = 0.1  # of the groups that are not valid
_LEAST_LEARNED = 2  # of a class in a split that a catalogue brings: one for train, one for tune
_LEAST_STRATUM = 5  # groups: a smaller one can be drawn from any part only together with others


def build_split(table: pd.DataFrame, mode: str = "product", seed: int = 0) -> pd.DataFrame:
    """Assign each row of cleaned tables to train, tune, valid or none (`schema.SPLIT`).

    `product` keeps all colors of a product together; `random` assigns each image by itself,
    as the blog did. A group's stratum is its most frequent label; of several targets it is
    that of the fewest groups, so that the rare labels of each are in every part. A group is in
    one part for all targets. The assignment depends on the seed and on the set of kept rows, not
    on their order. `table` is what `labels.label_rows` gives, of several targets one below the
    other; its index has no row twice. A split that the catalogue brings along stands in for
    `product`.

    Raises:
        BadInput: such a split has too little of a class to learn from, or nothing of a target to
            be measured on.
    """
    kept = table[table["kept"]]
    if mode == "product" and has_given(kept):
        return _finish(table, _keep_given(kept, seed))
    group = kept["product_id"] if mode == "product" else kept["image_id"]
    labels = _join_scarce(_choose_strata(kept, group))
    rest, valid = train_test_split(
        labels, test_size=VALID_SHARE, stratify=labels, random_state=seed
    )
    tune = _draw_tune(rest, seed)
    parts = np.select([group.isin(valid.index), group.isin(tune)], ["valid", "tune"], "train")
    return _finish(table, pd.Series(parts, kept.index))


def has_given(table: pd.DataFrame) -> bool:
    """Whether the catalogue brings a split along, one with photos to be measured on."""
    return schema.GIVEN_SPLIT in table and bool((table[schema.GIVEN_SPLIT] == "valid").any())


def _finish(table: pd.DataFrame, parts: pd.Series) -> pd.DataFrame:
    split = pd.Series("none", index=table.index)
    split[parts.index] = parts
    table = table.assign(split=split, catalog_label=table["label"])
    return schema.conform(table, schema.SPLIT, "split")


def _keep_given(kept: pd.DataFrame, seed: int) -> pd.Series:
    """Keep the split that the catalogue has; without a `tune` it is drawn from train by group."""
    given = kept[schema.GIVEN_SPLIT].replace("", "train")
    learned = kept[given == "train"].groupby(["target", "label"])["product_id"].nunique()
    for pair in kept[["target", "label"]].drop_duplicates().itertuples(index=False):
        count = learned.get(tuple(pair), 0)
        if count < _LEAST_LEARNED:
            raise BadInput(
                f"A split must have {_LEAST_LEARNED} photos or more of each class to learn from, "
                f"but the catalogue's own has {count} of {pair.label}. Draw one "
                "instead: --split random, or a table without a split column."
            )
    measured = set(kept.loc[given == "valid", "target"])
    for target in kept["target"].unique():
        if target not in measured:
            raise BadInput(
                "A split must have photos of each target to be measured on, but the catalogue's "
                f"own has none of {target} in valid. Draw one instead: --split random, or a table "
                "without a split column."
            )
    if (given == "tune").any():
        return given
    rest = kept[given == "train"]
    tune = _draw_tune(_join_scarce(_choose_strata(rest, rest["product_id"])), seed)
    return given.mask((given == "train") & kept["product_id"].isin(tune), "tune")


def _draw_tune(strata: pd.Series, seed: int) -> pd.Index:
    """Draw the groups of `tune` from those that are not valid."""
    # Where all classes are scarce, a tenth can be fewer groups than there are classes.
    tune_size = max(math.ceil(TUNE_SHARE * len(strata)), strata.nunique())
    _, tune = train_test_split(strata, test_size=tune_size, stratify=strata, random_state=seed)
    return tune.index


def _choose_strata(kept: pd.DataFrame, group: pd.Series) -> pd.Series:
    """Choose each group's most frequent label, and of several targets the one of fewest groups."""
    by_target = [
        labels.groupby(group[labels.index]).agg(lambda values: values.mode().iloc[0]).sort_index()
        for _, labels in kept.groupby("target", sort=False)["label"]
    ]
    if len(by_target) == 1:
        return by_target[0]
    sizes = [labels.map(labels.value_counts()) for labels in by_target]
    named = [labels.radd(f"{place} ") for place, labels in enumerate(by_target)]
    strata = pd.DataFrame({"label": pd.concat(named), "size": pd.concat(sizes)})
    strata = strata.sort_values(["size", "label"], kind="stable")
    return strata["label"].groupby(level=0).first().sort_index()


def _join_scarce(strata: pd.Series) -> pd.Series:
    """Join the strata of few groups, and these with the most frequent one while they are few.

    A class has few where most photos of its products are of other classes.
    """
    counts = strata.value_counts()
    scarce = counts.index[counts < _LEAST_STRATUM]
    if not len(scarce):
        return strata
    is_few = counts[scarce].sum() < _LEAST_STRATUM
    return strata.where(~strata.isin(scarce), counts.index[0] if is_few else "")


def correct_split(split: pd.DataFrame, corrections: pd.DataFrame, target: str) -> pd.DataFrame:
    """Apply corrections (`schema.CORRECTIONS`) of a target to a split: new labels, the same parts.

    What the catalogue said stays beside them.

    An image whose corrected label is "" is taken out of train and tune. In valid it keeps its
    place without a label: no rate counts it, yet it can still be compared under its old label.
    """
    known = corrections.set_index("image_id").reindex(split["image_id"])
    is_corrected = (known["label"].notna().to_numpy()) & (split["target"] == target).to_numpy()
    label = np.where(is_corrected, known["label"], split["label"])
    is_out = is_corrected & (label == "")
    reason = ("review: " + known["reason"]).to_numpy()
    corrected = split.assign(
        label=label,
        split=np.where(is_out & (split["split"] != "valid"), "none", split["split"]),
        drop_reason=np.where(is_out, reason, split["drop_reason"]),
    )
    return schema.conform(corrected, schema.SPLIT, "split")


def align_targets(split: pd.DataFrame, tasks: Sequence[Task]) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of each photo, and the index of its class, -1 for none.

    The latter is (n), or (n, tasks) of several. A photo is in the part that it has for any of them.
    """
    by_task = [split[split["target"] == task.target] for task in tasks]
    every = [
        pd.Index(task.classes).get_indexer(pd.Index(rows["label"]))
        for task, rows in zip(tasks, by_task, strict=True)
    ]
    if len(tasks) == 1:
        return by_task[0]["split"].to_numpy(), every[0]
    parts = np.stack([rows["split"].to_numpy(object) for rows in by_task])
    first = (parts != "none").argmax(axis=0)
    return parts[first, np.arange(parts.shape[1])], np.stack(every, axis=1)


def name_split(
    target: str, classes: Sequence[str], mode: str, seed: int, ways: Sequence[str] = ()
) -> str:
    """Name a split after all that decides it beside the catalogue's labels.

    `ways` are those of dealing with rare classes and cells that are not the usual ones.
    """
    shares = [VALID_SHARE, TUNE_SHARE, *ways]
    facts = json.dumps([target, list(classes), mode, seed, *shares])
    return f"{mode}-{seed}-{hashlib.sha256(facts.encode()).hexdigest()[:8]}"


def count_leaks(split: pd.DataFrame) -> tuple[int, int]:
    """Count the products of valid that train or tune also show, and all products of valid."""
    valid = set(split.loc[split["split"] == "valid", "product_id"])
    seen = set(split.loc[split["split"].isin(["train", "tune"]), "product_id"])
    return len(valid & seen), len(valid)
