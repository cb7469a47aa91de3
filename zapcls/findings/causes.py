"""Why each photo is wrong: the first cause that there is evidence for."""

import pandas as pd

from zapcls.analysis.causes import sort_causes
from zapcls.analysis.recoloring import find_flips
from zapcls.evidence import Evidence


def sort_errors(evidence: Evidence) -> pd.DataFrame:
    """Sort every error of a run into its cause: image_id, cause, evidence (`analysis.causes`)."""
    recoloring = evidence.recoloring
    return sort_causes(
        evidence.predictions,
        issues=evidence.issues,
        verdicts=evidence.verdicts,
        outlier=evidence.outliers,
        flips=None if recoloring is None else find_flips(recoloring),
    )
