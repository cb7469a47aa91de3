"""The suspected label errors: who accuses each label, and the buttons to settle it."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls.findings import find, label_check
from zapcls.findings.ask import Ask
from zapcls.ui import cache, job_view, marking, messages, navigation
from zapcls.ui.bound import pick_one, pick_rows
from zapcls.ui.sections import show_blocks
from zapcls.workspace.runs import Run

PAGE_SIZE = 12
CARD_PX = 394  # two in a row at 1280 px
PHOTO_PX = 130
ACCUSERS = {"heads": "heads", "sibling": "siblings", "near-duplicate": "near-duplicates"}
ACCUSER_HELP = (
    "Heads: trained on other products, they find another label more likely. Siblings: the same "
    "product in other colors has another label. Near-duplicates: so has another product whose "
    "photo looks the same."
)


def show_suspects(run: Run) -> None:
    """Show the suspects, worst first; before there is a check, the button that starts one."""
    evidence = cache.evidence(run)
    if not evidence.check.is_done:
        job_view.offer_job(
            "check_labels", run,
            "A label check asks heads that never saw a product what they make of its label, and "
            "compares each label with those of its siblings and near-duplicates.",
            f"Check the labels of {len(evidence.predictions):,} photos", "fact_check",
            "Seconds where the network's features are kept, else one pass over the photos.",
        )  # fmt: skip
        return
    ask = Ask(evidence.task)
    found = find("label_check", evidence, ask)
    show_blocks(label_check.section(found, ask))
    chosen = pick(found.suspects)
    if chosen.empty:
        st.info("No such suspects. Take a filter away.")
        return
    shown = pick_rows(chosen, PAGE_SIZE, "suspects_page")
    with st.container(horizontal=True, gap="small"):
        for suspect in shown.itertuples():
            with st.container(width=CARD_PX, border=True):
                show_card(suspect, run)


def pick(suspects: pd.DataFrame) -> pd.DataFrame:
    """Show the filters of the suspects, kept in the URL, and return what they ask for."""
    left, right = st.columns([3, 2])
    with left:
        accuser = pick_one(
            "Accused by", ["anyone", *ACCUSERS], "accuser", help=ACCUSER_HELP,
            format_func=lambda name: ACCUSERS.get(name, name),
        )  # fmt: skip
    with right:
        state = pick_one("Reviewed", ["open", "reviewed", "all"], "state")
    if accuser != "anyone":
        suspects = suspects[suspects["reasons"].str.contains(accuser, regex=False)]
    if state != "all":
        suspects = suspects[suspects["mark"].notna() == (state == "reviewed")]
    return suspects


def show_card(suspect: Any, run: Run) -> None:
    """One suspect: the photo, its label, who accuses it, and the marks."""
    store, task = cache.evidence(run).store, cache.evidence(run).task
    reasons = "  \n".join(messages.escape(reason) for reason in suspect.reasons.split("; "))
    with st.container(horizontal=True):
        st.image(store.pixels[suspect.row], width=PHOTO_PX)
        with st.container(width="stretch"):
            st.markdown(
                f"{task.verb} **{messages.escape(task.name(suspect.label))}**, perhaps "
                f"**{messages.escape(task.name(suspect.suggested_label))}**"
            )
            st.caption(f"label quality {suspect.label_quality:.2f}  \n{reasons}")
            if st.button(
                "Open", key=f"open-{suspect.image_id}", type="tertiary",
                icon=":material/open_in_full:",
            ):  # fmt: skip
                navigation.open_page("errors", view="Suspects", image=suspect.image_id)
    marking.show_marking(marking.Card(run, suspect, f"suspect-{suspect.image_id}"))
