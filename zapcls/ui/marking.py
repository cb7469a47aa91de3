"""The buttons that mark a photo: what a person decides is written at the first click."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from zapcls.analysis import decisions as rules
from zapcls.blocks import numbers
from zapcls.data.task import Task
from zapcls.ui import cache, messages
from zapcls.ui.choices import FEW, Choice, describe, list_choices, take_needed
from zapcls.ui.reviewer import reviewer
from zapcls.ui.verdicts import describe_verdict, find_own, find_verdict
from zapcls.workspace import permissions
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run

LIST_PX = 190
STEP_KEYS = ("previous", "next", "back")  # the buttons that leave the photo of the detail
NOT_SHOWN = "Not marked: the photo changed while you pressed the key. Press it again."
_WHOLE, _WHOLE_KEPT = "whole_product", "whole_product_kept"
_LAST = "last_marked"  # in the session: the photos that were marked together last
_ASKED = "photo_asked_for"  # in the session: the photo of the detail, by the latest step
AFTER = "photos_after"  # in the session: those that follow the photo of the detail, in order


class Card(NamedTuple):
    """The photo that marks are about, and how its widgets are named.

    `image` is a row of the predictions; `key` is unique on the page. `is_detail` tells that the
    page shows this one photo, which its URL names; `settles`, that a click decides a conflict.
    After a mark in the detail the first photo of AFTER is shown that was not marked with it.
    """

    run: Run
    image: Any
    key: str
    is_detail: bool = False
    settles: bool = False


def show_marking(card: Card) -> None:
    """Show the buttons that decide on a photo, which keep their place, and what is decided."""
    run, image = card.run, take_needed(card.image)
    card = card._replace(image=image)
    if card.is_detail:
        st.session_state[_ASKED] = image.image_id
    task = cache.evidence(run).task
    verdict = find_verdict(run, image.image_id)
    if permissions.may("mark"):
        show_choices(card, verdict, task)
    told = st.container()  # drawn with and without: those of the photo before are gone at once
    if verdict is not None:
        told.caption(describe_verdict(verdict, run))


def show_choices(card: Card, verdict: Any, task: Task) -> None:
    """Show the buttons that decide, and below them note, whole product and undo."""
    run, image = card.run, card.image
    own = find_own(run, image.image_id) if verdict is not None else None
    choices = list_choices(image.catalog_label, task)
    others = [choice for choice in choices if choice.right_label in task.classes]
    with st.container(horizontal=True, gap="xsmall"):
        for choice in choices:
            if len(others) > FEW and choice in others:
                if choice == others[0]:
                    pick_right_label(card, [choice.right_label for choice in others], task)
                continue
            is_decided = verdict is not None and (verdict.mark, verdict.right_label) == choice[1:3]
            show_choice(card, choice, is_decided)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        show_note(card, own)
        if card.is_detail:
            show_whole_product(card)
            show_undo_last(card, own)
        elif own is not None:
            show_undo(image.image_id, run, card.key)


def find_product(card: Card) -> pd.DataFrame:
    """Find the photos of a photo's product that have its label in the catalogue, itself first."""
    table, image = cache.evidence(card.run).predictions, card.image
    is_same = (table["product_id"] == image.product_id) & (
        table["catalog_label"] == image.catalog_label
    )
    found = table.loc[is_same, ["image_id", "catalog_label"]]
    return found.sort_values("image_id", key=lambda ids: ids != image.image_id, kind="stable")


def show_whole_product(card: Card) -> None:
    """Show the choice that a mark is for all photos of the product: labels err by product."""
    n = len(find_product(card))
    if n > 1:
        st.toggle(
            f"All {n} photos of the product", key=_WHOLE, on_change=keep_whole_product,
            value=st.session_state.get(_WHOLE_KEPT, False),
            help="A shop gives a product one label, so where it is wrong, it is wrong for all its "
            "photos.",
        )  # fmt: skip


def keep_whole_product() -> None:
    """Keep the choice for the next photos: a callback."""
    st.session_state[_WHOLE_KEPT] = st.session_state[_WHOLE]


