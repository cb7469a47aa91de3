"""What is known of a run's images, gathered from its tables: the same for pages and commands."""

import pandas as pd

from zapcls.analysis.causes import sort_causes
from zapcls.analysis.decisions import settle
from zapcls.analysis.recoloring import find_flips
from zapcls.workspace.checks import LabelCheck, find_check
from zapcls.workspace.layout import Workspace
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run, read_outliers, read_predictions, read_recoloring
from zapcls.workspace.store import find_store


def find_check_of(run: Run, workspace: Workspace) -> LabelCheck:
    """Find the label check that goes with a run; `is_done` tells whether it is there."""
    return find_check(find_store(workspace, run.facts["catalogue_id"]), run.train_config)


def read_verdicts(run: Run, workspace: Workspace) -> pd.DataFrame:
    """Read what the reviewers' decisions come to (`schema.VERDICTS`)."""
    reviews = open_reviews(workspace)
    return settle(reviews.read(run.facts["catalogue_id"], run.train_config.target))


def read_causes(run: Run, workspace: Workspace) -> pd.DataFrame:
    """Sort every error of a run into its cause: image_id, cause, evidence (`analysis.causes`)."""
    check, recolored = find_check_of(run, workspace), read_recoloring(run)
    return sort_causes(
        read_predictions(run, workspace),
        issues=check.read_issues() if check.is_done else None,
        verdicts=read_verdicts(run, workspace),
        outlier=read_outliers(run),
        flips=None if recolored is None else find_flips(recolored),
    )
