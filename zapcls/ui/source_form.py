"""Where the photos come from: the drawings, a folder or table on this machine, or a download."""

from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from zapcls.data import photo, pixels
from zapcls.data.catalog import Catalogue
from zapcls.data.download import TERMS
from zapcls.data.sources import find_place, read_catalogue, table
from zapcls.data.sources.columns import Columns, guess
from zapcls.errors import BadInput
from zapcls.ui import cache, job_view, messages
from zapcls.workspace.contents import recall_columns, write_columns
from zapcls.workspace.layout import read_chosen_data

SOURCES = {
    "drawings": "The drawn catalogue",
    "folder": "A folder or table on this machine",
    "download": "Download UT Zappos50K",
}
ROWS, PHOTOS, PHOTO_PX = 5, 8, 82  # of a preview
GROUP_HELP = "Rows with the same value stay in one part of the split. None: near-duplicates do."
SPLIT_HELP = "Its values are train, and val or test. None: a split is drawn."


def show_source() -> None:
    """Choose where the photos come from, and read them."""
    workspace = cache.workspace()
    with st.expander(f"Source: {messages.data_name()}", expanded=not is_read()):
        source = st.segmented_control(
            "Source", list(SOURCES), format_func=SOURCES.__getitem__, default="drawings",
            key="source", required=True, label_visibility="collapsed",
        )  # fmt: skip
        if source == "drawings":
            st.markdown(
                f"About 1,200 shoes in the official format, drawn in seconds. {messages.DRAWN_NOTE}"
            )
            is_in_use = read_chosen_data(workspace) == workspace.drawings_dir
            look: Literal["primary", "secondary"] = "secondary" if is_in_use else "primary"
            if st.button("Use the drawings", key="use_drawings", type=look):
                start_build(workspace.drawings_dir)
        elif source == "folder":
            show_place()
        else:
            st.markdown(
                "The two official zips, about 300 MB. An interrupted download resumes "
                "where it stopped."
            )
            st.caption(TERMS)
            if st.button("Download", key="download", type="primary"):
                job_view.start_job("download", dest=str(workspace.download_dir))


def is_read() -> bool:
    """Whether the photos in use are read, and no reading of others has failed since."""
    return (cache.chosen_store() is not None or cache.lacks_colors()) and not (
        job_view.find_last_failure("download", "build_store")
    )


def start_build(place: Path) -> None:
    """Start reading a folder or table; it becomes everyone's data once it is read."""
    job_view.start_job("build_store", data_dir=str(place.resolve()))


def show_place() -> None:
    """Choose a folder or a table, see what it is taken for, and read it."""
    st.markdown(
        "A folder with a folder of photos for each class (`train` and `val` above or below them "
        "are kept as the split); a CSV, TSV or Parquet table that lists photos; or the folder of "
        "UT Zappos50K. Nothing in it is changed."
    )
    workspace, known = cache.workspace(), read_chosen_data(cache.workspace())
    shown = "" if known == workspace.drawings_dir else str(known)
    typed = st.text_input(
        "Folder or table", shown, key="folder", placeholder="/path/to/a/folder/or/table.csv"
    )
    if not typed.strip():
        return
    with messages.explain_errors():
        place = find_place(typed)
        is_table = table.recognizes(place)
        columns = pick_columns(place) if is_table else None
        show_preview(read_catalogue(place, columns))
        if st.button("Read the photos", key="open_folder", type="primary"):
            if columns:
                write_columns(workspace, place, columns)
            start_build(place)


def pick_columns(place: Path) -> Columns:
    """Show the first rows of a table, and fields for what each column is, as guessed or set."""
    file = table.find_table(place)
    frame = read_frame(str(file), cache.identify(file))
    st.dataframe(frame.head(ROWS), hide_index=True)
    st.caption(f"The first of {len(frame):,} rows of {messages.escape(file.name)}.")
    known = recall_columns(cache.workspace(), place) or Columns()
    is_outdated = set(filter(None, (known.path, *(known.labels or ())))) - set(frame.columns)
    guessed = guess(frame, Columns() if is_outdated else known)
    names = list(frame.columns)
    path, labels, group, split, root = st.columns([2, 3, 2, 2, 3])
    key = f"columns-{file}"
    return Columns(
        path=path.selectbox("Path", names, find(names, guessed.path), key=f"{key}-path"),
        labels=tuple(
            labels.multiselect(
                "Labels", names, list(guessed.labels or ()), key=f"{key}-labels",
                help="The first is learned unless you choose another on Train.",
            )
        ),
        group=pick_one(group, "Group", GROUP_HELP, names, guessed.group, f"{key}-group"),
        split=pick_one(split, "Split", SPLIT_HELP, names, guessed.split, f"{key}-split"),
        root=root.text_input(
            "Paths are relative to", guessed.root or str(file.parent), key=f"{key}-root"
        ),
    )  # fmt: skip


def pick_one(
    place: st.delta_generator.DeltaGenerator, title: str, help: str, names: list[str],
    chosen: str | None, key: str,
) -> str:  # fmt: skip
    """Pick a column, or none: ""."""
    return place.selectbox(
        title, ["", *names], find(["", *names], chosen),
        format_func=lambda name: name or "none", key=key, help=help,
    )  # fmt: skip


def find(names: list[str], name: str | None) -> int:
    return names.index(name) if name in names else 0


@st.cache_data(max_entries=2, show_spinner="Reading the table…")
def read_frame(path: str, identity: cache.Identity) -> pd.DataFrame:
    """Read a table as text; `identity` tells it from another version of it."""
    return table.read_frame(Path(path))


def show_preview(catalogue: Catalogue) -> None:
    """Show what a catalogue was taken for, what is left out, and a few of its photos."""
    st.markdown(f"Read as {messages.escape(catalogue.taken_for)}.")
    missing = int((catalogue.table["file_bytes"] < 0).sum())
    notes = [*catalogue.notes, *([f"Left out: missing photos ({missing:,})."] if missing else [])]
    for note in notes:
        st.caption(messages.escape(note))
    there = catalogue.table[catalogue.table["file_bytes"] >= 0]
    with st.container(horizontal=True, gap="small"):
        for image in there.sample(min(PHOTOS, len(there)), random_state=0).to_dict("records"):
            with st.container(width=PHOTO_PX):
                show_photo(catalogue.image_root / image["image_path"])
                st.caption(messages.escape(image[catalogue.target] or "blank"))


def show_photo(file: Path) -> None:
    """Show a photo's file, or that it cannot be read."""
    try:
        decoded = photo.decode_image(file, side=2 * PHOTO_PX)
        st.image(pixels.square(decoded, 2 * PHOTO_PX), width="stretch", alt=file.name)
    except BadInput:
        st.caption("cannot be read")