def show_undo_last(card: Card, own: Any) -> None:
    """Show the button that takes back the decision on this photo, else the one made just before."""
    last = st.session_state.get(_LAST, ())
    images = last if own is None or card.image.image_id in last else (card.image.image_id,)
    st.button(
        "Undo", key=f"{card.key}-undo", icon=":material/undo:", type="tertiary", shortcut="u",
        disabled=not images, on_click=take_back_last, args=(card, images),
        help="Undo your decision on this photo. If there is none, undo the one before and show its "
        "photo.",
    )  # fmt: skip


def show_choice(card: Card, choice: Choice, is_decided: bool) -> None:
    """Show the button of one choice."""
    st.button(
        choice.text, key=f"{card.key}-{choice.right_label or choice.mark}", help=choice.help,
        type="primary" if is_decided else "secondary",
        shortcut=choice.shortcut if card.is_detail else None,
        on_click=record, args=(card, choice.mark, choice.right_label),
    )  # fmt: skip


def pick_right_label(card: Card, labels: list[str], task: Task) -> None:
    """Show the right labels as a list, where they are too many for buttons."""
    key = f"{card.key}-right"
    st.selectbox(
        "Right label", sorted(labels, key=str.casefold), index=None, key=key, width=LIST_PX,
        placeholder="Label wrong, is…", label_visibility="collapsed", format_func=task.name,
        on_change=record_picked, args=(card, key),
    )  # fmt: skip


def record_picked(card: Card, key: str) -> None:
    """Write the right label that was picked from the list, and empty the list again."""
    right_label = st.session_state[key]
    if right_label is not None:
        record(card, rules.LABEL_WRONG, right_label)
        st.session_state[key] = None


def note_key(key: str) -> str:
    """Name the field of the reviewer's own note: nobody signs what another one wrote."""
    return f"{key}-note-{reviewer()}"


def show_note(card: Card, own: Any) -> None:
    """Show the field of a note; it goes with the mark, or is added to the one that is there."""
    key = note_key(card.key)
    st.session_state.setdefault(key, "" if own is None else own.note)
    with st.popover("Note", icon=":material/edit_note:"):
        st.text_input(
            "Note", key=key, max_chars=500, placeholder="Why?",
            help="Saved with your mark, whether you write it before or after.",
            on_change=record_note, args=(card,),
        )  # fmt: skip


def show_undo(image_id: str, run: Run, key: str) -> None:
    """Show the button that takes back the reviewer's decision on a photo."""
    st.button(
        "Undo", key=f"{key}-undo", icon=":material/undo:", type="tertiary",
        help="Undo your decision on this photo.", on_click=take_back, args=(run, image_id),
    )  # fmt: skip


def is_leaving() -> bool:
    """Whether a step to another photo was asked for in this very interaction.

    Clicks that come in while the script is busy arrive together, and their order is lost.
    """
    return any(st.session_state.get(key) for key in STEP_KEYS)


def show_photo(image_id: str | None) -> None:
    """Show another photo's detail, or with None the view again: a callback."""
    st.session_state[_ASKED] = image_id
    if image_id is None:
        st.query_params.pop("image", None)
    else:
        st.query_params["image"] = image_id


def is_shown(image_id: str) -> bool:
    """Whether the detail shows this photo.

    A shortcut reaches every button that the browser holds, those of the photo before too. What is
    sent before the browser knows of a step brings the old URL back; the step is then done again.
    """
    asked = st.session_state.get(_ASKED, image_id)
    is_in_url = st.query_params.get("image") == image_id
    if is_in_url and asked != image_id:
        show_photo(asked)
    return is_in_url and asked == image_id


