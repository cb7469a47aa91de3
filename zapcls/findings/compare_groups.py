"""In which groups do two runs differ? Error rates by color (brand, ...) and label, paired."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.compare import RUNS
from zapcls.analysis.compare_groups import compare_by_group, worst_groups
from zapcls.blocks import Block, Chart, Columns, Section, Table, Text, charts, numbers
from zapcls.data.color import SWATCHES
from zapcls.evidence import Evidence
from zapcls.findings import compare
from zapcls.findings.ask import Ask
from zapcls.findings.compare import RUN_COLORS, draw_differences, write_rates
from zapcls.findings.verdict import FEW_PRODUCTS, decide_row

NEEDS = compare.NEEDS
DRAWN = 12  # groups in a chart at most, where they are not colors: those of most photos
DRAWN_LABELS = 4  # labels that have charts at most: those of most photos
NAMED = 3  # groups that a sentence names at most
HELP = (
    "Paired: both runs answered the same photos. p is exact: product by product, it swaps which "
    "run gave which answers. Holm's correction covers all rows together."
)
WORST_HELP = (
    f"Of the groups with {FEW_PRODUCTS} products or more. The worst of many groups is partly bad "
    "luck: by chance alone, it would do better in another run."
)


@dataclass(frozen=True)
class Found:
    """`groups` is `compare_by_group`, `worst` is `worst_groups`."""

    groups: pd.DataFrame
    worst: pd.DataFrame


def find(first: Evidence, second: Evidence, ask: Ask) -> Found:
    """Compare two runs' error rates in each group and label, where nobody reviewed."""
    pairs = compare.pair(first, second, ask)
    names = second.list_groups(ask.by)
    if ask.by != "color":
        names = [name for name in names if name in set(pairs[ask.by])]
    groups = compare_by_group(pairs, names, ask.task.classes, ask.by)
    return Found(groups, worst_groups(groups, ask.by))


def section(found: Found, ask: Ask) -> Section:
    """Describe which groups differ and which are worst, with two charts a label and a table."""
    groups, title = found.groups, f"Error rate by {ask.word}"
    if not groups["n"].any():
        said = f"No such {ask.task.things}: all photos whose {ask.word} is known were reviewed."
        return Section("groups", title, (Text(said, "note"),))
    names = [ask.noun(row["label"], row[ask.by]) for _, row in groups.iterrows()]
    blocks: list[Block] = [
        Text(describe_told(groups, names, f"groups of {ask.word} and label"), help=HELP)
    ]
    if len(found.worst):
        blocks.append(Text(describe_worst(found.worst, ask), help=WORST_HELP))
    drawn = {
        label: choose_drawn(groups[groups["label"] == label], ask)
        for label in choose_labels(groups, ask)
    }
    scale = find_scale(pd.concat(drawn.values()))
    for label, rows in drawn.items():
        noun = ask.task.noun(label)
        blocks.append(draw_pair(rows, list(rows[ask.by]), noun, "error", ask, scale))
    caption = (
        f"Both runs, valid: the {groups['n'].sum():,} photos that nobody reviewed. Left of zero, "
        "the second run errs less. Lines are 95 % intervals over products, n of a difference "
        f"counts products; pale: few (fewer than 20 photos for a bar, {FEW_PRODUCTS} products for "
        "a difference)."
    )
    table = Table(
        write_groups(groups, names, "wrong", ask), title=f"{numbers.begin(ask.words)} as a table",
        pale=tuple(groups["is_small"]),
    )  # fmt: skip
    return Section("groups", title, (*blocks, Text(caption, "note"), table))


def choose_labels(groups: pd.DataFrame, ask: Ask) -> list[str]:
    """Choose the labels that are drawn, in the order of the classes."""
    photos = groups.groupby("label")["n"].sum().sort_values(ascending=False, kind="stable")
    most = set(photos[photos > 0].head(DRAWN_LABELS).index)
    return [label for label in ask.task.classes if label in most]


