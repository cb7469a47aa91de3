"""Recommended: what goes with the visitor's picks, away from the rejected, never the same again."""

import pandas as pd
import streamlit as st

from zapcls.blocks import numbers
from zapcls.findings import similar
from zapcls.findings.shelf import Shelf
from zapcls.findings.similar import Wish
from zapcls.ui import cache
from zapcls.ui.photos import thumbnail
from zapcls.ui.picks import Picks, read_picks
from zapcls.ui.similar_cards import SMALL_PX, VIEWS, show_cards
from zapcls.ui.similar_view import pick_wish
from zapcls.workspace.runs import Run

TOP = 15
HELP = (
    "The query is the mean of your picks, less half the mean of what you rejected (Rocchio 1971). "
    "Each photo is chosen for being like it and unlike those chosen before (maximal marginal "
    "relevance, Carbonell and Goldstein 1998)."
)


def show_recommended(run: Run, shelf: Shelf) -> None:
    """Show the picks, and a round of photos that go with them."""
    picks = read_picks(run)
    tray = st.container()
    found = find_round(shelf, picks, pick_wish(run, shelf, TOP))
    with tray:
        show_tray(run, shelf, picks, found)
    show_headline(found, picks)
    show_cards(found, shelf, run, picks)


def find_round(shelf: Shelf, picks: Picks, wish: Wish) -> pd.DataFrame:
    """Find the photos of this round: what goes with its picks, or some of all kinds before any."""
    liked, unliked = ([name for name in part if shelf.knows(name)] for part in picks.basis)
    seen = [name for name in picks.seen if shelf.knows(name)]
    if not liked and not unliked:
        return similar.sample(shelf, wish, seen)
    return similar.recommend(shelf, similar.like_photos(shelf, liked, unliked), wish, seen)


def show_headline(found: pd.DataFrame, picks: Picks) -> None:
    """Describe what the round goes by."""
    liked, unliked = map(len, picks.basis)
    if liked or unliked:
        away = f", away from {unliked:,} rejected" if unliked else ""
        st.markdown(
            f"**{len(found):,}** photos close to {liked:,} picked{away}, none shown before.",
            help=HELP,
        )
    if found.empty:
        st.info("Every match has been shown. Remove a filter, or start over.")


def show_tray(run: Run, shelf: Shelf, picks: Picks, found: pd.DataFrame) -> None:
    """Show what is picked and rejected, and the way to the next round."""
    has_picks = bool(picks.liked or picks.unliked)
    if not has_picks:
        st.markdown(
            "Pick what you like :material/thumb_up: and reject what you do not "
            ":material/thumb_down:, then ask for more."
        )
    liked, unliked = st.columns(2, gap="large")
    with liked:
        show_picked("Picked", picks.liked, True, run, shelf, picks)
    with unliked:
        show_picked("Rejected", picks.unliked, False, run, shelf, picks)
    with st.container(horizontal=True):
        st.button(
            "More like these", key="next_round", icon=":material/auto_awesome:", type="primary",
            disabled=not has_picks, on_click=picks.begin_round,
            args=(found["image_id"].to_list(),),
        )  # fmt: skip
        if has_picks or picks.seen:
            st.button(
                "Start over", key="start_over", icon=":material/restart_alt:", type="tertiary",
                on_click=picks.clear,
            )  # fmt: skip


def show_picked(
    title: str, names: list[str], is_liked: bool, run: Run, shelf: Shelf, picks: Picks
) -> None:
    """Show picked or rejected photos, small; the button under each takes it back."""
    known = [name for name in names if shelf.knows(name)]
    if not known:
        return
    st.markdown(f"**{title}** · {len(known):,}")
    store = cache.evidence(run).store
    with st.container(horizontal=True, gap="small"):
        for image in shelf.table.iloc[shelf.find_rows(known)].itertuples():
            with st.container(width=SMALL_PX, gap=None):
                st.image(
                    thumbnail(store, image.row), width="stretch", output_format="JPEG",
                    alt=f"image {image.image_id}",
                )  # fmt: skip
                st.button(
                    "", key=f"undo-{image.image_id}", icon=":material/close:", type="tertiary",
                    help="Undo this choice", on_click=picks.toggle, args=(image.image_id, is_liked),
                )  # fmt: skip


def show_count(picks: Picks) -> None:
    """Show how many are picked, and the way to what goes with them."""
    if picks.liked or picks.unliked:
        said = numbers.join([f"{len(picks.liked):,} picked", f"{len(picks.unliked):,} rejected"])
        st.button(
            f"{said}: recommend", key="to_recommended", icon=":material/auto_awesome:",
            type="primary", on_click=_open_recommended, args=(picks,),
        )  # fmt: skip


def _open_recommended(picks: Picks) -> None:
    picks.begin_round([])
    st.session_state["similar_view"] = VIEWS[1]
