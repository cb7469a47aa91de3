"""Which named groups of shoes err more often than the rest; each opens its photos."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from zapcls import charts, words
from zapcls.analysis.metrics import labelled
from zapcls.analysis.slices import (
    ALPHA,
    MIN_PRODUCTS,
    SAME,
    find_members,
    find_slices,
    name_slice,
)
from zapcls.ui import navigation
from zapcls.workspace.runs import Run

SPLIT = "valid"
DRAWN = 10  # in the chart
FLAGGED = charts.CLASS_COLORS[4]
FILTERS = {"label", "color", "category", "sub_category", "brand"}  # that the gallery has
HELP = (
    f"Every value of every column is a group, and every pair of two columns' values, if "
    f"{MIN_PRODUCTS} products or more are in it. Among so many some look bad by chance. The "
    f"adjusted p is the chance that the worst of all groups would look at least this bad if errors "
    f"did not depend on the groups: errors are moved between products at random, 2,000 times "
    f"(Westfall and Young 1993). Below {ALPHA} a group is named; the others are grey. Groups that "
    f"share more than {SAME:.0%} of their photos are shown once."
)


def show_slices(table: pd.DataFrame, run: Run) -> None:
    """Show the groups that err more often than the rest of `table` (predictions) in valid."""
    valid = labelled(table, SPLIT)
    slices = _find(str(run.path), (run.path / "predictions.parquet").stat().st_mtime_ns, valid)
    if slices.empty:
        st.info(
            f"No group has {MIN_PRODUCTS} products or more in {SPLIT}, and room for errors. "
            "More photos are needed to compare groups."
        )
        return
    flagged = int(slices["is_flagged"].sum())
    verb = "errs" if flagged == 1 else "err"
    st.markdown(
        f"**{flagged:,} of {slices.attrs['tried']:,}** named groups {verb} more often than the "
        f"rest (adjusted p < {ALPHA}).",
        help=HELP,
    )
    rate = float(valid["wrong"].mean())
    st.caption(
        f"This run, {SPLIT}: {int(valid['wrong'].sum()):,} of {len(valid):,} photos wrong, "
        f"{words.percent(rate)}. The clearest groups first."
    )
    st.plotly_chart(
        draw(slices.head(DRAWN), rate), key="slices_chart", config={"displayModeBar": False}
    )
    st.caption("A row that is selected opens the wrong photos of its group.")
    event: Any = st.dataframe(
        style(slices), key="slices", hide_index=True, on_select="rerun",
        selection_mode="single-row", column_config=set_columns(),
    )  # fmt: skip
    for place in event["selection"]["rows"]:
        open_slice(slices["where"].iloc[place], valid)


@st.cache_data(max_entries=8, show_spinner="Trying the groups…")
def _find(run_path: str, changed: int, _valid: pd.DataFrame) -> pd.DataFrame:
    return find_slices(_valid)


def open_slice(where: dict[str, str], valid: pd.DataFrame) -> None:
    """Open the wrong photos of a group in the gallery: by filters where it has them."""
    view = {"view": "Gallery", "split": SPLIT, "answer": "wrong"}
    if FILTERS.issuperset(where):
        navigation.open_page("errors", **view, **{name: [value] for name, value in where.items()})
    members = find_members(valid, where)
    st.session_state["picked_images"] = members.loc[members["wrong"], "image_id"].tolist()
    navigation.open_page("errors", **view)


def describe(where: dict[str, str]) -> str:
    """Name a group as a person is told it: sold as women's × color brown."""
    parts = [
        f"sold as {words.department(value)}" if column == "label" else name_slice({column: value})
        for column, value in where.items()
    ]
    return " × ".join(parts)


def draw(slices: pd.DataFrame, rate: float) -> go.Figure:
    """Draw the groups' error rates with intervals beside that of all photos, flagged ones red."""
    colors = [FLAGGED if is_flagged else charts.NEUTRAL for is_flagged in slices["is_flagged"]]
    figure = charts.rates(slices, [describe(where) for where in slices["where"]], colors)
    figure.add_vline(
        x=rate, line={"color": charts.NEUTRAL, "dash": "dot"}, annotation_position="top",
        annotation_text=f"all: {rate:.1%}",
    )  # fmt: skip
    return figure


def set_columns() -> dict[str, Any]:
    """The columns' titles and formats."""
    number = st.column_config.NumberColumn
    return {
        "n": number("Photos", format="localized"),
        "n_products": number("Products", format="localized"),
        "hits": number("Wrong", format="localized"),
        "rate": number("Error rate", format="%.1f %%"),
        "rest_rate": number("Rest", format="%.1f %%", help="Error rate of all other photos."),
        "excess": number(
            "Excess", format="%.1f", help="Errors beyond those that the rest's rate would give."
        ),
        "p": number("Adjusted p", format="%.4f", help=HELP),
        "folded": number(
            "Alike", help=f"Groups that share more than {SAME:.0%} of these photos, not listed."
        ),
    }


def style(slices: pd.DataFrame) -> Any:
    """Lay the groups out for reading; those that are not flagged in grey."""
    shown = pd.DataFrame(
        {
            "Group": slices["where"].map(describe),
            "n": slices["n"],
            "n_products": slices["n_products"],
            "hits": slices["hits"],
            "rate": 100 * slices["rate"],
            "95 % interval": list(map(words.interval, slices["low"], slices["high"])),
            "rest_rate": 100 * slices["rest_rate"],
            "excess": slices["excess"],
            "p": slices["p"],
            "folded": slices["folded"],
        }
    )
    grey = pd.Series(f"color: {charts.NEUTRAL}", index=shown.index)
    look = grey.where(~slices["is_flagged"], "")
    return shown.style.apply(lambda column: look)
