"""What reviewers' decisions come to: a verdict for each image, conflicts, and corrections.

Of each reviewer the latest decision on an image counts. Reviewers who answer differently are in
conflict until one more decision settles it; that one overrules all before it, not those after.
"""

from collections.abc import Sequence

import pandas as pd

from zapcls import schema

LABEL_WRONG, MODEL_WRONG, AMBIGUOUS, NOT_A_SHOE = schema.MARKS
ANOTHER_LABEL = "another"  # the right label where it is none of the classes
_ANSWER = ["mark", "right_label"]


def settle(decisions: pd.DataFrame) -> pd.DataFrame:
    """Settle decisions (`schema.DECISIONS`) of one catalogue and target.

    Returns:
        `schema.VERDICTS`, one row an image, the latest decided last.
    """
    counted = _find_counted(decisions)
    last = counted.drop_duplicates("image_id", keep="last")
    is_conflict = last["image_id"].isin(_find_disputed(counted))
    verdicts = last.assign(
        is_conflict=is_conflict,
        mark=last["mark"].mask(is_conflict, ""),
        right_label=last["right_label"].mask(is_conflict, ""),
        note=_join(counted, "note", "; ").reindex(last["image_id"]).fillna("").to_numpy(),
        reviewers=_join(counted, "reviewer", ", ").reindex(last["image_id"]).fillna("").to_numpy(),
    )
    return schema.conform(verdicts, schema.VERDICTS, "verdicts").reset_index(drop=True)


def find_conflicts(decisions: pd.DataFrame) -> pd.DataFrame:
    """Find the decisions that contradict each other: one an image and reviewer, by image."""
    counted = _find_counted(decisions)
    disputed = counted[counted["image_id"].isin(_find_disputed(counted))]
    return disputed.sort_values(["image_id", "decided_at"], ignore_index=True)


def build_corrections(verdicts: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Build the corrections (`schema.CORRECTIONS`) that settled verdicts ask for.

    A wrong label becomes the right one. An image whose right label is none of the classes, that
    is ambiguous or not a shoe, is taken out ("").
    """
    # A conflict has no mark.
    settled = verdicts[verdicts["mark"].isin([LABEL_WRONG, AMBIGUOUS, NOT_A_SHOE])]
    has_label = (settled["mark"] == LABEL_WRONG) & settled["right_label"].isin(list(classes))
    corrections = settled.assign(
        label=settled["right_label"].where(has_label, ""), reason=settled["mark"]
    )
    return schema.conform(corrections, schema.CORRECTIONS, "corrections").reset_index(drop=True)


def count_changes(table: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    """Count what corrections change for a retraining of a run.

    `table` is the run's predictions, whose labels are what it was told.

    Returns:
        A row for each of SPLITS: split, relabelled, taken_out (images).
    """
    right = corrections[["image_id", "label"]]
    both = table.merge(right, on="image_id", suffixes=("", "_right"))
    both = both[both["label"] != both["label_right"]]
    is_out = both["label_right"] == ""
    counts = both.assign(relabelled=~is_out, taken_out=is_out).groupby("split")
    sums = counts[["relabelled", "taken_out"]].sum().astype(int)
    return sums.reindex(list(schema.SPLITS), fill_value=0).rename_axis("split").reset_index()


def correct_labels(table: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    """Return a run's predictions under corrected labels, as `correct` then is; "" is no label."""
    right = table["image_id"].map(corrections.set_index("image_id")["label"])
    label = right.fillna(table["label"])
    return table.assign(label=label, correct=(label != "") & (table["prediction"] == label))


def count_outdated(table: pd.DataFrame, corrections: pd.DataFrame) -> int:
    """Count the images of a run whose label an earlier review corrected and none does now."""
    is_corrected = table["label"] != table["catalog_label"]
    return int((is_corrected & ~table["image_id"].isin(corrections["image_id"])).sum())


def _find_counted(decisions: pd.DataFrame) -> pd.DataFrame:
    """Find the decisions that count, in the order of time."""
    ordered = decisions.sort_values("decided_at", kind="stable")
    settled = ordered["settles"].astype(int).groupby(ordered["image_id"])
    is_overruled = settled.cumsum() < settled.transform("sum")
    return ordered[~is_overruled].drop_duplicates(["image_id", "reviewer"], keep="last")


def _find_disputed(counted: pd.DataFrame) -> pd.Series:
    """Find the images that were answered in more than one way."""
    answers = counted.drop_duplicates(["image_id", *_ANSWER])["image_id"]
    return answers[answers.duplicated()]


def _join(counted: pd.DataFrame, column: str, between: str) -> pd.Series:
    """Join each image's texts that are not empty, by image_id."""
    given = counted[counted[column] != ""]
    place = given.groupby("image_id").cumcount()
    texts = given[place == 0].set_index("image_id")[column]
    for further in range(1, place.nunique()):  # a round a reviewer, not one an image
        more = given[place == further].set_index("image_id")[column]
        texts[more.index] = texts[more.index] + between + more
    return texts
