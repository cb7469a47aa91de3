"""The claim: is a color of shoe more often called what it is not? One sentence and two rates."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls import charts, words
from zapcls.analysis.color_bias import compare_color
from zapcls.analysis.color_ways import compare_ways, name_ways
from zapcls.data.color import BASIC_COLORS, SWATCHES
from zapcls.ui import cache, color_evidence_view
from zapcls.words.colors import CLAIM_HELP, HEADS, HEADS_HELP, RUN, describe_claim, judge_claim
from zapcls.workspace.runs import Run

SOURCE = "color_source"  # of the session; `source` in the URL
SPLIT = "valid"  # the out-of-fold answers all stand under it
PHOTOS = {RUN: "valid", HEADS: "the catalogue"}


def pick_claim(classes: list[str]) -> tuple[str, str, str]:
    """Choose a color and a way to err; the blog's claim is where it starts."""
    ways = {f"{a}-{b}": (a, b) for a in classes for b in classes if a != b}
    color = st.selectbox(
        "Color", BASIC_COLORS, BASIC_COLORS.index("pink"), key="claim_color",
        bind="query-params", width=140,
    )  # fmt: skip
    way = st.selectbox(
        "Way", list(ways), key="claim_way", bind="query-params", width=240,
        format_func=lambda key: "{}, called {}".format(*map(words.department, ways[key])),
    )  # fmt: skip
    return (str(color), *ways[str(way)])


def pick_source(run: Run) -> tuple[str, pd.DataFrame]:
    """Choose whose answers the page is about, RUN or HEADS; gives its name and predictions.

    It is put in the URL by hand: a bound widget would keep the page from opening Errors with a
    source of its own.
    """
    sources = [RUN, HEADS] if cache.check(run).is_done else [RUN]
    asked = st.query_params.get("source")
    if asked in sources:
        st.session_state[SOURCE] = asked
    elif st.session_state.get(SOURCE) not in sources:
        st.session_state[SOURCE] = RUN
    source = str(
        st.segmented_control(
            "Answers of", sources, required=True, key=SOURCE, on_change=_put_in_url, help=HEADS_HELP
        )
    )
    if source != (asked or RUN):
        _put_in_url()
    return source, cache.predictions(run) if source == RUN else cache.checked_predictions(run)


def _put_in_url() -> None:
    st.query_params["source"] = st.session_state[SOURCE]


def show_claim(run: Run, table: pd.DataFrame, source: str, claim: tuple[str, str, str]) -> None:
    """Answer the claim (color, label, called): the heading, what chance allows, two rates."""
    color, label, called = claim
    sold = words.department(label)
    rates = compare_color(table, *claim, SPLIT)
    st.markdown(f"### {describe_claim(rates, *claim, PHOTOS[source])}")
    ways = compare(str(run.path), source, run.facts["classes"], table)
    said = judge_claim(find_way(ways, *claim), int(ways["p"].notna().sum()), color, label, called)
    if said:
        st.markdown(said, help=CLAIM_HELP)
    names = [f"{color} {sold}", f"other {sold}"]
    figure = charts.rates(rates, names, [SWATCHES[color], charts.NEUTRAL])
    st.plotly_chart(figure, key="claim", config={"displayModeBar": False})


def compare(run_path: str, source: str, classes: list[str], table: pd.DataFrame) -> pd.DataFrame:
    """Compare all colors and ways: of two classes they are the groups that the page shows too."""
    key = (run_path, source, tuple(classes), len(table), table)
    if len(classes) == 2:
        return name_ways(color_evidence_view.compare(*key), classes)
    return compare_all(*key)


@st.cache_data(max_entries=8, show_spinner="Moving errors between products…")
def compare_all(
    run_path: str, source: str, classes: tuple[str, ...], rows: int, _table: pd.DataFrame
) -> pd.DataFrame:
    """Compare all colors and ways of several classes, once a run and source."""
    return compare_ways(_table, SPLIT, BASIC_COLORS, classes)


def find_way(ways: pd.DataFrame, color: str, label: str, called: str) -> Any:
    is_asked = (ways[["color", "label", "called"]] == [color, label, called]).all(axis=1)
    return ways[is_asked].iloc[0]
