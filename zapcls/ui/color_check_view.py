"""How well the colors are named: a person names photos blind, and both are compared."""

import math
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from zapcls.analysis.color_agreement import (
    Agreement,
    agreement,
    compare_names,
    count_differences,
    draw_photos,
)
from zapcls.blocks import numbers
from zapcls.data.color import BASIC_COLORS, SWATCHES
from zapcls.errors import BadInput
from zapcls.ui import cache, messages, photos
from zapcls.ui.exchange import Taken, show_exchange
from zapcls.workspace.color_labels import open_color_labels, read_csv, write_csv
from zapcls.workspace.store import Store

EYE, RESULT = "Name photos by eye", "Result"
ENOUGH = 20  # labels: fewer say next to nothing
SEED = 0  # of the order in which photos are drawn
PHOTO_PX, SMALL_PX, BUTTON_PX = 300, 82, 110
NAMES_PX = 3 * BUTTON_PX + 16  # three buttons in a row, with their gaps
PAIRS, PHOTOS = 5, 8  # shown of what differs
KEYS = dict(zip(BASIC_COLORS, "1234567890b", strict=True))
# A swatch before each name: black to brown as the colors are named everywhere.
STYLE = (
    "<style>[class*=st-key-eye-] button::before { content: ''; width: 1.1rem; height: 1.1rem;"
    " margin-right: 0.5rem; border: 1px solid #888; border-radius: 3px; flex: none; }"
    + "".join(f".st-key-eye-{c} button::before {{ background: {SWATCHES[c]}; }}" for c in SWATCHES)
    + "</style>"
)
KAPPA_HELP = (
    "Cohen's kappa (1960) is the agreement beyond chance: 1 is full agreement, 0 is what the "
    "shares of the colors would give by chance."
)
FAIR_HELP = "The name given by eye, or one that was marked as fair too."


