"""What learning-rate finders left on disk, as the pages read it."""

from dataclasses import dataclass

import pandas as pd

from zapcls import schema
from zapcls.workspace.jobs import Job
from zapcls.workspace.run_tables import read_table
from zapcls.workspace.runs import Run
from zapcls.workspace.tables import read_facts


@dataclass(frozen=True)
class Found:
    """What a finder found for one phase."""

    job: Job
    phase: str
    rates: dict[str, float]  # fastai's four suggestions
    valleys: list[float]  # of the single seeds
    faults: list[str]  # sentences

    def read_curves(self) -> pd.DataFrame:
        """Read the curves of all seeds (`schema.LR_CURVE`), of this phase."""
        columns = {name: dtype for name, dtype in schema.LR_CURVE.items() if name != "seed"}
        table = read_table(Run(self.job.path), "lr_curve.csv", schema.LR_CURVE)
        if table.empty:  # of a version with one seed, which it did not name
            table = read_table(Run(self.job.path), "lr_curve.csv", columns).assign(seed=0)
        return table[table["phase"] == self.phase].fillna({"seed": 0}).astype({"seed": "int64"})


def read_found(job: Job) -> list[Found]:
    """Read what a finder, or a training, found; empty while it has found nothing.

    Suggestions of a version that kept them directly below their phase are left out.
    """
    found = read_facts(job.path / "lr_suggestions.json")
    return [Found(job, phase, **facts) for phase, facts in found.items() if "rates" in facts]
