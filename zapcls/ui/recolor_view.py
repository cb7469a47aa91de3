"""Does the run answer otherwise when the shoe has another color? Job, charts and strips."""

import pandas as pd
import streamlit as st

from zapcls import charts, words
from zapcls.analysis.recoloring import (
    CONTROL_OF,
    count_reached,
    find_flips,
    pair_edits,
    summarize_controls,
    summarize_flips,
)
from zapcls.answer.recolored import MOST_PHOTOS
from zapcls.data.color import BASIC_COLORS
from zapcls.ui import cache, job_view, navigation
from zapcls.ui.recolor_strip import show_strip
from zapcls.words.recoloring import (
    CONTROLS,
    EDITS,
    RECOLOR_HELP,
    describe_all,
    describe_reached,
    describe_target,
    write_controls,
    write_flips,
)
from zapcls.workspace.runs import Run

STRIPS = 3


def show_recoloring(run: Run, color: str, label: str, classes: list[str]) -> None:
    """Show what recoloring the valid photos does to the answers, first of `color` and `label`."""
    st.subheader("The shoe recolored", anchor="recolored")
    found = cache.recoloring(run)
    if found is None:
        show_start(run)
        return
    edit = str(
        st.segmented_control(
            "What is moved", list(EDITS), default="hue", required=True, key="edit",
            bind="query-params", format_func=EDITS.__getitem__,
        )
    )  # fmt: skip
    key = (str(run.path), len(found), found, cache.predictions(run))
    summary, controls, reached, flips = sum_up(*key)
    control = CONTROLS[CONTROL_OF[edit]]
    st.markdown(describe_all(summary, edit, control), help=RECOLOR_HELP)
    chosen = summary[(summary["edit"] == edit) & (summary["label"] == label)]
    st.markdown(describe_target(chosen, color, label, control))
    show_charts(chosen, edit, label, classes)
    st.caption(describe_reached(reached, edit, found))
    with st.expander("Recolored photos as a table, and the controls"):
        st.dataframe(write_flips(summary[summary["edit"] == edit]), hide_index=True)
        st.dataframe(write_controls(controls), hide_index=True)
    show_examples(run, flips, label)


def show_start(run: Run) -> None:
    """Say what recoloring is, and start it or watch the one at work."""
    st.markdown(
        "Every valid photo's shoe is given other colors, its shading kept and the ground "
        "untouched, and the run answers again. Random hues, the same lightness alone, and the "
        "ground alone are the controls."
    )
    if job_view.is_at_work("recolor", run):
        return
    if st.button("Recolor the photos", type="primary", key="recolor", icon=":material/palette:"):
        job_view.start_job("recolor", run)
    st.caption(f"Some minutes; at most {MOST_PHOTOS:,} photos, whole products.")


@st.cache_data(max_entries=4, show_spinner="Counting flips…")
def sum_up(
    run_path: str, rows: int, _found: pd.DataFrame, _photos: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Sum the edits up once a run: by target, controls, colors reached, photos that flip."""
    pairs = pair_edits(_found, _photos)
    reached = count_reached(_found, BASIC_COLORS)
    return summarize_flips(pairs), summarize_controls(pairs), reached, find_flips(_found)


def show_charts(chosen: pd.DataFrame, edit: str, label: str, classes: list[str]) -> None:
    """Show flip rates and signed shifts of one label by target color."""
    order = {color: place for place, color in enumerate(BASIC_COLORS)}
    shown = chosen.sort_values("to", key=lambda to: to.map(order))
    if shown.empty:
        return
    first = words.department(classes[0])
    sold = words.begin(words.department(label))
    away = words.department(classes[1]) if len(classes) == 2 else f"less {first}"
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{sold} shoes turned…** answered otherwise")
        figure = charts.flips(shown, CONTROLS[CONTROL_OF[edit]])
        st.plotly_chart(figure, key="flips", config={"displayModeBar": False})
    with right:
        st.markdown(f"**{sold} shoes turned…** which way the probability moves")
        figure = charts.shifts(shown, first, away)
        st.plotly_chart(figure, key="shifts", config={"displayModeBar": False})


def show_examples(run: Run, flips: pd.DataFrame, label: str) -> None:
    """Show strips of photos whose answer depends on the hue of the shoe, surest first."""
    table = cache.predictions(run)
    chosen = table[table["image_id"].isin(flips.loc[flips["flips"], "image_id"])]
    st.markdown(
        f"**{len(chosen):,} of {len(flips):,}** photos change their answer with the hue of the "
        "shoe and with neither a random hue nor the ground."
    )
    shown = chosen[chosen["label"] == label].sort_values("prob", ascending=False).head(STRIPS)
    if shown.empty:
        return
    with st.expander(f"The {len(shown)} surest of the {words.department(label)} shoes among them"):
        for image in shown.itertuples():
            show_strip(cache.store_of(run).pixels[image.row], run)
            navigation.show_link("errors", "Open this photo", image=image.image_id)