def show_color_check(store: Store) -> None:
    """Offer the check by eye; nothing of it is computed before a part of it is chosen."""
    st.subheader("How well are the colors named?", anchor=False)
    st.caption(
        "Name the colors of some photos yourself, without seeing the names that they were given; "
        "then both are compared."
    )
    part = st.segmented_control(
        "Check by eye", [EYE, RESULT], key="naming", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    if part:
        show_part(store, part)


@st.fragment  # an answer redraws the next photo, not the page
def show_part(store: Store, part: str) -> None:
    """Show the photos to be named, or what the labels come to."""
    with messages.explain_errors():
        labels, table = open_color_labels(store).read(), cache.catalog(store)
        if part == EYE:
            show_naming(store, table, labels)
        else:
            show_agreement(store, table, labels)
        show_exchange(
            f"color-labels-{store.catalogue_id}",
            lambda: write_csv(open_color_labels(store).read()), labels.empty,
            partial(take_in, store), "A file of color labels",
            "As downloaded here: image_id, color (empty: can't tell) and also_fair. Photos that "
            "you named already keep your name.",
        )  # fmt: skip


def show_naming(store: Store, table: pd.DataFrame, labels: pd.DataFrame) -> None:
    """Show one photo and the eleven names."""
    drawn = draw_photos(table, labels["image_id"], SEED)
    st.markdown(count_labels(labels))
    if drawn.empty:
        st.info("Every product that is kept has a labelled photo. Look at the result.")
        return
    st.html(STYLE)
    photo = drawn.iloc[0]
    also_key = f"also-{photo['image_id']}"
    with st.container(horizontal=True, gap="medium"):
        # Not as JPEG, which moves colors a little.
        st.image(
            store.pixels[int(photo["row"])], width=PHOTO_PX, output_format="PNG", alt="the photo"
        )
        with st.container(width=NAMES_PX):
            st.markdown("**Which color would you call this shoe?**")
            with st.container(horizontal=True, gap="xsmall"):
                for color in BASIC_COLORS:
                    show_answer(store, photo["image_id"], color)
            st.selectbox(
                "Also fair (optional, before your answer)", BASIC_COLORS, index=None, key=also_key,
                placeholder="no other name", width=NAMES_PX,
                help="A second name that you would take as right too.",
            )  # fmt: skip
            with st.container(horizontal=True, gap="xsmall"):
                show_answer(store, photo["image_id"], "")
                st.button(
                    "Undo", key="eye_undo", icon=":material/undo:", type="tertiary", shortcut="u",
                    disabled=labels.empty, on_click=take_back, args=(store,),
                    help="Undo your latest answer; its photo comes up again.",
                )  # fmt: skip
    st.caption(
        "Photos are drawn at random from those that are kept (seed 0), each product at most once. "
        "Each answer is saved at once."
    )


def show_answer(store: Store, image_id: str, color: str) -> None:
    """Show the button of one color, or of none: cannot tell."""
    st.button(
        color.capitalize() or "Can't tell", key=f"eye-{color}" if color else "eye_none",
        shortcut=KEYS.get(color, "t"), on_click=record, args=(store, image_id, color),
        width=BUTTON_PX if color else "content",
        help=None if color else "Left out of every rate, and counted.",
    )  # fmt: skip


def count_labels(labels: pd.DataFrame) -> str:
    """Describe how many photos are labelled, and how many are missing for a result."""
    n_told = int((labels["color"] != "").sum())
    n_untold = len(labels) - n_told
    said = f"**{n_told:,}** {'photo is' if n_told == 1 else 'photos are'} named"
    said += f", {n_untold:,} could not be told" if n_untold else ""
    return said + (f"; {ENOUGH - n_told} more for a result." if n_told < ENOUGH else ".")


def record(store: Store, image_id: str, color: str) -> None:
    """Write an answer, with the other name that was chosen, if any: a callback."""
    also = st.session_state.get(f"also-{image_id}") or ""
    with messages.toast_errors():
        open_color_labels(store).answer(image_id, color, also if color not in ("", also) else "")


def take_back(store: Store) -> None:
    """Take the latest answer back: a callback."""
    with messages.toast_errors():
        open_color_labels(store).undo()


def show_agreement(store: Store, table: pd.DataFrame, labels: pd.DataFrame) -> None:
    """Show how far both agree, and where they differ most often."""
    both = compare_names(labels, table)
    if len(both) < ENOUGH:
        st.info(f"{count_labels(labels)} Fewer than {ENOUGH} say next to nothing.")
        return
    found = agreement(labels, table)
    show_rates(found)
    untold = f"; {found.cannot_tell:,} that could not be told left out" if found.cannot_tell else ""
    st.caption(
        f"Over {found.exact['n']:,} photos of {found.exact['n_products']:,} products{untold}, with "
        "95 % intervals that count products. The labels are one person's: another would name some "
        "of the shoes differently, so no naming agrees with all of them."
    )
    pairs = count_differences(both)
    if len(pairs):
        st.markdown("**Where they differ most often**")
    for pair in pairs.head(PAIRS).itertuples():
        st.markdown(describe_pair(pair))
        alike = both[(both["color"] == pair.color) & (both["named"] == pair.named)]
        photos.show_grid(alike.head(PHOTOS), store, name_finely, SMALL_PX)


def show_rates(found: Agreement) -> None:
    """Show both rates and kappa, each with its interval."""
    cells = st.columns(3)
    for cell, name, rate, text in (
        (cells[0], "Named as by eye", found.exact, None),
        (cells[1], "With a fair alternative", found.fair, FAIR_HELP),
    ):
        cell.metric(name, numbers.percent(rate["rate"]), help=text)
        span = numbers.interval(rate["low"], rate["high"])
        cell.caption(f"{rate['hits']:,} of {rate['n']:,} · {span}")
    is_defined = not math.isnan(found.kappa)
    cells[2].metric("Cohen's kappa", f"{found.kappa:.2f}" if is_defined else "–", help=KAPPA_HELP)
    cells[2].caption(
        f"{found.kappa_low:.2f} to {found.kappa_high:.2f} · 1 full, 0 chance"
        if is_defined
        else "needs two colors"
    )


def describe_pair(pair: Any) -> str:
    """Describe how often a color was named something else: a row of `count_differences`."""
    named = f"named **{pair.named}**" if pair.named else "**no shoe found**"
    share = "all" if pair.n_fair == pair.n else f"{pair.n_fair:,}"
    fair = f", {share} of them fair too" if pair.n_fair else ""
    unit = "photo" if pair.n == 1 else "photos"
    return f"By eye **{pair.color}**, {named}: {pair.n:,} {unit}{fair}"


def name_finely(photo: Any) -> str:
    return photo.color_fine or "no color"


def take_in(store: Store, files: list[Any]) -> Taken:
    """Import the labels of an uploaded file, all or none, and describe what came of it."""
    [file] = files
    given = read_csv(file.getvalue(), file.name)
    known = given[given["image_id"].isin(cache.catalog(store)["image_id"])]
    if known.empty:
        raise BadInput(
            f"{file.name} must name photos of this catalogue, but none of its "
            f"{len(given):,} lines does. Check that it belongs to these photos."
        )
    new = open_color_labels(store).add(known)
    said = [f"{len(given):,} labels read, {new:,} new"]
    for n, what in (
        (len(known) - new, "of photos that had one already"),
        (len(given) - len(known), "of photos that are not in this catalogue"),
    ):
        said += [f"{n:,} {what}"] if n else []
    return Taken(", ".join(said) + ".")
