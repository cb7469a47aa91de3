"""The buttons that mark a photo: what a person decides is written at the first click."""

import getpass
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from zapcls.analysis import decisions as rules
from zapcls.data.task import Task
from zapcls.ui import cache, messages
from zapcls.ui.choices import FEW, Choice, describe, list_choices
from zapcls.workspace import permissions
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run

LIST_PX = 190
STEP_KEYS = ("previous", "next", "back")  # the buttons that leave the photo of the detail
NOT_SHOWN = "Not marked: the photo changed while you pressed the key. Press it again."
_KEPT = "reviewer_kept"
_ASKED = "photo_asked_for"  # in the session: the photo of the detail, by the latest step


class Card(NamedTuple):
    """The photo that marks are about, and how its widgets are named.

    `image` is a row of the predictions; `key` is unique on the page. `is_detail` tells that the
    page shows this one photo, which its URL names; `settles`, that a click decides a conflict.
    """

    run: Run
    image: Any
    key: str
    is_detail: bool = False
    settles: bool = False


def pick_reviewer() -> None:
    """Show who is marking in the sidebar, kept in session_state["reviewer"]."""
    if not permissions.may("mark"):
        return
    # A field's value is forgotten on pages that do not show it.
    st.session_state.setdefault("reviewer", st.session_state.get(_KEPT, _guess_name()))
    st.sidebar.text_input(
        "Reviewer", key="reviewer", max_chars=40,
        help="Your marks carry this name, so that those of several people can be told apart.",
    )  # fmt: skip
    st.session_state[_KEPT] = st.session_state["reviewer"]


def reviewer() -> str:
    """Who is marking now."""
    return st.session_state.get("reviewer", st.session_state.get(_KEPT, _guess_name())).strip()


def _guess_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return ""


def show_marking(card: Card) -> None:
    """Show what is decided on a photo, and the buttons that decide it."""
    run, image = card.run, card.image
    if card.is_detail:
        st.session_state[_ASKED] = image.image_id
    task = cache.evidence(run).task
    verdict = find_verdict(run, image.image_id)
    own = find_own(run, image.image_id) if verdict is not None else None
    # Both are there with and without a verdict: the buttons keep their place, and those of the
    # photo before are gone as soon as this one's are drawn.
    told, buttons = st.container(), st.container(horizontal=True, gap="xsmall")
    if verdict is not None:
        told.caption(describe_verdict(verdict, run))
    if not permissions.may("mark"):
        return
    choices = list_choices(image.catalog_label, task)
    others = [choice for choice in choices if choice.right_label in task.classes]
    with buttons:
        if len(others) > FEW:
            pick_right_label(card, [choice.right_label for choice in others], task)
            choices = choices[len(others) :]
        for choice in choices:
            is_decided = verdict is not None and (verdict.mark, verdict.right_label) == choice[1:3]
            show_choice(card, choice, is_decided)
        show_note(card, own)
        if own is not None:
            show_undo(image.image_id, run, card.key, shortcut="u" if card.is_detail else None)


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
            help="Kept with your mark, before or after you make it.",
            on_change=record_note, args=(card,),
        )  # fmt: skip


def show_undo(image_id: str, run: Run, key: str, shortcut: str | None = None) -> None:
    """Show the button that takes back the reviewer's decision on a photo."""
    st.button(
        "Undo", key=f"{key}-undo", icon=":material/undo:", type="tertiary", shortcut=shortcut,
        help="Take back your decision on this photo.",
        on_click=take_back, args=(run, image_id, shortcut is not None),
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
    """Write a decision on a photo and confirm it; refuse one on a photo that is not shown."""
    if card.is_detail and (is_leaving() or not is_shown(card.image.image_id)):
        messages.toast_error(NOT_SHOWN)
    else:
        _write(card, mark, right_label)


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


def _write(card: Card, mark: str, right_label: str) -> None:
    run, image = card.run, card.image
    with messages.toast_errors():
        open_reviews(cache.workspace()).mark(
            run.facts["catalogue_id"], image.image_id, run.task.target,
            image.catalog_label, mark, right_label,
            note=st.session_state.get(note_key(card.key), "").strip(),
            reviewer=reviewer(), settles=card.settles,
        )  # fmt: skip
        said = describe(mark, right_label, cache.evidence(run).task)
        st.toast(f"Marked: {messages.escape(said)}.", icon=":material/check:")


def take_back(run: Run, image_id: str = "", is_detail: bool = False) -> None:
    """Take back the reviewer's latest decision (on a photo, if given) and confirm it."""
    if is_detail and (is_leaving() or not is_shown(image_id)):
        messages.toast_error(NOT_SHOWN)
        return
    facts = run.facts["catalogue_id"], run.task.target
    with messages.toast_errors():
        undone = open_reviews(cache.workspace()).undo(*facts, reviewer(), image_id)
        found = f"Taken back on image {undone}." if undone else "There is nothing to take back."
        st.toast(messages.escape(found), icon=":material/undo:")


def find_row(table: pd.DataFrame, image_id: str) -> Any:
    """Find an image's first row in a table, None where it has none."""
    return next(table[table["image_id"] == image_id].itertuples(index=False), None)


def find_verdict(run: Run, image_id: str) -> Any:
    """Find what was decided on a photo (a row of `schema.VERDICTS`), None before anybody did."""
    return find_row(cache.evidence(run).verdicts, image_id)


def find_own(run: Run, image_id: str) -> Any:
    """Find the reviewer's latest decision on a photo (`schema.DECISIONS`), None without one."""
    made = cache.evidence(run).decisions
    return find_row(made[made["reviewer"] == reviewer()][::-1], image_id)


def describe_verdict(verdict: Any, run: Run) -> str:
    """Describe what was decided and by whom; in a conflict, who says what."""
    task = cache.evidence(run).task
    if not verdict.is_conflict:
        said = describe(verdict.mark, verdict.right_label, task)
        return _say(said, verdict.reviewers, verdict.note)
    made = cache.evidence(run).decisions
    sides = rules.find_conflicts(made[made["image_id"] == verdict.image_id]).itertuples()
    lines = (_say(describe(s.mark, s.right_label, task), s.reviewer, s.note) for s in sides)
    return "  \n".join(["**In conflict**", *lines])


def _say(what: str, who: str, note: str) -> str:
    parts = (f"**{messages.escape(what)}**", messages.escape(who or "without a name"))
    return " · ".join([*parts, *([messages.escape(note)] if note else [])])