def record(card: Card, mark: str, right_label: str) -> None:
    """Write a decision and show the next photo; refuse one on a photo that is not shown."""
    if card.is_detail and (is_leaving() or not is_shown(card.image.image_id)):
        messages.toast_error(NOT_SHOWN)
        return
    images = find_product(card) if card.is_detail and st.session_state.get(_WHOLE) else None
    if not _write(card, mark, right_label, images) or not card.is_detail:
        return
    marked = (card.image.image_id,) if images is None else tuple(images["image_id"])
    st.session_state[_LAST] = marked
    after = st.session_state.get(AFTER, ())
    if following := next((name for name in after if name not in marked), None):
        show_photo(following)


def record_note(card: Card) -> None:
    """Write the reviewer's decision once more, with a note that was added to it.

    A click on Next leaves the field, so the note may arrive together with it; later it is refused.
    """
    if card.is_detail and not is_leaving() and not is_shown(card.image.image_id):
        messages.toast_error(NOT_SHOWN)
        return
    own = find_own(card.run, card.image.image_id)
    if own is not None and own.note != st.session_state.get(note_key(card.key), "").strip():
        _write(card._replace(settles=own.settles), own.mark, own.right_label)


def _write(card: Card, mark: str, right_label: str, images: pd.DataFrame | None = None) -> bool:
    """Write a decision on a photo, or on all `images`, and confirm it; False where it failed."""
    run = card.run
    if images is None:
        images = pd.DataFrame([card.image._asdict()])
    decided = images[["image_id", "catalog_label"]].rename(columns={"catalog_label": "label"})
    with messages.toast_errors():
        open_reviews(cache.workspace()).mark_all(
            run.facts["catalogue_id"], run.task.target,
            decided.assign(right_label=right_label), mark,
            note=st.session_state.get(note_key(card.key), "").strip(),
            reviewer=reviewer(), settles=card.settles,
        )  # fmt: skip
        said = describe(mark, right_label, cache.evidence(run).task)
        several = f" ({len(decided)} photos)" if len(decided) > 1 else ""
        st.toast(f"Marked: {messages.escape(said)}{several}.", icon=":material/check:")
        return True
    return False


def record_all(run: Run, images: pd.DataFrame, mark: str) -> None:
    """Write one mark for several photos, the suggested label where theirs is wrong: a callback."""
    is_label = mark == rules.LABEL_WRONG
    decided = images[["image_id", "catalog_label", "suggested_label"]].rename(
        columns={"catalog_label": "label", "suggested_label": "right_label"}
    )
    decided = decided if is_label else decided.assign(right_label="")
    with messages.toast_errors():
        open_reviews(cache.workspace()).mark_all(
            run.facts["catalogue_id"], run.task.target, decided, mark, reviewer=reviewer()
        )
        st.session_state[_LAST] = tuple(decided["image_id"])
        st.toast(f"Marked: {numbers.count(len(decided), 'photo')}.", icon=":material/check:")


def show_undo_all(run: Run) -> None:
    """Show the button that takes back the marks that were made together last."""
    last = st.session_state.get(_LAST, ())
    st.button(
        "Undo", key="all-undo", icon=":material/undo:", type="tertiary", disabled=not last,
        on_click=take_back_all, args=(run, last), help="Undo your last mark.",
    )  # fmt: skip


def take_back_all(run: Run, images: Sequence[str]) -> None:
    """Take back the reviewer's decisions on several photos: a callback."""
    for image_id in images:
        take_back(run, image_id)
    st.session_state[_LAST] = ()


def take_back(run: Run, image_id: str = "") -> None:
    """Take back the reviewer's latest decision (on a photo, if given) and confirm it."""
    facts = run.facts["catalogue_id"], run.task.target
    with messages.toast_errors():
        undone = open_reviews(cache.workspace()).undo(*facts, reviewer(), image_id)
        found = f"Undone on image {undone}." if undone else "There is nothing to undo."
        st.toast(messages.escape(found), icon=":material/undo:")


def take_back_last(card: Card, images: Sequence[str]) -> None:
    """Take back the decisions on some photos, and show the first of them."""
    if is_leaving() or not is_shown(card.image.image_id):
        messages.toast_error(NOT_SHOWN)
        return
    take_back_all(card.run, images)
    show_photo(images[0])
