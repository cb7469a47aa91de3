"""Cards of photos that are like others: large, two lines below, and what can be done with each."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls.blocks.numbers import begin
from zapcls.data.task import Task
from zapcls.findings.shelf import ASPECTS, Shelf
from zapcls.ui import cache, navigation
from zapcls.ui.messages import escape
from zapcls.ui.photos import thumbnail
from zapcls.ui.picks import Picks
from zapcls.workspace.runs import Run

VIEWS = ("One photo", "Recommended")
SMALL_PX = 64
# As many cards in a row as fit, all of one width: four at 1280 px, two on a telephone. A name that
# is too long ends in dots, so that photos stand in line.
STYLE = """<style>
.st-key-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr));
  gap: 1.5rem 1rem; }
.st-key-cards > div { width: 100%; min-width: 0; }
.st-key-cards [data-testid=stElementToolbar] { display: none; }
.st-key-cards [data-testid=stFullScreenFrame] div { width: 100%; }
.st-key-cards img { width: 100% !important; border-radius: 0.5rem; }
.st-key-cards [data-testid=stMarkdownContainer] p { white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
</style>"""


def show_cards(found: pd.DataFrame, shelf: Shelf, run: Run, picks: Picks) -> None:
    """Show the found photos as cards."""
    st.html(STYLE)
    siblings = shelf.count_siblings(found["product_id"])
    task = cache.evidence(run).task
    with st.container(key="cards"):
        for image, others in zip(found.itertuples(), siblings, strict=True):
            with st.container(gap="xxsmall"):
                show_card(image, others, run, task, picks)


def show_card(image: Any, others: int, run: Run, task: Task, picks: Picks) -> None:
    """Show one photo: what it is, how alike, and the buttons."""
    photo, name = thumbnail(cache.evidence(run).store, image.row), describe(image, task)
    st.image(photo, width="stretch", output_format="JPEG", alt=name)
    st.markdown(f"**{escape(name)}**")
    st.caption(write_likeness(image) or escape(name_color(image)))
    show_buttons(image, others, picks)


def describe(image: Any, task: Task) -> str:
    """Name a photo in a line: its brand, else its label, and its kind."""
    parts = (getattr(image, name, "") for name in ("brand", "sub_category"))
    label = begin(task.describe(image.label)) if image.label else f"{begin(task.thing)}"
    return " · ".join(filter(None, parts)) or label


def name_color(image: Any) -> str:
    """Name a photo's color."""
    return image.color or "no color"


def write_likeness(image: Any) -> str:
    """Write how alike a photo is, all in all and aspect by aspect; "" where nothing was asked."""
    if not hasattr(image, "score"):
        return ""
    aspects = (
        f"{name} {getattr(image, f'like_{name}'):.2f}"
        for name in ASPECTS[:2]
        if hasattr(image, f"like_{name}")
    )
    return " · ".join([f"**{image.score:.2f}**", *aspects])


def show_buttons(image: Any, others: int, picks: Picks) -> None:
    """Show the buttons of a card: more like it, less, its own likes and colors, its errors."""
    name = image.image_id
    is_liked, is_unliked = name in picks.liked, name in picks.unliked
    with st.container(horizontal=True, gap=None, horizontal_alignment="distribute"):
        st.button(
            "", key=f"like-{name}", icon=":material/thumb_up:", help="More like this",
            type="primary" if is_liked else "tertiary", on_click=picks.toggle, args=(name, True),
        )  # fmt: skip
        st.button(
            "", key=f"unlike-{name}", icon=":material/thumb_down:", help="Less like that",
            type="primary" if is_unliked else "tertiary", on_click=picks.toggle, args=(name, False),
        )  # fmt: skip
        st.button(
            f"+{others}" if others else "", key=f"ask-{name}", icon=":material/image_search:",
            type="tertiary", on_click=ask_for, args=(name,),
            help="What is like this one" + (f", and its {others} other colors" if others else ""),
        )  # fmt: skip
        if st.button(
            "", key=f"open-{name}", icon=":material/open_in_full:", type="tertiary",
            help="Its answer and its errors",
        ):  # fmt: skip
            navigation.open_page("errors", image=name)


def show_small(table: pd.DataFrame, run: Run, key: str) -> None:
    """Show small photos; the button under each asks about it."""
    store = cache.evidence(run).store
    with st.container(horizontal=True, gap="small"):
        for image in table.itertuples():
            with st.container(width=SMALL_PX, gap=None):
                st.image(
                    thumbnail(store, image.row), width="stretch", output_format="JPEG",
                    alt=f"image {image.image_id}",
                )  # fmt: skip
                st.button(
                    name_color(image), key=f"{key}-{image.image_id}", type="tertiary",
                    on_click=ask_for, args=(image.image_id,),
                )  # fmt: skip


def ask_for(image_id: str) -> None:
    """Ask what is like a photo of the catalogue: a callback."""
    st.session_state["similar_view"] = VIEWS[0]
    st.query_params["image"] = image_id
