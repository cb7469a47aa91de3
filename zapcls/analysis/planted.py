"""Wrong labels that were planted, and how many of them a label check found."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Planted:
    """The photos whose label was planted wrong, and the suspects of a label check among them."""

    hidden: pd.DataFrame  # image_id, label, true_label, is_found
    suspects: int

    @property
    def found(self) -> int:
        """How many planted labels are among the suspects."""
        return int(self.hidden["is_found"].sum())


def count_planted(table: pd.DataFrame, truth: pd.DataFrame, issues: pd.DataFrame) -> Planted:
    """Count the planted labels among the labelled photos, and those that are suspected.

    Args:
        table: predictions of all splits; a label that was corrected since counts as it was.
        truth: `drawings.read_truth`.
        issues: `schema.LABEL_ISSUES`.
    """
    known = table.loc[table["catalog_label"] != "", ["image_id", "catalog_label"]]
    known = known.rename(columns={"catalog_label": "label"}).merge(truth, on="image_id")
    suspects = issues.loc[issues["is_suspect"], "image_id"]
    hidden = known.loc[known["wrong_label"], ["image_id", "label", "true_label"]]
    hidden = hidden.assign(is_found=hidden["image_id"].isin(suspects))
    return Planted(hidden.reset_index(drop=True), len(suspects))
