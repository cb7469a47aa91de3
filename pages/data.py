"""What is in the catalogue, what was left out, and why?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from plotly.graph_objects import Figure

from zapcls.blocks import charts, numbers
from zapcls.blocks.counts import stacks, write_parts
from zapcls.config import DEFAULT_CLASSES
from zapcls.data.catalog import IMAGE_MISSING
from zapcls.data.color import BASIC_COLORS, SWATCHES
from zapcls.data.download import TERMS
from zapcls.data.labels import summarize
from zapcls.data.sources import check_folder
from zapcls.data.task import DEFAULT_TASK
from zapcls.ui import cache, job_view, messages, navigation, photos
from zapcls.ui.color_check_view import show_color_check
from zapcls.workspace import bodies
from zapcls.workspace.bodies import BodyFiles
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import read_chosen_data
from zapcls.workspace.store import Store

# Ten and eight photos in a row at 1280 px.
SAMPLE_PX, DROPPED_PX = 67, 82
SOURCES = {
    "drawings": "The drawn catalogue",
    "folder": "A folder on this machine",
    "download": "Download UT Zappos50K",
}


def show_source() -> None:
    """Choose where the photos come from, and read them."""
    workspace = cache.workspace()
    folder = read_chosen_data(workspace)
    with st.expander(f"Source: {messages.data_name()}", expanded=not is_read()):
        source = st.segmented_control(
            "Source", list(SOURCES), format_func=SOURCES.get, default="drawings", key="source",
            required=True, label_visibility="collapsed",
        )  # fmt: skip
        if source == "drawings":
            st.markdown(
                f"About 1,200 shoes in the official format, drawn in seconds. {messages.DRAWN_NOTE}"
            )
            if st.button("Use the drawings", key="use_drawings", type="primary"):
                start_build(workspace.drawings_dir)
        elif source == "folder":
            st.markdown(
                "The folder holds `ut-zap50k-data` and `ut-zap50k-images-square` or "
                "`ut-zap50k-images`. It is only read."
            )
            typed = st.text_input("Folder", value=str(folder), key="folder")
            with messages.explain_errors():
                if st.button("Open the folder", key="open_folder", type="primary"):
                    start_build(check_folder(typed))
        else:
            st.markdown("The two official zips, about 300 MB, resumed where a download broke off.")
            st.caption(TERMS)
            if st.button("Download", key="download", type="primary"):
                job_view.start_job("download", dest=str(workspace.download_dir))


def is_read() -> bool:
    """Whether the photos in use are read, and no reading of others has failed since."""
    return (cache.chosen_store() is not None or cache.lacks_colors()) and not (
        job_view.find_last_failure("download", "build_store")
    )


def start_build(folder: Path) -> None:
    """Start reading a folder; it becomes everyone's data once it is read."""
    job_view.start_job("build_store", data_dir=str(folder.resolve()))


def find_reading() -> Job | None:
    """Find the reading or download that is at work, None when there is none."""
    parent = cache.workspace().jobs_dir
    return job_view.find_active(parent, "download") or job_view.find_active(parent, "build_store")


def show_reading() -> None:
    """Say that the photos in use are not read, or not to the end, and offer to read them."""
    if cache.lacks_colors():
        said, action = "is read, but its colors are not named yet.", "Name the colors"
    else:
        said, action = "has not been read yet.", "Read it now"
    st.info(f"{numbers.begin(messages.data_name())} {said}")
    if st.button(action, key="read_now", type="primary"):
        start_build(read_chosen_data(cache.workspace()))


def show_dropped(table: pd.DataFrame, store: Store, counts: dict) -> None:
    """Show what cleaning dropped: the reason, the count, and a few of the photos."""
    st.subheader("Left out", anchor=False)
    for reason, count in counts["dropped"].items():
        rows = table[table["drop_reason"] == reason]
        with st.expander(f"{reason} · {count:,}"):
            if reason == IMAGE_MISSING:
                st.dataframe(rows[["image_id", "image_path"]].head(20), hide_index=True)
                continue
            sample = rows.sample(min(8, len(rows)), random_state=0)
            photos.show_grid(sample, store, describe_dropped, DROPPED_PX)


def describe_dropped(image: Any) -> str:
    return f"{image.gender or 'blank'} · {messages.escape(image.brand)}"


def show_split(store: Store) -> None:
    """Show the split by product, and what a random one would leak."""
    split, (leaked, products) = cache.splits(store)
    st.subheader("Split", anchor=False)
    kept = split[split["split"] != "none"]
    counts = pd.crosstab(kept["split"], kept["label"]).reindex(["train", "tune", "valid"])
    counts["products"] = kept.groupby("split")["product_id"].nunique()
    left, right = st.columns(2, gap="large")
    left.dataframe(counts.reset_index(), hide_index=True)
    left.caption(
        "By product, with seed 0: train learns, tune chooses the best epoch, valid is only "
        "reported."
    )
    right.markdown(
        f"A random split would show **{leaked:,} of {products:,}** valid products to the network "
        f"in another color ({numbers.percent(leaked / products)}). The blog's 8.7 % was measured "
        "on such a split."
    )


