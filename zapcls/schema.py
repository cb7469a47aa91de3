"""Column names and dtypes of every table that travels between the floors or lies on disk."""

import pandas as pd

from zapcls.errors import ZapError

CATALOG = {  # facts of a photo; a source's attributes are further columns of text
    "image_id": "str",  # unique in its catalogue: the CID for UT Zappos50K
    "product_id": "str",
    "image_path": "str",  # relative to the image root, as found on disk; as listed when missing
    "content": "str",  # a hash of the file's bytes; "" where there is none
    "image_problem": "str",  # "", "image missing" or "image unreadable"
}
GIVEN_SPLIT = "given_split"  # an attribute: train, tune or valid as the catalogue has it, or ""
FILES = {  # what a catalogue knows of its files while it is read
    "file_bytes": "int64",  # -1: no such file
    "file_mtime_ns": "int64",  # when it was last written; -1: no such file
}

SPLIT = {  # a row an image and target
    "image_id": "str",
    "product_id": "str",
    "target": "str",
    "label": "str",  # what the run is told: the catalogue's, or a correction; "" when dropped
    "catalog_label": "str",  # what the catalogue said when the run began; "" when dropped
    "split": "str",  # train, tune, valid or none
    "drop_reason": "str",  # "" when kept
}
SPLITS = ("train", "tune", "valid")

COLORS = {
    "image_id": "str",
    "color": "str",  # one of the eleven basic terms; "" when no object was found
    "color_fine": "str",
    "share": "float32",  # of the object, 0..1
    "color_2": "str",
    "multicolor": "bool",
    "lightness": "float32",  # L*, 0..100
    "chroma": "float32",  # C*
    "object_share": "float32",  # of the picture, 0..1
}

PREDICTIONS = {
    "image_id": "str",
    "product_id": "str",
    "target": "str",
    "split": "str",
    "source": "str",  # run: predicted by this run; oof: by out-of-fold heads
    "fold": "int64",  # -1 where source is run
    "label": "str",  # "" for a dropped row
    "catalog_label": "str",  # where the label is a correction, what the catalogue said
    "prediction": "str",
    "prob": "float32",  # of the prediction
    "prob_label": "float32",  # of the label; NaN without one
    "loss": "float32",  # cross-entropy, nats; NaN without a label
    "correct": "bool",  # False without a label
}

SEVERAL = ";"  # stands between the labels where a shop names several

LABEL_ISSUES = {
    "image_id": "str",
    "product_id": "str",
    "label": "str",
    "suggested_label": "str",  # the label itself where nothing else is more likely
    "label_quality": "float32",  # 0..1, low is bad
    "is_suspect": "bool",
    "reasons": "str",  # who accuses it, "; " between them; "" for nobody
}

MARKS = ("label wrong", "model wrong", "ambiguous", "not a shoe")

DECISIONS = {
    "catalogue_id": "str",
    "image_id": "str",
    "target": "str",
    "label": "str",  # what the catalogue said when it was decided
    "mark": "str",  # one of MARKS
    "right_label": "str",  # where the mark is "label wrong"; "" elsewhere
    "note": "str",
    "reviewer": "str",
    "decided_at": "str",  # ISO 8601, UTC, microseconds
    "settles": "bool",  # decides a conflict between reviewers
}

VERDICTS = {  # what the decisions on an image come to, one row an image
    "image_id": "str",
    "mark": "str",  # "" in a conflict
    "right_label": "str",
    "note": "str",
    "reviewers": "str",  # ", " between them
    "decided_at": "str",
    "is_conflict": "bool",
}

CORRECTIONS = {
    "image_id": "str",
    "label": "str",  # "" takes the image out of the training and of every rate
    "reason": "str",  # the mark
}

RECOLORING = {  # a row an edit of a photo, and what the run says of it
    "image_id": "str",
    "edit": "str",  # one of RECOLOR_EDITS
    "to": "str",  # the color aimed at; "" for identity
    "named": "str",  # the color after it; "" for a control
    "is_reached": "bool",  # False: not named as aimed at, so that the run was not asked
    "delta_e": "float32",  # mean difference in CIELAB, of what was edited; NaN where not reached
    "delta_l": "float32",  # mean difference of L*
    "prob_label": "float32",  # of the label; NaN where not asked
    "prob_first": "float32",  # of the run's first class
    "prediction": "str",  # "" where not asked
}
RECOLOR_EDITS = ("identity", "hue", "random", "ground", "color", "lightness")

TRADE = {  # a row a training option, measure and seed
    "option": "str",
    "measure": "str",  # one of TRADE_MEASURES
    "seed": "int64",  # counted from the run's own; -1: the mean over all seeds
    "color": "str",  # of the worst group; "" elsewhere
    "label": "str",
    "n": "int64",  # photos, or edited photos
    "n_products": "int64",
    "rate": "float64",  # 0..1; of an excess -1..1
    "low": "float64",
    "high": "float64",
    "difference": "float64",  # to the base line; NaN of the base line and of a single seed
    "difference_low": "float64",
    "difference_high": "float64",
    "p": "float64",
    "p_holm": "float64",  # NaN of control and excess
}
TRADE_MEASURES = ("error", "worst group", "flip", "control", "excess")

HISTORY = {
    "phase": "str",  # frozen or unfrozen
    "epoch": "int64",  # counted over both phases, from 1
    "train_loss": "float64",
    "tune_loss": "float64",
    "tune_error_rate": "float64",  # 0..1
    "images_per_s": "float64",
    "seconds": "float64",
}

LOSSES = {
    "phase": "str",
    "epoch": "float64",  # a fraction: 1.5 is halfway through the second epoch
    "train_loss": "float64",  # smoothed as fastai's recorder does
    "images_per_s": "float64",
}

WATCHED = {  # a row a photo of tune that is watched, and epoch
    "phase": "str",
    "epoch": "int64",  # as in HISTORY
    "row": "int64",  # of the store
    "label": "int64",  # a place in the first target's classes, as is the prediction
    "prediction": "int64",
    "prob": "float64",  # of the prediction, before the temperature is found
    "prob_label": "float64",
}

LR_CURVE = {
    "phase": "str",
    "seed": "int64",  # of this curve's start and batches
    "learning_rate": "float64",
    "loss": "float64",
}


def conform(table: pd.DataFrame, columns: dict[str, str], name: str) -> pd.DataFrame:
    """Return `table` with exactly these columns, in this order, as these dtypes.

    Raises:
        ZapError: a column is missing or cannot take its dtype; `name` says of which table.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ZapError(f"A {name} table needs the column {missing[0]}, which is not there.")
    try:
        return table[list(columns)].astype(columns)
    except (TypeError, ValueError) as error:
        raise ZapError(f"A column of the {name} table has the wrong type: {error}.") from error
