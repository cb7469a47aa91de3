"""Which named groups of photos err more often than the rest; each opens its photos."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from zapcls.analysis.slices import (
    ALPHA,
    COLUMNS,
    MIN_PRODUCTS,
    SAME,
    find_members,
    find_slices,
    name_slice,
)
from zapcls.blocks import Chart, Opens, Section, Table, Text, charts, numbers
from zapcls.evidence import Evidence
from zapcls.findings.ask import SPLIT, Ask

NEEDS = ("predictions",)
DRAWN = 10  # in the chart
FLAGGED = charts.CLASS_COLORS[4]
FILTERS = {"label", "color", "category", "sub_category", "brand"}  # that the gallery has
HELP = (
    "Every value of every column is a group, and so is every pair of values of two columns, if it "
    f"has {MIN_PRODUCTS} products or more. Among so many, some look bad by chance. The adjusted p "
    "is the chance that the worst of all groups would look at least this bad if errors did not "
    "depend on the groups: errors are moved between products at random, 2,000 times (Westfall and "
    f"Young 1993). Below {ALPHA} a group is named; the others are gray. Groups that share more "
    f"than {100 * SAME:.0f} % of their photos are shown once."
)


@dataclass(frozen=True)
class Found:
    """`slices` is as `find_slices` returns it.

    `wrong_ids` has the wrong photos of each slice that no filters of the gallery can show, by its
    place; `n` and `hits` count all of valid.
    """

    slices: pd.DataFrame
    wrong_ids: Mapping[int, tuple[str, ...]]
    n: int
    hits: int


def find(evidence: Evidence, ask: Ask) -> Found:
    """Find the groups of valid that err more often than the rest, the clearest first."""
    valid = evidence.labelled(SPLIT)
    # The target's own column would only repeat the labels.
    others = [name for name in evidence.list_attributes() if name not in COLUMNS]
    known = [name for name in (*COLUMNS, *others) if name in valid and name != ask.task.column]
    slices = find_slices(valid, known)
    wrong = valid[valid["wrong"]]
    ids = {
        place: tuple(find_members(wrong, where)["image_id"])
        for place, where in enumerate(slices["where"])
        if not FILTERS.issuperset(where)
    }
    return Found(slices, ids, len(valid), len(wrong))


def section(found: Found, ask: Ask) -> Section:
    """Name the groups that err more often, with a chart of the clearest and a table of all."""
    slices, title = found.slices, "Groups that err more often"
    if slices.empty:
        sentence = (
            f"No group has {MIN_PRODUCTS} products or more in {SPLIT}, and room for errors. "
            "More photos are needed to compare groups."
        )
        return Section("slices", title, (Text(sentence, "missing"),))
    opens = tuple(_view(place, where, found) for place, where in enumerate(slices["where"]))
    rate = found.hits / found.n
    shown = slices.head(DRAWN)
    figure = charts.rates(
        [describe_slice(where, ask) for where in shown["where"]], shown,
        [FLAGGED if is_flagged else charts.NEUTRAL for is_flagged in shown["is_flagged"]],
        [(place,) for place in range(len(shown))],
        charts.Axis(null=rate, null_name=f"all: {numbers.percent(rate)}"),
    )  # fmt: skip
    chart = Chart("", figure, "", {(place,): opens[place] for place in range(len(shown))})
    table = Table(
        write_slices(slices, ask), "Select a row to open its group's misclassified photos.",
        tuple(~slices["is_flagged"]), title="", opens=opens,
    )  # fmt: skip
    note = (
        f"This run, {SPLIT}: {found.hits:,} of {found.n:,} photos wrong, "
        f"{numbers.percent(rate)}. The clearest groups first."
    )
    return Section(
        "slices", title, (Text(describe(slices), help=HELP), Text(note, "note"), chart, table)
    )


def _view(place: int, where: Mapping[str, str], found: Found) -> Opens:
    """Return what shows the wrong photos of a group: filters, or ids where none would do."""
    view = {"view": "Gallery", "split": SPLIT, "answer": "wrong"}
    if place in found.wrong_ids:
        return view | {"images": found.wrong_ids[place]}
    return view | {name: [value] for name, value in where.items()}


def describe(slices: pd.DataFrame) -> str:
    """Describe how many of all groups that were tried err more often."""
    flagged = int(slices["is_flagged"].sum())
    return (
        f"**{flagged:,} of {slices.attrs['tried']:,}** named groups "
        f"{'errs' if flagged == 1 else 'err'} more often than the rest (adjusted p < {ALPHA})."
    )


def describe_slice(where: Mapping[str, str], ask: Ask) -> str:
    """Name a group as a person is told it: sold as women's × color brown."""
    return " × ".join(
        ask.task.describe(value) if column == "label" else name_slice({column: value})
        for column, value in where.items()
    )


def write_slices(slices: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Write the groups out for reading, the clearest first."""
    return pd.DataFrame(
        {
            "group": [describe_slice(where, ask) for where in slices["where"]],
            "photos": slices["n"],
            "products": slices["n_products"],
            "wrong": slices["hits"],
            "error rate": [numbers.rate(row) for _, row in slices.iterrows()],
            "rest": slices["rest_rate"].map(numbers.percent),
            "excess": slices["excess"].round(1),
            "adjusted p": slices["p"].map(numbers.p_value),
            "alike": slices["folded"],
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return `slices`, every group that was tried, as `find_slices` names its columns."""
    return {"slices": found.slices}