def choose_drawn(rows: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Choose the groups of a label that are drawn: every color, else those of most photos."""
    if ask.by == "color":
        return rows
    most = rows[rows["n"] > 0].sort_values("n", ascending=False, kind="stable").head(DRAWN)
    return rows.loc[most.index.sort_values()]


def find_scale(rows: pd.DataFrame) -> tuple[float, float]:
    """Find the highest interval of a rate and the farthest of a difference, of what is not small.

    Charts of several labels are drawn on this one scale.
    """
    large = rows[rows["n_products"] >= FEW_PRODUCTS]
    large = large if large["n"].any() else rows
    top = large[[f"high_{run}" for run in RUNS]].max().max()
    return float(top), float(1.2 * large[["low", "high"]].abs().max().max())


def draw_pair(
    rows: pd.DataFrame, names: list[str], title: str, kind: str, ask: Ask,
    scale: tuple[float, float] = (0.0, 0.0),
) -> Columns:  # fmt: skip
    """Draw both runs' rates as bars, and their paired differences beside them.

    `kind` of rate is error or flip; `names` name the rows, colors in their own color; `scale` has
    the ends of both axes, 0 for those of the marks.
    """
    swatches = {name: SWATCHES[name] for name in names if name in SWATCHES}
    pale = rows["n_products"] < FEW_PRODUCTS
    color = [swatches.get(name, RUN_COLORS["second"]) for name in names]
    apart = draw_differences(
        rows.assign(pale=pale, color=color), names, kind, ask, "n_products", scale[1]
    )
    title = numbers.begin(title)
    return Columns(
        (
            (Chart(title, draw_rates(rows, names, swatches, kind, ask, scale[0])),),
            (Chart(f"{title}: the difference", apart),),
        )
    )


def draw_rates(
    rows: pd.DataFrame, names: list[str], swatches: dict[str, str], kind: str, ask: Ask, top: float
) -> go.Figure:
    """Draw both runs' rates in each row, bar by bar, with intervals."""
    columns = {"errors": "hits", "rate": "rate", "low": "low", "high": "high"}
    series = {
        run: pd.DataFrame(
            {"n": rows["n"], **{name: rows[f"{own}_{run}"] for own, name in columns.items()}}
        )
        for run in RUNS
    }
    title = f"{kind} rate"
    return charts.bars(names, series, RUN_COLORS, title, swatches or None, ask.nobody, top)


def describe_told(groups: pd.DataFrame, names: list[str], kind: str) -> str:
    """Describe how many groups differ, and which most; `names` name the rows."""
    rows = groups.assign(name=names).sort_values("p_holm")
    told = [row for _, row in rows.iterrows() if decide_row(row).is_told]
    named = [f"{row['name']}: **{numbers.change(row)} points**" for row in told[:NAMED]]
    return (
        f"**{len(told):,} of {int(groups['p'].notna().sum()):,}** {kind} differ between the runs "
        f"after correcting for how many were tried{': ' * bool(named)}{'; '.join(named)}."
    )


def describe_worst(worst: pd.DataFrame, ask: Ask) -> str:
    """Name the group in which each run errs most."""
    said = [
        f"{row['run']} run: {ask.noun(row['label'], row[ask.by])}, "
        f"**{numbers.percent(row['rate'])}** wrong ({numbers.interval(row['low'], row['high'])}; "
        f"n = {row['n']:,}; the other run {numbers.percent(row['rate_other'])})"
        for _, row in worst.iterrows()
    ]
    return f"Worst {ask.word} group. {numbers.begin('; '.join(said))}."


def write_groups(
    groups: pd.DataFrame, names: list[str], hit: str, ask: Ask, counted: str = "photos"
) -> pd.DataFrame:
    """Write the groups out for reading; an empty one says so."""
    return pd.DataFrame(
        {
            "group": names,
            counted: groups["n"],
            "products": groups["n_products"],
            **write_rates(groups, hit, ask),
            "points (95 % interval)": [numbers.change(row) for _, row in groups.iterrows()],
            "p": groups["p"].map(numbers.p_value),
            "p, corrected": groups["p_holm"].map(numbers.p_value),
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `by_color` (brand, ...), a row a group and label."""
    return {f"by_{ask.by}": found.groups}
