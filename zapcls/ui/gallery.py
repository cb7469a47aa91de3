"""The gallery: photos and the answers to them, filtered, sorted and paged; all of it in the URL."""

import math
from collections.abc import Collection
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from zapcls.blocks import numbers
from zapcls.data.task import Task
from zapcls.ui import cache, marking, messages
from zapcls.ui.ask_form import HEADS_HELP
from zapcls.ui.choices import describe
from zapcls.ui.filters import HEADS, Found, pick_photos, turn
from zapcls.ui.photos import show_button, thumbnail
from zapcls.workspace.runs import Run

PAGE_SIZE = 24
CARD_PX = 200  # four in a row at 1280 px, two on a telephone
CSV_COLUMNS = [
    "image_id", "product_id", "image_path", "label", "prediction", "prob", "loss", "color", "split",
    "source",
]  # fmt: skip
MARK_COLORS = {
    "label wrong": "orange", "model wrong": "blue", "ambiguous": "violet", "not a shoe": "gray",
}  # fmt: skip


# The pages have buttons with keys beside them, so they need no arrows of their own.
STYLE = """<style>
[data-testid=stPaginationPrev], [data-testid=stPaginationNext] { display: none; }
</style>"""


def show_gallery(run: Run) -> None:
    """Show the filters, a page of what they find, and the way to the other pages."""
    st.html(STYLE)
    found = pick_photos(run)
    task = cache.evidence(run).task
    pages = math.ceil(len(found.rows) / PAGE_SIZE)
    if not pages:
        st.markdown(f"**0** photos · {name_source(found)}")
        st.info(f"No {task.things} match. Remove a filter.")
        return
    page = min(max(1, int(_read_page())), pages)
    st.markdown(
        f"**{len(found.rows):,}** {'photo' if len(found.rows) == 1 else 'photos'} · "
        f"{name_source(found)}",
        help=HEADS_HELP if found.source == HEADS else None,
    )
    shown = found.index.table.iloc[found.rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
    store = cache.evidence(run).store
    marks = describe_verdicts(cache.evidence(run).verdicts, shown["image_id"], task)
    with st.container(horizontal=True, gap="small"):
        for image in shown.itertuples():
            with st.container(width=CARD_PX, gap="xxsmall"):
                badge = marks.get(image.image_id, "")
                show_card(image, thumbnail(store, image.row), badge, task)
    show_end(found, pages, run)


def _read_page() -> str:
    asked = st.session_state.get("page", st.query_params.get("page", "1"))
    return asked if str(asked).isdecimal() else "1"


def show_end(found: Found, pages: int, run: Run) -> None:
    """Pick a page, 1..pages, also by keys; hand out the whole list."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall",
        horizontal_alignment="distribute",
    ):  # fmt: skip
        if pages > 1:
            pick_page(pages)
        st.download_button(
            "CSV", partial(write_csv, found), f"errors-{run.run_id}.csv", "text/csv",
            key="csv", icon=":material/download:", on_click="ignore",
            help="Download the whole list",
        )  # fmt: skip


def pick_page(pages: int) -> None:
    """Show the pages, with a button that has a key on either side."""
    before = st.container(width="content")  # filled last: only then is the page known
    page = min(st.pagination(pages, width=300, key="page", bind="query-params"), pages)
    with before:
        st.button(
            "Previous", key="page_back", shortcut="Left", type="tertiary", disabled=page == 1,
            on_click=turn, args=(page - 1,),
        )  # fmt: skip
    st.button(
        "Next", key="page_next", shortcut="Right", type="tertiary", disabled=page == pages,
        on_click=turn, args=(page + 1,),
    )  # fmt: skip


def write_csv(found: Found) -> str:
    """Write the found rows as CSV; what a spreadsheet would run begins with '."""
    table = found.index.table.iloc[found.rows][CSV_COLUMNS]
    texts = table.select_dtypes(exclude="number")
    return table.assign(
        **{name: texts[name].str.replace(r"^(?=[=+\-@\t\r'])", "'", regex=True) for name in texts}
    ).to_csv(index=False)


def name_source(found: Found) -> str:
    """Describe whose answers these are, as every figure does."""
    if found.source == HEADS:
        return "Label check: classifiers that never saw this product"
    return f"This run, {found.split}"


def describe_verdicts(
    verdicts: pd.DataFrame, images: Collection[str], task: Task
) -> dict[str, str]:
    """Write the badge of each of some images that is reviewed."""
    badges = {}
    for verdict in verdicts[verdicts["image_id"].isin(images)].itertuples():
        badge = ":red-badge[reviewers disagree]"
        if not verdict.is_conflict:
            said = describe(verdict.mark, verdict.right_label, task)
            badge = f":{MARK_COLORS[verdict.mark]}-badge[{messages.escape(said)}]"
        badges[verdict.image_id] = badge
    return badges


def show_card(image: Any, photo: bytes, badge: str, task: Task) -> None:
    """Show one photo that opens on a click, with its label and answer in two lines."""
    told = task.describe(image.label) if image.label else "no kept label"
    called = task.name(image.prediction)
    show_button(
        photo, image.image_id, f"{told}, called {called}", on_click=marking.show_photo,
        args=(image.image_id,),
    )  # fmt: skip
    sign = ":material/check:" if image.correct else ":material/close:"
    told = messages.escape(f"{numbers.begin(told)}, {image.color or 'no color'}")
    answer = f"{sign} **{messages.escape(called)}**{numbers.sure(image.prob)}"
    st.markdown(f"{told}  \n{answer} {badge}")
