"""All that the tables of a run say of color, gathered once: for the report and the command."""

from dataclasses import dataclass

import pandas as pd

from zapcls.analysis.color_adjusted import Adjusted, fit_adjusted
from zapcls.analysis.color_association import (
    PERMUTATIONS,
    Association,
    compare_groups,
    measure_association,
)
from zapcls.analysis.color_bias import compare_color, label_share_by_color
from zapcls.analysis.color_ways import compare_ways
from zapcls.analysis.metrics import labelled
from zapcls.analysis.natural_pairs import build_pairs, compare_colors
from zapcls.analysis.recoloring import (
    count_reached,
    pair_edits,
    summarize_controls,
    summarize_flips,
)
from zapcls.data.color import BASIC_COLORS
from zapcls.evidence import open_evidence
from zapcls.progress import Progress, silent
from zapcls.words.colors import HEADS, RUN
from zapcls.workspace import checks, runs
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import Run
from zapcls.workspace.store import find_store

SPLIT = "valid"  # the out-of-fold answers all stand under it
CLAIM = ("pink", "Women", "Men")  # the blog's: pink women's shoes are called men's
NOT_CHECKED = (
    "There are no out-of-fold answers: the labels of this catalogue are not checked with this "
    "network. The Suspects tab of the Errors page, or the command label-issues, does it."
)
NOT_RECOLORED = (
    "No shoe has been recolored for this run. The Color bias page, or the command color-bias with "
    "--recolor, does it."
)
NOT_TRADED = (
    "No remedy has been tried on this run's frozen network. The Color bias page, or the command "
    "trade, does it."
)


@dataclass(frozen=True)
class Answers:
    """What the answers of one source say: this run's on valid, or heads' on all photos."""

    source: str  # run or oof
    table: pd.DataFrame  # predictions with the facts of each image
    claim: pd.DataFrame  # `color_bias.compare_color`
    ways: pd.DataFrame  # `color_ways.compare_ways`
    groups: pd.DataFrame  # `color_association.compare_groups`
    adjusted: dict[str, Adjusted]  # label -> `fit_adjusted`
    pairs: pd.DataFrame  # `natural_pairs.compare_colors`

    @property
    def name(self) -> str:
        """How a figure names its source."""
        return {"run": RUN, "oof": HEADS}[self.source]


@dataclass(frozen=True)
class Recolored:
    """What the run says of its photos recolored."""

    found: pd.DataFrame  # `schema.RECOLORING`
    flips: pd.DataFrame  # `recoloring.summarize_flips`
    controls: pd.DataFrame  # `recoloring.summarize_controls`
    reached: pd.DataFrame  # `recoloring.count_reached`


@dataclass(frozen=True)
class Evidence:
    """What is known of a run and color.

    `missing` has a sentence for each part whose job has not run: oof, recolor, trade.
    """

    claim: tuple[str, str, str]  # color, label, called
    classes: list[str]
    association: Association
    shares: pd.DataFrame  # label, and `color_bias.label_share_by_color`
    answers: list[Answers]  # of the run, then of the heads where there are any
    recolored: Recolored | None
    trade: pd.DataFrame | None  # as its job left it
    missing: dict[str, str]


def read_evidence(
    run: Run,
    workspace: Workspace,
    progress: Progress = silent,
    permutations: int = PERMUTATIONS,
) -> Evidence:
    """Read a run's tables and compute what they say of color; a few seconds, no network asked.

    Raises:
        ZapError: the run's catalogue is gone from the workspace.
    """
    classes = list(run.facts["classes"])
    claim = CLAIM if set(CLAIM[1:]) <= set(classes) else (CLAIM[0], *classes[:2])
    table, check = runs.read_predictions(run, workspace), open_evidence(run, workspace).check
    progress("Comparing colors", 0, 0)
    answers = [build_answers("run", table, classes, claim, permutations)]
    if check.is_done:
        store = find_store(workspace, run.facts["catalogue_id"])
        checked = checks.read_predictions(check, store)
        answers.append(build_answers("oof", checked, classes, claim, permutations))
    recolored, trade = _read_recolored(run, table), runs.read_trade(run)
    missing = {
        "oof": "" if check.is_done else NOT_CHECKED,
        "recolor": NOT_RECOLORED if recolored is None else "",
        "trade": NOT_TRADED if trade is None else "",
    }
    return Evidence(
        claim, classes, measure_association(table), count_shares(table, classes), answers,
        recolored, trade, {part: sentence for part, sentence in missing.items() if sentence},
    )  # fmt: skip


def build_answers(
    source: str,
    table: pd.DataFrame,
    classes: list[str],
    claim: tuple[str, str, str],
    permutations: int = PERMUTATIONS,
) -> Answers:
    """Compute all tables on color of one source's predictions."""
    return Answers(
        source,
        table,
        compare_color(table, *claim, SPLIT),
        compare_ways(table, SPLIT, BASIC_COLORS, classes, permutations),
        compare_groups(table, SPLIT, BASIC_COLORS, classes, permutations),
        {label: fit_adjusted(table, SPLIT, label) for label in classes},
        compare_colors(build_pairs(table, SPLIT)),
    )


def count_shares(table: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Give each label's share of each color that occurs: label, color, n, ..., rate, low, high."""
    kept = labelled(table)
    colors = [color for color in BASIC_COLORS if color in set(kept["color"])]
    shares = {label: label_share_by_color(kept, colors, label) for label in classes}
    return pd.concat(shares, names=["label"]).reset_index("label").reset_index(drop=True)


def _read_recolored(run: Run, table: pd.DataFrame) -> Recolored | None:
    found = runs.read_recoloring(run)
    if found is None:
        return None
    pairs = pair_edits(found, table)
    return Recolored(
        found,
        summarize_flips(pairs),
        summarize_controls(pairs),
        count_reached(found, BASIC_COLORS),
    )
