"""Is it the color, or what comes with it? What the data teach, and each group against the rest."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls import charts, words
from zapcls.analysis.color_adjusted import Adjusted, fit_adjusted
from zapcls.analysis.color_association import (
    Association,
    compare_groups,
    measure_association,
)
from zapcls.data.color import BASIC_COLORS
from zapcls.ui import cache
from zapcls.words.colors import (
    DATA_HELP,
    ODDS_HELP,
    ODDS_TABLE_HELP,
    describe_association,
    describe_odds,
    describe_overlap,
    explain_odds,
    warn_of_disagreement,
    write_groups,
    write_odds,
)
from zapcls.workspace.runs import Run

SPLIT = "valid"  # the out-of-fold answers all stand under it


def show_adjusted(run: Run, table: pd.DataFrame, source: str, color: str, label: str) -> None:
    """Show the odds of an error by color, crude beside those with the sub-category held."""
    st.subheader("Is it the color, or what comes with it?", anchor="adjusted")
    found = fit(str(run.path), source, label, len(table), table)
    sold = words.department(label)
    st.markdown(describe_odds(found, color, sold), help=ODDS_HELP)
    if not found.reference:
        return
    warning = warn_of_disagreement(found)
    if warning:
        st.warning(warning)
    st.plotly_chart(charts.odds(found), key="odds_chart", config={"displayModeBar": False})
    st.caption(explain_odds(found, source, sold))
    st.caption(describe_overlap(found, color, sold))
    with st.expander("Odds as a table"):
        st.caption(ODDS_TABLE_HELP)
        st.dataframe(write_odds(found), hide_index=True)


@st.cache_data(max_entries=8, show_spinner="Holding the kind of shoe…")
def fit(run_path: str, source: str, label: str, rows: int, _table: pd.DataFrame) -> Adjusted:
    """Fit the odds of one label's errors, once a run, source and label."""
    return fit_adjusted(_table, SPLIT, label)


def show_association(run: Run) -> None:
    """Say how far color and label go together in the catalogue."""
    st.subheader("What the data teach: color and label", anchor="data")
    table = cache.predictions(run)
    st.markdown(describe_association(associate(str(run.path), len(table), table)), help=DATA_HELP)


@st.cache_data(max_entries=8, show_spinner="Drawing products again…")
def associate(run_path: str, rows: int, _table: pd.DataFrame) -> Association:
    """Measure the association of the run's catalogue, once a run."""
    return measure_association(_table)


@st.cache_data(max_entries=8, show_spinner="Moving errors between products…")
def compare(
    run_path: str, source: str, classes: tuple[str, ...], rows: int, _table: pd.DataFrame
) -> pd.DataFrame:
    """Compare all groups, once a run and source."""
    return compare_groups(_table, SPLIT, BASIC_COLORS, classes)


def style_groups(groups: pd.DataFrame) -> Any:
    """Lay the groups out for reading, small ones in grey; an empty one says so."""
    shown = write_groups(groups)
    grey = pd.Series(f"color: {charts.NEUTRAL}", index=shown.index).where(groups["is_small"], "")
    return shown.style.apply(lambda column: grey)
