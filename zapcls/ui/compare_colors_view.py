"""Two runs side by side by the color of the shoe: error rates, the worst group, flips."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls import words
from zapcls.analysis.compare import RUNS
from zapcls.analysis.compare_colors import compare_by_color, compare_flips, worst_groups
from zapcls.analysis.groups import MIN_PRODUCTS
from zapcls.analysis.recoloring import ALL
from zapcls.charts import compare as compare_charts
from zapcls.data.color import BASIC_COLORS
from zapcls.words.recoloring import EDIT_NAMES

NOBODY = "no such shoes"
CHANCE = 0.05  # a smaller corrected p is called a difference
NAMED = 3  # groups that a sentence names at most
GROUP_HELP = (
    "Paired: both runs answered the same photos. p is exact, from flipping product by product "
    "which of the two runs gave which answers; Holm's correction is for all rows together."
)
WORST_HELP = (
    f"Of the groups with {MIN_PRODUCTS} products or more. The worst of many groups is partly so by "
    "chance, and such a group would be better in another run for that alone."
)
NO_TOOLBAR = {"displayModeBar": False}


def swatch(run: str) -> str:
    """A square in the constant color of the first or second run."""
    return f':color[■]{{foreground="{compare_charts.RUN_COLORS[run]}"}}'


def show_colors(pairs: pd.DataFrame, classes: list[str]) -> None:
    """Show both runs' error rates by color, and their paired differences."""
    st.subheader("Error rate by color", anchor="colors")
    groups = compare_by_color(pairs, BASIC_COLORS, classes)
    if not groups["n"].any():
        st.caption("No such shoes: all photos with a named color have been reviewed.")
        return
    groups["name"] = groups["color"] + " " + groups["label"].map(words.department)
    st.markdown(describe_told(groups, "groups of color and label"), help=GROUP_HELP)
    worst = worst_groups(groups)
    if len(worst):
        st.markdown(describe_worst(worst), help=WORST_HELP)
    columns = st.columns(2, gap="large")
    for place, label in enumerate(classes):
        rows = groups[groups["label"] == label]
        with columns[place % 2]:
            st.markdown(f"Sold as {words.department(label)}")
            show_chart(compare_charts.rates_by_color(rows), f"colors-{label}")
            show_chart(compare_charts.color_differences(rows), f"color-differences-{label}")
    st.caption(
        f"Both runs, valid: the {groups['n'].sum():,} photos that nobody reviewed. Left of zero "
        "the second run errs less. Lines are 95 % intervals over products, n of a difference "
        f"counts products; pale: few (fewer than 20 photos of a bar, {MIN_PRODUCTS} products of a "
        "difference)."
    )
    with st.expander("Colors as a table"):
        st.dataframe(write_table(groups, "wrong"), hide_index=True)


def show_flips(pairs: pd.DataFrame, tables: list[pd.DataFrame | None]) -> None:
    """Show how often either run's answer flips with the color of the shoe (`tables`: by run)."""
    st.subheader("The shoe recolored", anchor="recolored")
    first, second = tables
    if first is None or second is None:
        missing = " and ".join(run for run, t in zip(RUNS, tables, strict=True) if t is None)
        st.caption(
            "Flip rates can be compared once both runs have answered recolored photos, which Color "
            f"bias starts; missing: {missing}."
        )
        return
    flips = compare_flips(pairs, first, second, BASIC_COLORS).rename(columns={"to": "color"})
    if flips.empty:
        st.caption("No such shoes: no photo that is valid in both runs was given another color.")
        return
    is_group = flips["color"] != ALL
    flips["name"] = flips["edit"].map(EDIT_NAMES) + ", " + flips["color"]
    groups = flips[is_group]
    st.markdown(describe_told(groups, "edits and colors"), help=GROUP_HELP)
    st.markdown(describe_edits(flips[~is_group]))
    for edit, rows in groups.groupby("edit", sort=False):
        st.markdown(words.begin(EDIT_NAMES[str(edit)]))
        left, right = st.columns(2, gap="large")
        with left:
            show_chart(compare_charts.rates_by_color(rows, "flip"), f"flips-{edit}")
        with right:
            differences = compare_charts.color_differences(rows, "flip")
            show_chart(differences, f"flip-differences-{edit}")
    st.caption(
        "A flip: the answer to the recolored photo is not the one to the photo itself. Both runs "
        "were asked about the same photos and edits, all valid; left of zero the second run's "
        "answers flip less often. Only what flips more often than its control is the color."
    )
    with st.expander("Flips as a table"):
        st.dataframe(write_table(flips, "flipped", "edited photos"), hide_index=True)


def show_chart(figure: Any, key: str) -> None:
    st.plotly_chart(figure, key=key, config=NO_TOOLBAR)


def describe_told(groups: pd.DataFrame, kind: str) -> str:
    """Say how many groups differ after the correction, and which most."""
    told = groups[
        (groups["p_holm"] < CHANCE) & ~((groups["low"] <= 0) & (groups["high"] >= 0))
    ].sort_values("p_holm")
    tried = int(groups["p"].notna().sum())
    said = (
        f"**{len(told):,} of {tried:,}** {kind} differ between the runs after the correction for "
        "how many were tried"
    )
    named = [
        f"{row.group}: **{words.difference(row.difference, row.low, row.high)} points**"
        for row in told.head(NAMED).rename(columns={"name": "group"}).itertuples()
    ]
    return said + (f": {'; '.join(named)}." if named else ".")


def describe_edits(totals: pd.DataFrame) -> str:
    """Say how often each kind of edit flips the runs' answers, all colors together."""
    return "  \n".join(
        f"{words.begin(EDIT_NAMES[row.edit])}: {words.percent(row.rate_first)} → "
        f"{words.percent(row.rate_second)} flipped, "
        f"{words.difference(row.difference, row.low, row.high)} points "
        f"(n = {row.n:,} edited photos)"
        for row in totals.itertuples()
    )


def describe_worst(worst: pd.DataFrame) -> str:
    """Name the group in which each run errs most."""
    said = [
        f"{swatch(row.run)} {row.run} run: {row.color} {words.department(row.label)}, "
        f"**{words.percent(row.rate)}** wrong ({words.interval(row.low, row.high)}; n = {row.n:,}; "
        f"the other run {words.percent(row.rate_other)})"
        for row in worst.itertuples()
    ]
    return "Worst color group  \n" + "  \n".join(said)


def write_table(groups: pd.DataFrame, hit: str, counted: str = "photos") -> pd.DataFrame:
    """Write the groups out for reading; an empty one says so."""
    has = groups["n"] > 0
    rates = {
        f"{run}, {hit}": [
            f"{words.percent(rate)} ({words.interval(low, high)})" if n else NOBODY
            for rate, low, high, n in zip(
                *(groups[f"{name}_{run}"] for name in ("rate", "low", "high")), groups["n"],
                strict=True,
            )
        ]
        for run in RUNS
    }  # fmt: skip
    differences = [
        words.difference(row.difference, row.low, row.high) if row.n else "–"
        for row in groups.itertuples()
    ]
    return pd.DataFrame(
        {
            "shoes": groups["name"],
            counted: groups["n"],
            "products": groups["n_products"],
            **rates,
            "points (95 % interval)": differences,
            "p": groups["p"].map(words.write_p),
            "p, corrected": groups["p_holm"].where(has).map(words.write_p),
        }
    )
