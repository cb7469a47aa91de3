"""Do the errors depend on the color of the shoe, and which way do they go?"""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls import charts, words
from zapcls.analysis import color_bias
from zapcls.analysis.metrics import labelled
from zapcls.data.color import BASIC_COLORS, SWATCHES
from zapcls.ui import cache, widgets
from zapcls.ui.color_evidence_view import show_evidence
from zapcls.ui.pairs_view import show_pairs
from zapcls.workspace.runs import Run


def pick_claim(classes: list[str]) -> tuple[str, str, str]:
    """Choose a color and a way to err; the blog's claim is where it starts."""
    ways = {f"{a}-{b}": (a, b) for a in classes for b in classes if a != b}
    left, right, _ = st.columns([1, 2, 2])
    with left:
        color = st.selectbox(
            "Color", BASIC_COLORS, BASIC_COLORS.index("pink"), key="claim_color",
            bind="query-params",
        )  # fmt: skip
    with right:
        way = st.selectbox(
            "Way", list(ways), key="claim_way", bind="query-params",
            format_func=lambda key: "{}, called {}".format(*map(words.department, ways[key])),
        )  # fmt: skip
    return (str(color), *ways[str(way)])


def show_claim(table: pd.DataFrame, color: str, label: str, called: str) -> None:
    """Answer the claim in one sentence and two rates."""
    rates = color_bias.compare_color(table, color, label, called)
    mine, others = rates.itertuples()
    sold, taken = words.department(label), words.department(called)
    if not mine.n:
        st.markdown(f"### No such shoes: valid has no {color} {sold} shoes.")
    else:
        st.markdown(
            f"### {mine.hits:,} of {mine.n:,} {color} {sold} shoes are called {taken}: "
            f"{words.percent(mine.rate)}"
        )
        st.markdown(compare_words(mine, others, sold, color))
    names = [f"{color} {sold}", f"other {sold}"]
    colors = [SWATCHES[color], charts.NEUTRAL]
    st.plotly_chart(charts.rates(rates, names, colors), key="claim")


def compare_words(mine: Any, others: Any, sold: str, color: str) -> str:
    """Say what the two intervals allow, and no more."""
    against = (
        f"Of the other {sold} shoes it is {words.percent(others.rate)} "
        f"({others.hits:,} of {others.n:,}). "
    )
    if mine.low > others.high:
        return against + f"The intervals do not overlap: more often for {color}."
    if mine.high < others.low:
        return against + f"The intervals do not overlap: less often for {color}."
    return against + (
        f"The 95 % intervals ({words.interval(mine.low, mine.high)} and "
        f"{words.interval(others.low, others.high)}) overlap: these {mine.n_products:,} products "
        "do not decide it."
    )


def show_by_color(run: Run, table: pd.DataFrame, classes: list[str]) -> None:
    """The error rate by color and label; a bar opens exactly its images."""
    st.subheader("Error rate by color and label", anchor=False)
    rates = color_bias.error_by_color(table, BASIC_COLORS, classes)
    event = st.plotly_chart(
        charts.error_by_color(rates, classes), key="by_color", on_select="rerun",
        selection_mode="points", config={"displayModeBar": False},
    )  # fmt: skip
    for point in event["selection"]["points"]:
        color, label = point["customdata"][:2]
        open_images(str(color), str(label))
    st.caption(
        "Lines are 95 % intervals that count products, not photos; pale bars have fewer than 20 "
        "photos. A click on a bar opens its images."
    )
    with st.expander("As a table"):
        st.dataframe(describe(rates), hide_index=True)


def describe(rates: pd.DataFrame) -> pd.DataFrame:
    """Write the rates out; an empty cell says so."""
    has = rates["n"] > 0
    said = [
        f"{words.percent(row.rate)} ({words.interval(row.low, row.high)})"
        if row.n
        else "no such shoes"
        for row in rates.itertuples()
    ]
    return pd.DataFrame(
        {
            "color": rates["color"],
            "sold as": rates["label"],
            "photos": rates["n"],
            "products": rates["n_products"],
            "wrong": rates["hits"].where(has, 0),
            "error rate (95 % interval)": said,
        }
    )


def open_images(color: str, label: str) -> None:
    widgets.open_page("errors", color=[color], label=[label], answer="wrong", split="valid")


def show_ways(table: pd.DataFrame, classes: list[str]) -> None:
    """Which way the errors go, and what the data teach."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Which way the errors go", anchor=False)
        counts = color_bias.count_directions(table)
        colors = [color for color in BASIC_COLORS if color in set(counts["color"])]
        if counts.empty:
            st.caption("There are no errors on valid.")
        else:
            st.plotly_chart(charts.directions(counts, colors, classes), key="ways")
    with right:
        label = classes[0]
        sold = words.department(label)
        st.subheader(f"What the data teach: share of {sold} by color", anchor=False)
        shares = color_bias.label_share_by_color(
            labelled(table), [c for c in BASIC_COLORS if c in set(table["color"])], label
        )
        swatches = [SWATCHES[color] for color in shares["color"]]
        st.plotly_chart(charts.rates(shares, list(shares["color"]), swatches), key="teach")
        st.caption("All kept photos of the catalogue, before any model.")


widgets.enter("color_bias")
st.title("Color bias", anchor=False)
run = widgets.need_run()
classes = run.facts["classes"]
table = cache.predictions(run)
color, label, called = pick_claim(classes)
show_claim(table, color, label, called)
st.caption(f"This run, valid, {run.train_config.split} split.")
show_by_color(run, table, classes)
show_pairs(run, color, label)
show_evidence(run, color, label, classes)
show_ways(table, classes)
