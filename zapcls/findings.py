"""What is known of a run's images, gathered from its tables: the same for pages and commands."""

import numpy as np
import pandas as pd

from zapcls.analysis.causes import sort_causes
from zapcls.analysis.decisions import settle
from zapcls.analysis.neighbors import outlier_scores
from zapcls.workspace.checks import LabelCheck, find_check
from zapcls.workspace.layout import Workspace
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run, read_predictions
from zapcls.workspace.store import find_store


def read_outliers(run: Run) -> pd.DataFrame:
    """Say how far images lie from the training images: image_id, outlier (0..2, high is far).

    Of valid, and of what is wrong elsewhere: no cause asks for more.
    """
    columns = ["image_id", "split", "correct"]
    table = pd.read_parquet(run.path / "predictions.parquet", columns=columns)
    embeddings = np.load(run.path / "embeddings.npy", mmap_mode="r", allow_pickle=False)
    is_train = (table["split"] == "train").to_numpy()
    is_wrong = (table["split"] != "none") & ~table["correct"]
    rows = np.flatnonzero((table["split"] == "valid") | is_wrong)
    scores = outlier_scores(embeddings, is_train, rows)
    return pd.DataFrame({"image_id": table["image_id"].iloc[rows].to_numpy(), "outlier": scores})


def find_check_of(run: Run, workspace: Workspace) -> LabelCheck:
    """Find the label check that goes with a run; `is_done` tells whether it is there."""
    return find_check(find_store(workspace, run.facts["catalogue_id"]), run.train_config)


def read_verdicts(run: Run, workspace: Workspace) -> pd.DataFrame:
    """Read what the reviewers' decisions come to (`schema.VERDICTS`)."""
    reviews = open_reviews(workspace)
    return settle(reviews.read(run.facts["catalogue_id"], run.train_config.target))


def read_causes(run: Run, workspace: Workspace) -> pd.DataFrame:
    """Sort every error of a run into its cause: image_id, cause, evidence (`analysis.causes`)."""
    check = find_check_of(run, workspace)
    return sort_causes(
        read_predictions(run, workspace),
        issues=check.read_issues() if check.is_done else None,
        verdicts=read_verdicts(run, workspace),
        outlier=read_outliers(run),
    )