def show_disk(store: Store) -> None:
    """Show what is kept of the photos: their pixels, and features of frozen networks."""
    st.subheader("On disk", anchor=False)
    st.markdown(
        "**Pixels**",
        help="Each photo is decoded once; trainings, colors and these pages read its pixels.",
    )
    st.markdown(describe_pixels(store.facts))
    kept = bodies.list_bodies(store)
    if not kept:
        return
    st.markdown(
        "**Features of frozen networks**",
        help="What a frozen network makes of each photo, and training photos in other colors. They "
        "are computed once, and kept for the trainings to come.",
    )
    is_busy = job_view.find_active(cache.workspace().runs_dir) or job_view.find_active(
        cache.workspace().jobs_dir
    )
    for body in kept:
        show_body(body, is_busy is not None)


def describe_pixels(facts: dict[str, Any]) -> str:
    """Describe how large a pixel store is, and how it came about."""
    rows, decoded = facts["rows"], facts["decoded"]
    at = f"decoded at {facts['images_per_s']:,.0f} images/s"
    if not decoded:
        made = "all copied from what had been read before"
    elif decoded == rows:
        made = f"all {at}"
    else:
        made = f"{decoded:,} {at}, {rows - decoded:,} copied from what had been read before"
    return (
        f"{rows:,} photos of {facts['side']} px · "
        f"{rows * facts['side'] ** 2 * 3 / 1e6:,.0f} MB · {made} · "
        f"read from {messages.escape(facts['data_dir'])}"
    )


def show_body(body: BodyFiles, is_busy: bool) -> None:
    """Show what one network's features take, and a way to delete them."""
    speed = f" · computed at {body.images_per_s:,.0f} images/s" if body.images_per_s else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"{body.title} · {body.disk_bytes / 1e6:,.0f} MB{speed}",
            width="content",
        )
        if is_busy:
            return
        with (
            st.popover("Delete", icon=":material/delete:", type="tertiary"),
            messages.explain_errors(),
        ):
            st.markdown("The next training that needs them computes them again.")
            if st.button("Delete these features", key=f"delete-{body.path.name}"):
                bodies.delete(body)
                st.rerun()


def count_labels(kept: pd.DataFrame, values: pd.Series, order: Sequence[str]) -> pd.DataFrame:
    """Count the photos of each value (rows, in order) by label (columns)."""
    counts = pd.crosstab(values, kept["label"])
    return counts.reindex(index=list(order), columns=list(DEFAULT_CLASSES), fill_value=0)


def draw_colors(counts: pd.DataFrame) -> Figure:
    """Draw how many photos each color has, in its swatch; hovering tells the labels."""
    swatches = [SWATCHES[color] for color in counts.index]
    total = list(counts.sum(axis=1))
    return charts.counts(list(counts.index), total, swatches, "photos", write_parts(counts))


def show_catalogue(store: Store) -> None:
    """Show what a read catalogue holds."""
    table = cache.catalog(store)
    counts = summarize(table)
    kept = table[table["kept"]]
    task = DEFAULT_TASK
    named = numbers.join([task.name(label) for label in task.classes], "or")
    st.markdown(
        f"**{counts['kept']:,} of {counts['rows']:,} {task.things} are kept**: those {task.verb} "
        f"exactly {named}. They are {counts['products']:,} products in their colors."
    )
    if store.is_drawn:
        st.warning(messages.DRAWN_NOTE, icon=":material/draw:")
    cells = st.columns(4)
    for cell, (label, n) in zip(cells, counts["classes"].items(), strict=False):
        cell.metric(numbers.begin(DEFAULT_TASK.name(label)), f"{n:,}")
    cells[2].metric("Products", f"{counts['products']:,}")
    cells[3].metric("Left out", f"{counts['rows'] - counts['kept']:,}")
    photos.show_grid(
        kept.sample(min(10, len(kept)), random_state=1),
        store,
        lambda image: f"{DEFAULT_TASK.name(image.label)} · {image.color}",
        SAMPLE_PX,
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("By category", anchor=False)
        kinds = kept["category"] + " / " + kept["sub_category"]
        by_kind = count_labels(kept, kinds, list(kinds.value_counts().index))
        st.plotly_chart(stacks(by_kind, charts.class_colors(DEFAULT_CLASSES)), key="kinds")
    with right:
        st.subheader("By color", anchor=False)
        st.plotly_chart(draw_colors(count_labels(kept, kept["color"], BASIC_COLORS)), key="colors")
        st.caption("The color of the shoe itself, not of the ground, in the eleven basic terms.")
    show_color_check(store)
    show_dropped(table, store, counts)
    show_split(store)
    show_disk(store)
    if not store.is_drawn:
        st.caption(TERMS)


navigation.enter("data")
st.title("Data", anchor=False)
show_source()
job_view.show_last_failure("download", "build_store")
store, reading = cache.chosen_store(), find_reading()
if reading:
    job_view.show_job(reading)
elif store is None:
    show_reading()
else:
    show_catalogue(store)
