"""How a section looks on a page: the same blocks that a report and the terminal render."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls.blocks import (
    Block,
    Chart,
    Columns,
    Facts,
    Links,
    Opens,
    Photos,
    Section,
    Table,
    Text,
)
from zapcls.blocks.charts import NEUTRAL
from zapcls.ui import navigation

PAIR_PX, PHOTO_PX = 276, 112  # three pairs in a row at 1280 px
NO_TOOLBAR = {"displayModeBar": False}


def show_section(section: Section) -> None:
    """Show a section under its heading, its anchor in the address."""
    st.subheader(section.title, anchor=section.name)
    show_blocks(section)


def show_blocks(section: Section) -> None:
    """Show the blocks of a section without its heading."""
    for place, block in enumerate(section.blocks):
        show_block(block, f"{section.name}-{place}")


def show_block(block: Block, key: str) -> None:
    """Show one block; `key` is its own on the page."""
    match block:
        case Text():
            show_text(block)
        case Facts(rows):
            for name, text in rows:
                st.markdown(f"**{name}**  \n{text}")
        case Links():
            show_links(block)
        case Table(title=""):
            show_table(block, key)
        case Table() if block.is_open:
            st.table(block.cells.set_index(block.cells.columns[0]))  # it wraps in a narrow window
            st.caption(block.caption)
        case Table():
            with st.expander(block.title):
                show_table(block, key)
        case Chart():
            show_chart(block, key)
        case Photos():
            show_photos(block)
        case Columns(columns):
            places = st.columns(len(columns), gap="large")
            for number, (place, blocks) in enumerate(zip(places, columns, strict=True)):
                with place:
                    for order, inner in enumerate(blocks):
                        show_block(inner, f"{key}-{number}-{order}")


def show_text(text: Text) -> None:
    """Show a paragraph in its style; its help is a tooltip."""
    match text.style:
        case "note":
            st.caption(text.text, help=text.help or None)
        case "warning":
            st.warning(text.text)
        case "missing":
            st.info(text.text)
        case "lead":
            st.markdown(f"### {text.text}", help=text.help or None)
        case _:
            st.markdown(text.text, help=text.help or None)


def show_links(links: Links) -> None:
    """Show words that open their photos as buttons in a row."""
    with st.container(horizontal=True, gap="small"):
        for link in links.links:
            if st.button(link.text, key=link.name, help=link.help or None):
                open_photos(link.opens)


def open_photos(opens: Opens) -> None:
    """Open the photos of a point or a row on Errors; ids are too many for the address."""
    filters = dict(opens)
    if "images" in filters:
        st.session_state["picked_images"] = list(filters.pop("images"))
    navigation.open_page("errors", **filters)


def show_table(table: Table, key: str) -> None:
    """Show a written-out table, small rows in grey, what it shows below.

    A row that opens photos can be selected.
    """
    pale = pd.Series(table.pale or (False,) * len(table.cells), index=table.cells.index)
    grey = pd.Series(f"color: {NEUTRAL}", index=pale.index).where(pale, "")
    select: dict[str, Any] = (
        {"on_select": "rerun", "selection_mode": "single-row"} if table.opens else {}
    )
    cells = table.cells.style.apply(lambda column: grey)
    event: Any = st.dataframe(cells, key=key, hide_index=True, **select)
    if table.caption:
        st.caption(table.caption)
    for place in event["selection"]["rows"] if table.opens else ():
        open_photos(table.opens[place])


def show_chart(chart: Chart, key: str) -> None:
    """Show a chart; a click on a point that opens something opens it on Errors."""
    if chart.title:
        st.markdown(f"**{chart.title}**")
    options: dict[str, Any] = (
        {"on_select": "rerun", "selection_mode": "points"} if chart.opens else {}
    )
    event: Any = st.plotly_chart(
        chart.figure, key=key, config=NO_TOOLBAR, alt=describe_chart(chart), **options
    )
    if chart.caption:
        opening = " A click on a mark opens its photos." if chart.opens else ""
        st.caption(chart.caption + opening)
    for point in event["selection"]["points"] if chart.opens else ():
        data = tuple(point["customdata"])
        for known, filters in chart.opens.items():
            if data[: len(known)] == known:
                open_photos(filters)


def describe_chart(chart: Chart) -> str:
    """Describe a chart to those who do not see it: its title and axes; figures stand in a table."""
    layout = chart.figure.layout
    axes = (layout.xaxis.title.text, layout.yaxis.title.text)
    return "; ".join(filter(None, (chart.title, *axes))) or "A chart of what is described above"


def show_photos(photos: Photos) -> None:
    """Show photos in pairs, the lines of each below it."""
    with st.container(horizontal=True, gap="small"):
        for pair in photos.pairs:
            with st.container(width=PAIR_PX, border=True, horizontal=True, gap="small"):
                for photo in pair:
                    with st.container(width=PHOTO_PX):
                        st.image(photo.uri, width=PHOTO_PX, alt=", ".join(photo.lines))
                        st.caption("  \n".join(photo.lines))
    if photos.caption:
        st.caption(photos.caption)
