"""The buttons that mark a photo: what a person decides is written at the first click."""

import contextlib
import getpass
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from zapcls import words
from zapcls.analysis import decisions as rules
from zapcls.errors import ZapError
from zapcls.ui import cache, messages
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run

FEW = 4  # buttons for wrong labels that stand beside the others
_KEPT = "reviewer_kept"


class Choice(NamedTuple):
    """One thing that can be decided on a photo."""

    text: str
    mark: str
    right_label: str
    help: str
    shortcut: str | None


def pick_reviewer() -> None:
    """Show who is marking in the sidebar, kept in session_state["reviewer"]."""
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


def list_choices(label: str, classes: list[str], target: str) -> list[Choice]:
    """List what can be decided on a photo whose label in the catalogue is `label`."""
    others = [name for name in classes if name != label]
    word = "department" if target == "gender" else "label"
    choices = [
        Choice(
            f"Is {words.department(name)}", rules.LABEL_WRONG, name,
            f"The label is wrong; right is {words.department(name)}.",
            str(place) if place < 10 else None,
        )
        for place, name in enumerate(others, start=1)
    ]  # fmt: skip
    return [
        *choices,
        Choice(
            f"Another {word}", rules.LABEL_WRONG, rules.ANOTHER_LABEL,
            "The label is wrong, and the right one is none of these.", "o",
        ),
        Choice("Model wrong", rules.MODEL_WRONG, "", "The label is right; the model errs.", "m"),
        Choice("Ambiguous", rules.AMBIGUOUS, "", "Nobody could tell from this photo.", "a"),
        Choice("Not a shoe", rules.NOT_A_SHOE, "", "There is no shoe in the photo.", "n"),
    ]  # fmt: skip


def show_marking(
    image: Any, run: Run, key: str, shortcuts: bool = False, settles: bool = False
) -> None:
    """Show what is decided on a photo, and the buttons that decide it.

    Args:
        image: a row of `cache.predictions`.
        key: of the widgets; unique on the page.
        shortcuts: whether the buttons have keys; for one photo of a page only.
        settles: whether a click decides a conflict.
    """
    verdict = find_verdict(run, image.image_id)
    own = find_own(run, image.image_id) if verdict is not None else None
    if verdict is not None:
        st.caption(describe_verdict(verdict, run))
    choices = list_choices(image.catalog_label, run.facts["classes"], run.train_config.target)
    labels = [choice for choice in choices if choice.mark == rules.LABEL_WRONG]

    def show_button(choice: Choice) -> None:
        is_decided = verdict is not None and (verdict.mark, verdict.right_label) == choice[1:3]
        st.button(
            choice.text, key=f"{key}-{choice.right_label or choice.mark}", help=choice.help,
            type="primary" if is_decided else "secondary",
            shortcut=choice.shortcut if shortcuts else None,
            on_click=record, args=(run, image, key, choice.mark, choice.right_label, settles),
        )  # fmt: skip

    with st.container(horizontal=True, gap="xsmall"):
        with st.popover("Label wrong") if len(labels) > FEW else contextlib.nullcontext():
            for choice in labels:
                show_button(choice)
        for choice in choices[len(labels) :]:
            show_button(choice)
        show_note(image, run, key, own)
        if own is not None:
            show_undo(image.image_id, run, key, shortcut="u" if shortcuts else None)


def note_key(key: str) -> str:
    """Name the field of the reviewer's own note: nobody signs what another one wrote."""
    return f"{key}-note-{reviewer()}"


def show_note(image: Any, run: Run, key: str, own: Any) -> None:
    """Show the field of a note; it goes with the mark, or is added to the one that is there."""
    st.session_state.setdefault(note_key(key), "" if own is None else own.note)
    with st.popover("Note", icon=":material/edit_note:"):
        st.text_input(
            "Note", key=note_key(key), max_chars=500, placeholder="Why?",
            help="Kept with your mark, before or after you make it.",
            on_change=record_note, args=(run, image, key),
        )  # fmt: skip


def show_undo(image_id: str, run: Run, key: str, shortcut: str | None = None) -> None:
    """Show the button that takes back the reviewer's decision on a photo."""
    st.button(
        "Undo", key=f"{key}-undo", icon=":material/undo:", type="tertiary", shortcut=shortcut,
        help="Take back your decision on this photo.", on_click=take_back, args=(run, image_id),
    )  # fmt: skip


def record(
    run: Run, image: Any, key: str, mark: str, right_label: str, settles: bool = False
) -> None:
    """Write a decision on a photo and confirm it."""
    try:
        open_reviews(cache.workspace()).mark(
            run.facts["catalogue_id"], image.image_id, run.train_config.target,
            image.catalog_label, mark, right_label,
            note=st.session_state.get(note_key(key), "").strip(),
            reviewer=reviewer(), settles=settles,
        )  # fmt: skip
    except ZapError as error:
        st.toast(str(error), icon=":material/error:", duration="long")
    else:
        st.toast(f"Marked: {describe(mark, right_label)}.", icon=":material/check:")


def record_note(run: Run, image: Any, key: str) -> None:
    """Write the reviewer's decision once more, with a note that was added to it."""
    own = find_own(run, image.image_id)
    if own is not None and own.note != st.session_state.get(note_key(key), "").strip():
        record(run, image, key, own.mark, own.right_label, own.settles)


def take_back(run: Run, image_id: str = "") -> None:
    """Take back the reviewer's latest decision (on a photo, if given) and confirm it."""
    facts = run.facts["catalogue_id"], run.train_config.target
    try:
        undone = open_reviews(cache.workspace()).undo(*facts, reviewer(), image_id)
    except ZapError as error:
        st.toast(str(error), icon=":material/error:", duration="long")
    else:
        found = f"Taken back on image {undone}." if undone else "There is nothing to take back."
        st.toast(messages.escape(found), icon=":material/undo:")


def find_verdict(run: Run, image_id: str) -> Any:
    """Find what was decided on a photo (a row of `schema.VERDICTS`), None before anybody did."""
    verdicts = cache.verdicts(run)
    return _first(verdicts[verdicts["image_id"] == image_id])


def find_own(run: Run, image_id: str) -> Any:
    """Find the reviewer's latest decision on a photo (`schema.DECISIONS`), None without one."""
    made = cache.decisions(run)
    return _first(made[(made["image_id"] == image_id) & (made["reviewer"] == reviewer())][::-1])


def _first(table: pd.DataFrame) -> Any:
    return next(table.itertuples(index=False), None)


def describe(mark: str, right_label: str) -> str:
    """Name a decision in a few words: label wrong, is men's."""
    if mark != rules.LABEL_WRONG:
        return mark
    is_another = right_label == rules.ANOTHER_LABEL
    return f"{mark}, is {right_label if is_another else words.department(right_label)}"


def describe_verdict(verdict: Any, run: Run) -> str:
    """Say what was decided and by whom; in a conflict, who says what."""
    if not verdict.is_conflict:
        return _say(describe(verdict.mark, verdict.right_label), verdict.reviewers, verdict.note)
    made = cache.decisions(run)
    sides = rules.find_conflicts(made[made["image_id"] == verdict.image_id]).itertuples()
    lines = (_say(describe(s.mark, s.right_label), s.reviewer, s.note) for s in sides)
    return "  \n".join(["**In conflict**", *lines])


def _say(what: str, who: str, note: str) -> str:
    words = [f"**{messages.escape(what)}**", messages.escape(who or "without a name")]
    return " · ".join([*words, *([messages.escape(note)] if note else [])])
