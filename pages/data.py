"""What is in the catalogue, what was left out, and why?"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from plotly.graph_objects import Figure

from zapcls.blocks import charts, numbers
from zapcls.blocks.counts import stacks, write_parts
from zapcls.config import name_column
from zapcls.data.catalog import IMAGE_MISSING
from zapcls.data.color import BASIC_COLORS, SWATCHES
from zapcls.data.download import TERMS
from zapcls.data.labels import summarize
from zapcls.data.split import count_leaks, has_given
from zapcls.data.task import Task
from zapcls.ui import cache, job_view, messages, navigation, photos
from zapcls.ui.bound import fold
from zapcls.ui.color_check_view import show_color_check
from zapcls.ui.disk_view import show_disk
from zapcls.ui.sections import NO_TOOLBAR
from zapcls.ui.source_form import show_source, start_build
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import read_chosen_data
from zapcls.workspace.splits import default_task
from zapcls.workspace.store import Store

# Ten and eight photos in a row at 1280 px.
SAMPLE_PX, DROPPED_PX = 67, 82
FEW_CLASSES = 2  # have a figure each; of more only the largest has
MANY_CLASSES = 6  # are counted instead of named


def find_reading() -> Job | None:
    """Find the reading or download that is at work, None when there is none."""
    parent = cache.workspace().jobs_dir
    return job_view.find_active(parent, "download") or job_view.find_active(parent, "build_store")


def show_reading() -> None:
    """Offer to read the photos in use, which are not read, or not to the end."""
    if cache.lacks_colors():
        said, action = "is read, but its colors are not named yet.", "Name the colors"
        if active := job_view.find_active(cache.workspace().runs_dir):
            st.info("A training is running; colors are named at the end of the first one.")
            navigation.show_link("train", "Watch it", ":material/play_arrow:", run=active.job_id)
            return
    else:
        said, action = "has not been read yet.", "Read it now"
    st.info(f"{numbers.begin(messages.data_name())} {said}")
    if st.button(action, key="read_now", type="primary"):
        start_build(read_chosen_data(cache.workspace()))


def show_dropped(table: pd.DataFrame, store: Store, counts: dict) -> None:
    """Show what cleaning dropped: the reason, the count, and a few of the photos."""
    for note in store.facts.get("notes", []):
        st.markdown(messages.escape(note.removeprefix("Left out: ")))
    if not counts["dropped"] and not store.facts.get("notes"):
        st.caption("Nothing.")
    for reason, count in counts["dropped"].items():
        rows = table[table["drop_reason"] == reason]
        with st.expander(f"{reason} · {count:,}"):
            if reason == IMAGE_MISSING:
                st.dataframe(rows[["image_id", "image_path"]].head(20), hide_index=True)
                continue
            sample = rows.sample(min(8, len(rows)), random_state=0)
            said = sample[store.target].replace("", "blank")
            if "brand" in sample:
                said += " · " + sample["brand"]
            sample = sample.assign(said=said.map(messages.escape))
            photos.show_grid(sample, store, lambda image: image.said, DROPPED_PX)


def show_split(store: Store, table: pd.DataFrame, task: Task) -> None:
    """Show the split, what it keeps together, and what a random one would leak."""
    split, (leaked, groups) = cache.splits(store)
    st.subheader("Split", anchor=False)
    kept = split[split["split"] != "none"]
    counts = pd.crosstab(kept["split"], kept["label"]).reindex(["train", "tune", "valid"])
    counts[task.units] = kept.groupby("split")["product_id"].nunique()
    left, right = st.columns(2, gap="large")
    left.dataframe(counts.reset_index(), hide_index=True)
    right.markdown(describe_groups(store, table[table["kept"]]))
    if has_given(table):
        left.caption(
            "The catalogue's own split: the network learns from train, tune picks the best epoch, "
            "and valid is only reported. Tune is drawn from train unless the catalogue has it too."
        )
        right.markdown(describe_leak(split, task))
        return
    unit = "product" if task.is_department else "group"
    left.caption(
        f"By {unit}, with seed 0: the network learns from train, tune picks the best epoch, and "
        "valid is only reported."
    )
    where = " in another color" if task.is_department else ""
    blog = " The blog's 8.7 % was measured on such a split." if task.is_department else ""
    right.markdown(
        f"A random split would show **{leaked:,} of {groups:,}** valid {task.units} to the network"
        f"{where} ({numbers.percent(leaked / groups)}).{blog}"
    )


def describe_groups(store: Store, kept: pd.DataFrame) -> str:
    """Describe what the split keeps together: a column, or the near-duplicates that were found."""
    sizes = kept["product_id"].value_counts()
    sizes = sizes[sizes > 1]
    if store.group:
        return (
            f"Photos with the same {messages.escape(name_column(store.group))} are kept together."
        )
    if sizes.empty:
        return "There is no group column, and no two photos are near-duplicates of each other."
    return (
        f"There is no group column, so near-duplicates are kept together: {sizes.sum():,} photos "
        f"in {len(sizes):,} group{'s' * (len(sizes) > 1)}."
    )


def describe_leak(split: pd.DataFrame, task: Task) -> str:
    """Describe how much of valid a split that the catalogue brings shows to the network."""
    leaked, groups = count_leaks(split)
    if not leaked:
        return "None of the valid photos has a near-duplicate or sibling in train."
    return (
        f"It shows **{leaked:,} of {groups:,}** valid {task.units} to the network in training "
        f"({numbers.percent(leaked / groups)}), which makes its error rate too low."
    )


def count_labels(
    kept: pd.DataFrame, values: pd.Series, order: Sequence[str], task: Task
) -> pd.DataFrame:
    """Count the photos of each value (rows, in order) by label (columns)."""
    counts = pd.crosstab(values, kept["label"])
    return counts.reindex(index=list(order), columns=list(task.classes), fill_value=0)


def draw_colors(counts: pd.DataFrame) -> Figure:
    """Draw how many photos each color has, in its swatch; hovering tells the labels."""
    swatches = [SWATCHES[color] for color in counts.index]
    total = list(counts.sum(axis=1))
    return charts.counts(list(counts.index), total, swatches, "photos", write_parts(counts))


def show_catalogue(store: Store) -> None:
    """Show what a read catalogue holds."""
    task = default_task(store)
    table = cache.catalog(store)
    counts = summarize(table)
    kept = table[table["kept"]]
    st.markdown(describe_kept(counts, task))
    if store.is_drawn:
        st.warning(messages.DRAWN_NOTE, icon=":material/draw:")
    elif task.thing == "photo":
        st.caption(messages.escape(f"Read as {store.facts['taken_for']}."))
    show_counts(counts, task)
    photos.show_grid(
        kept.sample(min(10, len(kept)), random_state=1),
        store,
        lambda image: messages.escape(f"{task.name(image.label)} · {image.color or 'no color'}"),
        SAMPLE_PX,
    )
    left, right = st.columns(2, gap="large")
    with left:
        show_kinds(kept, task)
    with right:
        st.subheader("By color", anchor=False)
        by_color = count_labels(kept, kept["color"], BASIC_COLORS, task)
        st.plotly_chart(
            draw_colors(by_color), key="colors", config=NO_TOOLBAR, alt="Photos of each color",
        )  # fmt: skip
        what = "the shoe itself" if task.thing == "shoe" else "what stands out from its background"
        st.caption(f"The color of {what}, not of the background, in the eleven basic color terms.")
    show_color_check(store)
    left_out = fold(f"Left out: {counts['rows'] - counts['kept']:,}", "open_left_out")
    if left_out.open:
        with left_out:
            show_dropped(table, store, counts)
    show_split(store, table, task)
    disk = fold("On disk", "open_disk")
    if disk.open:
        with disk:
            show_disk(store)
    if task.thing == "shoe" and not store.is_drawn:
        st.caption(TERMS)


def describe_kept(counts: dict, task: Task) -> str:
    """Describe how many rows are kept, and of which classes."""
    named = numbers.join([messages.escape(task.name(label)) for label in task.classes], "or")
    if len(task.classes) > MANY_CLASSES:
        named = f"one of {len(task.classes)} {task.words}"
    said = (
        f"**{counts['kept']:,} of {counts['rows']:,} {task.things} are kept**: those {task.verb} "
        f"exactly {named}."
    )
    if counts["products"] == counts["kept"] and not task.is_department:
        return said  # each stands alone
    units = "in their colors" if task.is_department else "that a split keeps together"
    return f"{said} They are {counts['products']:,} {task.units} {units}."


def show_counts(counts: dict, task: Task) -> None:
    """Show the photos of the classes, the groups and what is left out, a figure each."""
    figures = {numbers.begin(task.name(name)): n for name, n in counts["classes"].items()}
    if len(figures) > FEW_CLASSES:
        largest = next(iter(figures))
        figures = {numbers.begin(task.words): len(figures), largest: figures[largest]}
    figures[numbers.begin(task.units)] = counts["products"]
    figures["Left out"] = counts["rows"] - counts["kept"]
    for cell, (name, n) in zip(st.columns(4), figures.items(), strict=False):
        cell.metric(messages.escape(name), f"{n:,}")


def show_kinds(kept: pd.DataFrame, task: Task) -> None:
    """Draw the photos of each kind of shoe by label, or of each class."""
    colors = charts.class_colors(task.classes)
    if task.thing == "shoe":
        st.subheader("By category", anchor=False)
        kinds = kept["category"] + " / " + kept["sub_category"]
        by_kind = count_labels(kept, kinds, list(kinds.value_counts().index), task)
        st.plotly_chart(
            stacks(by_kind, colors), key="kinds", config=NO_TOOLBAR,
            alt="Photos of each category by label",
        )  # fmt: skip
        return
    st.subheader(f"By {task.word}", anchor=False)
    names, found = list(task.classes), kept["label"].value_counts()[list(task.classes)]
    hover = [f"{name}: {n:,}" for name, n in found.items()]
    st.plotly_chart(
        charts.counts(names, list(found), [colors[name] for name in names], "photos", hover),
        key="kinds", config=NO_TOOLBAR, alt=f"Photos of each {task.word}",
    )  # fmt: skip


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
    with messages.explain_errors():
        show_catalogue(store)
