"""What a run says of photos of other shops: error rates and calibration, under both priors.

    make bench-elsewhere RUN=RUN TABLE=CSV [WORKSPACE=DIR]

The table has a column `path`, from its own folder on, and one of the name of the run's target;
rows of other labels are left out. Photos are counted by the folder that their path begins with.
They are answered as the command `classify` does, small objects closely. Intervals are Wilson's of
photos, as nothing is known of products. Prints a table and writes
`benchmarks/results/elsewhere.md`.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from zapcls.analysis.abstention import calibration_error
from zapcls.analysis.intervals import wilson
from zapcls.analysis.metrics import count_calibration
from zapcls.answer.limits import Classify, open_answering
from zapcls.config.priors import PRIORS
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import Run, find_evaluated

RESULTS = Path(__file__).parent / "results"


def answer_table(run: Run, classify: Classify, table: pd.DataFrame, root: Path) -> pd.DataFrame:
    """Answer the photos of a table under each prior.

    Columns: folder, prior, label, prediction, prob (of the prediction).
    """
    rows = []
    for path, label in zip(table["path"], table[run.task.target], strict=True):
        for prior in PRIORS:
            answer = classify(root / path, prior=prior)[run.task.target]
            rows.append((path.split("/")[0], prior, label, answer.label, answer.prob[answer.label]))
    return pd.DataFrame(rows, columns=["folder", "prior", "label", "prediction", "prob"])


def describe(answers: pd.DataFrame) -> str:
    """Describe the answers to the photos of a folder under a prior, as a row of the table."""
    correct = answers["label"] == answers["prediction"]
    shares = [
        (float(wrong.mean()), *wilson(float(wrong.mean()), len(wrong)))
        for _, wrong in (~correct).groupby(answers["label"])
    ]
    classes = ", ".join(f"{rate:.1%} ({low:.1%} to {high:.1%})" for rate, low, high in shares)
    bins = count_calibration(
        answers.assign(correct=correct, split="valid", product_id=np.arange(len(answers))), "valid"
    )
    balanced = np.mean([rate for rate, *_ in shares])
    return (
        f"{len(answers):,} | {(~correct).mean():.1%} | {balanced:.1%} | {classes} | "
        f"{answers['prob'].mean():.2f} | {calibration_error(bins):.3f} |"
    )


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", required=True)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--workspace", type=Path)
    arguments = parser.parse_args()
    run = find_evaluated(open_workspace(arguments.workspace), arguments.run)
    table = pd.read_csv(arguments.table)
    table = table[table[run.task.target].isin(run.task.classes)]
    answers = answer_table(run, open_answering(run), table, arguments.table.parent)
    names = ", ".join(sorted(run.task.classes))
    lines = [
        f"| photos | prior | n | wrong | balanced | {names} | mean probability | off by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (folder, prior), part in answers.groupby(["folder", "prior"]):
        lines.append(f"| {folder} | {prior} | {describe(part)}")
    text = "\n".join(lines) + "\n"
    (RESULTS / "elsewhere.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
