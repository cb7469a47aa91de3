"""A map of the run's embeddings: near is alike to the network; a lasso shows what it caught."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from zapcls import schema
from zapcls.blocks import charts, numbers
from zapcls.data.color import SWATCHES
from zapcls.data.task import Task
from zapcls.ui import cache, job_view, marking, navigation
from zapcls.ui.bound import pick_one
from zapcls.ui.photos import show_button, thumbnail
from zapcls.ui.under_pointer import show_under_pointer
from zapcls.workspace.imports import find_lack
from zapcls.workspace.runs import Run

TINTS = ("answer", "label", "prediction", "color")
RIGHT, WRONG = "#c3c7cd", "#c0392b"
CAUGHT, CAUGHT_PX = 24, 112  # photos that are shown below the map
HELP = (
    "t-SNE (openTSNE) of the embeddings of this run. Neighbors look alike to the network; the "
    "distance between far-apart groups, and their sizes, mean nothing."
)


def show_map(run: Run) -> None:
    """Show the map, or the button that has it drawn."""
    lack = find_lack(run, "embeddings", "a map")
    if lack:
        st.info(lack)
        return
    evidence = cache.evidence(run)
    places = evidence.map
    if places is None:
        job_view.offer_job(
            "map", run, "The map lays out all photos so that those that look alike to the network "
                "lie together.", "Draw the map", "scatter_plot",
            "About a minute for a few thousand photos.",
        )  # fmt: skip
        return
    left, right = st.columns([3, 2])
    with left:
        tint = pick_one("Colored by", TINTS, "tint")
    with right:
        split = pick_one("Split", schema.SPLITS[::-1], "map_split")
    table = evidence.labelled(split).merge(places, on="image_id")
    wrong = int(table["wrong"].sum())
    st.markdown(
        f"**{len(table):,}** {split} photos, **{wrong:,}** wrong. Draw around some of them to see "
        "their photos.",
        help=HELP,
    )
    event = st.plotly_chart(
        draw(table, tint, evidence.task), key="map", on_select="rerun",
        selection_mode=("lasso", "box", "points"), alt="The map of the photos",
    )  # fmt: skip
    picked = [str(point["customdata"][0]) for point in event["selection"]["points"]]
    if picked:
        show_caught(table[table["image_id"].isin(picked)], split, run)
    show_under_pointer("map", table["image_id"], table["row"], evidence.store)


def show_caught(caught: pd.DataFrame, split: str, run: Run) -> None:
    """Show the photos that a lasso or a click caught, wrong ones first, and the way to them all."""
    evidence = cache.evidence(run)
    wrong = int(caught["wrong"].sum())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{numbers.count(len(caught), 'photo')}**, {wrong:,} wrong")
        if st.button("Open in the gallery", key="map_gallery", icon=":material/image_search:"):
            st.session_state["picked_images"] = caught["image_id"].to_list()
            navigation.open_page("errors", view="Gallery", answer="all", split=split)
    order = caught.sort_values(["wrong", "loss", "image_id"], ascending=[False, False, True])
    with st.container(horizontal=True, gap="small"):
        for image in order.head(CAUGHT).itertuples():
            with st.container(width=CAUGHT_PX, gap="xxsmall"):
                told = evidence.task.describe(image.label)
                told = f"{told}, called {evidence.task.name(image.prediction)}"
                show_button(
                    thumbnail(evidence.store, image.row), image.image_id, told,
                    on_click=marking.show_photo, args=(image.image_id,),
                )  # fmt: skip
    if len(caught) > CAUGHT:
        st.caption(f"{len(caught) - CAUGHT:,} more are in the gallery.")


def draw(table: pd.DataFrame, tint: str, task: Task) -> go.Figure:
    """Draw the map, a trace for each value of `tint`; errors lie on top of right answers."""
    values, colors = list_tints(table, tint, task)
    figure = go.Figure()
    for value, color in colors.items():
        rows = table[values == value]
        if rows.empty:
            continue
        is_swatch = tint == "color"
        figure.add_scattergl(
            x=rows["x"], y=rows["y"], mode="markers", name=f"{value} ({len(rows):,})",
            customdata=rows[["image_id", "label", "prediction", "prob", "color"]].assign(
                prob=rows["prob"].map(numbers.probability)
            ),
            marker={
                "size": 7 if value == "wrong" else 5,
                "color": color,
                "line": {"width": 0.6 if is_swatch else 0, "color": charts.NEUTRAL},
            },
            hovertemplate=f"{task.verb} "
            "%{customdata[1]}<br>called %{customdata[2]}, "
            "%{customdata[3]}<br>%{customdata[4]}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        height=620, dragmode="lasso", margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"},
    )  # fmt: skip
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(visible=False)
    return figure


def list_tints(table: pd.DataFrame, tint: str, task: Task) -> tuple[pd.Series, dict[str, str]]:
    """Return each photo's value and the color of each value, in the order they are drawn.

    Of more classes than there are colors those with most photos have one; the others are grey.
    """
    if tint == "answer":
        words = table["wrong"].map({True: "wrong", False: "right"})
        return words, {"right": RIGHT, "wrong": WRONG}
    if tint == "color":
        return table["color"], SWATCHES
    palette, values = charts.class_colors(task.classes), table[tint]
    if len(palette) > len(charts.CLASS_COLORS):
        named = charts.CLASS_COLORS[:-1]  # the last is a grey
        largest = [str(name) for name in values.value_counts().index[: len(named)]]
        others = f"{len(palette) - len(largest)} others"
        palette = {others: RIGHT} | charts.class_colors(largest)
        values = values.where(values.isin(largest), others)
    return values, palette
