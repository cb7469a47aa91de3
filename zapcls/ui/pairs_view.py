"""The same product in two colors: how the answer changes with the color, no pixel edited."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls import charts, words
from zapcls.analysis.natural_pairs import build_pairs, compare_colors
from zapcls.data.color import BASIC_COLORS
from zapcls.ui import cache
from zapcls.workspace.runs import Run

RUN, HEADS = "this run, valid", "out-of-fold, all photos"
MIN_PRODUCTS = 20  # fewer are drawn pale
CHANCE = 0.05
HELP = (
    "Photos of one product under one label differ in little but their color. Each color's error "
    "rate is compared with that of the same products in other colors; a product counts once. p is "
    "from flipping, product by product, which of the two answers belongs to the color; Holm's "
    "correction is for all colors and labels together."
)


def show_pairs(run: Run, color: str, label: str) -> None:
    """Show what natural pairs say of every color under one label, first of `color`."""
    st.subheader("The same shoe in another color", anchor=False)
    sources = [RUN, HEADS] if cache.check(run).is_done else [RUN]
    source = str(
        st.segmented_control(
            "Answers of", sources, default=RUN, required=True, key="pairs", bind="query-params",
            help="Out-of-fold: heads on the frozen network's features that never saw the product; "
            "they answer for all photos, but are not this run. A label check makes them.",
        )
    )  # fmt: skip
    table = cache.predictions(run) if source == RUN else cache.checked_predictions(run)
    found = find_differences(str(run.path), source, len(table), table)
    chosen = found[found["label"] == label]
    chosen = chosen.set_index("color").reindex(
        [c for c in BASIC_COLORS if c in set(chosen["color"])]
    )
    if chosen.empty:
        st.info("No product comes in two colors here, so that nothing can be paired.")
        return
    sold = words.department(label)
    if color in chosen.index:
        st.markdown(describe(chosen.loc[color], color, sold), help=HELP)
    else:
        st.markdown(f"No {sold} shoe comes in {color} and in another color here.", help=HELP)
    st.plotly_chart(charts.pairs(chosen), key="pairs_chart", config={"displayModeBar": False})
    st.caption(
        f"{source[:1].upper()}{source[1:]}: {sold} shoes that come in several colors. Right of "
        f"zero the color is answered wrong more often than the same products in other colors. "
        f"Lines are 95 % intervals over products; pale: fewer than {MIN_PRODUCTS} products."
    )
    with st.expander("As a table"):
        st.dataframe(write_table(chosen), hide_index=True)


@st.cache_data(max_entries=8, show_spinner="Pairing the colors of each product…")
def find_differences(run_path: str, source: str, rows: int, _table: pd.DataFrame) -> pd.DataFrame:
    """Compare all colors under all labels, once a run and source."""
    return compare_colors(build_pairs(_table))


def describe(row: Any, color: str, sold: str) -> str:
    """Say in a sentence what the pairs of one color allow to be said."""
    more = "more" if row["difference"] > 0 else "less"
    is_told = row["p_holm"] < CHANCE and not row["low"] <= 0 <= row["high"]
    said = f"wrong {more} often for the color" if is_told else "not to be told from chance"
    return (
        f"**{int(row['n_products']):,}** {sold} products come in {color} and in another color: "
        f"wrong in {words.percent(row['rate'])} in {color}, in "
        f"{words.percent(row['rate_other'])} otherwise, {words.points(row['difference'])} points "
        f"({words.points(row['low'])} to {words.points(row['high'])}): **{said}** "
        f"(p = {row['p']:.2g}, {row['p_holm']:.2g} corrected for the colors tried)."
    )


def write_table(found: pd.DataFrame) -> pd.DataFrame:
    """Write the differences out for reading."""
    return pd.DataFrame(
        {
            "color": found.index,
            "products": found["n_products"],
            "pairs": found["n_pairs"],
            "one right, one wrong": found["discordant"].map(words.percent),
            "wrong in this color": found["rate"].map(words.percent),
            "wrong in others": found["rate_other"].map(words.percent),
            "points (95 % interval)": [
                words.difference(row.difference, row.low, row.high) for row in found.itertuples()
            ],
            "probability of the label": found["shift"].map(words.points),
            "p": found["p"].map("{:.2g}".format),
            "p, corrected": found["p_holm"].map("{:.2g}".format),
        }
    )
