"""The same product in two colors: how the answer changes with the color, no pixel edited."""

import pandas as pd
import streamlit as st

from zapcls import charts, words
from zapcls.analysis.natural_pairs import build_pairs, compare_colors
from zapcls.data.color import BASIC_COLORS
from zapcls.words.colors import (
    NO_PAIRS,
    PAIRS_HELP,
    describe_pairs,
    explain_pairs,
    write_pairs,
)
from zapcls.workspace.runs import Run


def show_pairs(run: Run, table: pd.DataFrame, source: str, color: str, label: str) -> None:
    """Show what natural pairs say of every color under one label, first of `color`."""
    st.subheader("The same shoe in another color", anchor="pairs")
    found = find_differences(str(run.path), source, len(table), table)
    chosen = found[found["label"] == label]
    chosen = chosen.set_index("color").reindex(
        [c for c in BASIC_COLORS if c in set(chosen["color"])]
    )
    if chosen.empty:
        st.info(NO_PAIRS)
        return
    sold = words.department(label)
    if color in chosen.index:
        st.markdown(describe_pairs(chosen.loc[color], color, sold), help=PAIRS_HELP)
    else:
        st.markdown(f"No {sold} shoe comes in {color} and in another color here.", help=PAIRS_HELP)
    st.plotly_chart(charts.pairs(chosen), key="pairs_chart", config={"displayModeBar": False})
    st.caption(explain_pairs(source, sold))
    with st.expander("As a table"):
        st.dataframe(write_pairs(chosen), hide_index=True)


@st.cache_data(max_entries=8, show_spinner="Pairing the colors of each product…")
def find_differences(run_path: str, source: str, rows: int, _table: pd.DataFrame) -> pd.DataFrame:
    """Compare all colors under all labels, once a run and source."""
    return compare_colors(build_pairs(_table))
