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
from zapcls.ui.filters import HEADS, Found, pick_photos, show_clear, turn
from zapcls.ui.photos import thumbnail
from zapcls.workspace.runs import Run

PAGE_SIZE = 25
CARD_PX = 148  # six in a row at 1280 px, two on a telephone
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


def show_gallery(run: Run, aside: Any = None) -> None:
    """Show the filters and a page of what they find; the choice of source goes `aside`."""
    st.html(STYLE)
    found = pick_photos(run, aside)
    task = cache.evidence(run).task
    page = show_bar(found, math.ceil(len(found.rows) / PAGE_SIZE), run)
    if not len(found.rows):
        st.info(f"No such {task.things}. Take a filter away.")
        return
    shown = found.index.table.iloc[found.rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
    store = cache.evidence(run).store
    marks = describe_verdicts(cache.evidence(run).verdicts, shown["image_id"], task)
    with st.container(horizontal=True, gap="small"):
        for image in shown.itertuples():
            with st.container(width=CARD_PX, gap="xsmall"):
                badge = marks.get(image.image_id, "")
                show_card(image, thumbnail(store, image.row), badge, task)


def show_bar(found: Found, pages: int, run: Run) -> int:
    """Describe how many were found and of which source; pick a page, 1..pages, also by keys."""
    page = 1
    sides: dict[str, Any] = {"horizontal": True, "vertical_alignment": "center", "gap": "xsmall"}
    with st.container(**sides, horizontal_alignment="distribute"):
        with st.container(**sides, width="content"):
            st.markdown(
                f"**{len(found.rows):,}** photos · {name_source(found)}", width="content",
                help=HEADS_HELP if found.source == HEADS else None,
            )  # fmt: skip
            show_clear()
        with st.container(**sides, width="content"):
            if pages > 1:
                page = pick_page(pages)
            st.download_button(
                "CSV", partial(write_csv, found), f"errors-{run.run_id}.csv", "text/csv",
                key="csv", icon=":material/download:", on_click="ignore", disabled=not pages,
                help="Download the whole list",
            )  # fmt: skip
    return page


def pick_page(pages: int) -> int:
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
    return page


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
        return "Frozen-body heads, out-of-fold, all photos"
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
    """One photo with its truth, answer, loss, color, category, path and product."""
    told = task.describe(image.label) if image.label else "no kept label"
    called = messages.escape(task.name(image.prediction))
    sign = ":material/check:" if image.correct else ":material/close:"
    alt = f"{told}, called {task.name(image.prediction)}"
    st.image(photo, width="stretch", output_format="JPEG", alt=alt)
    st.markdown(
        f"{messages.escape(told)}  \n{sign} **{called}**{numbers.sure(image.prob)}"
        + (f"  \n{badge}" if badge else "")
    )
    path = messages.escape(image.image_path).replace("/", "/\u200b")  # may wrap after each folder
    loss = "" if math.isnan(image.loss) else f"loss {image.loss:.2f} · "
    st.caption(
        f"{loss}{image.color or 'no color'}  \n"
        f"product {messages.escape(image.product_id)}  \n{path}"
    )
    st.button(
        "Open", key=f"open-{image.image_id}", icon=":material/open_in_full:", type="tertiary",
        on_click=marking.show_photo, args=(image.image_id,),
    )  # fmt: skip
