"""Which shoes does the run get wrong?"""

import math
from typing import Any

import pandas as pd
import streamlit as st

from zapcls.analysis.metrics import labelled
from zapcls.analysis.mistakes import SORTS, Filter, find_images
from zapcls.data.color import BASIC_COLORS
from zapcls.ui import cache, widgets
from zapcls.workspace.runs import Run

PAGE_SIZE = 25
CARD_PX = 148  # five in a row at 1280 px, two on a telephone
SORT_NAMES = {
    "loss": "highest loss first",
    "prob": "most sure first",
    "uncertain": "least sure first",
    "product": "by product",
}


def pick_filter(table: pd.DataFrame, classes: list[str], sort: str) -> Filter:
    """Show the filters, each kept in the URL, and return what they ask for."""
    first = st.columns([3, 3, 5])
    with first[0]:
        split = st.segmented_control(
            "Split", ["valid", "tune", "train"], default="valid", required=True, key="split",
            bind="query-params",
        )  # fmt: skip
    with first[1]:
        answer = st.segmented_control(
            "Answer", ["wrong", "right", "all"], default="wrong", required=True, key="answer",
            bind="query-params",
        )  # fmt: skip
    with first[2]:
        text = st.text_input(
            "Text in path, brand or product", key="text", bind="query-params",
            placeholder="Boots/Ankle",
        )  # fmt: skip
    second = st.columns(5)
    lists = {
        "label": ("Sold as", classes),
        "prediction": ("Called", classes),
        "color": ("Color", [c for c in BASIC_COLORS if c in set(table["color"])]),
        "category": ("Category", sorted(table["category"].unique())),
        "sub_category": ("Sub-category", sorted(table["sub_category"].unique())),
    }
    picked = {}
    for cell, (name, (title, options)) in zip(second, lists.items(), strict=True):
        with cell:
            picked[name] = st.multiselect(
                title, options, key=name, bind="query-params", placeholder="any"
            )
    return Filter(
        split=str(split), answer=str(answer), text=text, sort=sort,
        **{name: tuple(values) for name, values in picked.items()},
    )  # fmt: skip


def show_card(image: Any, run: Run) -> None:
    """One photo with its truth, answer, loss, color, path and product."""
    store = cache.store_of(run)
    st.image(store.pixels[image.row], width="stretch")
    mark = ":material/check:" if image.correct else ":material/close:"
    st.markdown(
        f"sold as **{widgets.department(image.label)}**  \n"
        f"{mark} **{widgets.department(image.prediction)}**, {widgets.percent(image.prob)}"
    )
    st.caption(
        f"loss {image.loss:.2f} · {image.color or 'no color'} · {image.sub_category}  \n"
        f"{widgets.escape(image.brand)} · product {image.product_id}"
    )
    with st.popover("File", width="stretch"):
        st.code(image.image_path, language=None)
        st.caption(f"image {image.image_id} · {image.split}")
        path = store.find_image(image.image_path)
        if path.is_file():
            st.image(str(path))


widgets.enter("errors")
st.title("Errors", anchor=False)
run = widgets.need_run()
table = cache.predictions(run)
valid = labelled(table, "valid")
wrong = int(valid["wrong"].sum())
head, order = st.columns([3, 1], vertical_alignment="bottom")
head.markdown(
    f"**{wrong:,} of {len(valid):,}** valid photos are wrong "
    f"({widgets.percent(wrong / max(len(valid), 1))}). This run, "
    f"{run.train_config.split} split."
)
with order:
    sort = st.selectbox(
        "Sort", list(SORTS), format_func=SORT_NAMES.get, key="sort", bind="query-params"
    )
found = find_images(table, pick_filter(table, run.facts["classes"], str(sort)))
pages = max(1, math.ceil(len(found) / PAGE_SIZE))
if found.empty:
    st.info("No such shoes. Take a filter away.")
    st.stop()
bar, download = st.columns([4, 1], vertical_alignment="center")
with bar, st.container(horizontal=True, vertical_alignment="center"):
    st.markdown(f"**{len(found):,}** photos")
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
with download:
    columns = ["image_id", "image_path", "label", "prediction", "prob", "loss", "color", "split"]
    st.download_button(
        "Download as CSV", found[columns].to_csv(index=False), f"errors-{run.run_id}.csv",
        "text/csv", icon=":material/download:", key="csv",
    )  # fmt: skip
page = min(page, pages)
shown = found.iloc[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
with st.container(horizontal=True, gap="small"):
    for image in shown.itertuples():
        with st.container(width=CARD_PX):
            show_card(image, run)
