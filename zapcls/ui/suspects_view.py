"""The suspected label errors: who accuses each label, and the buttons to settle it."""

import math
from typing import Any

import pandas as pd
import streamlit as st

from zapcls.findings import find, label_check
from zapcls.findings.ask import Ask
from zapcls.ui import cache, job_view, marking, messages, navigation
from zapcls.ui.sections import show_blocks
from zapcls.workspace.runs import Run

PAGE_SIZE = 12
CARD_PX = 394  # two in a row at 1280 px
PHOTO_PX = 130
ACCUSERS = {
    "heads": "heads",
    "sibling": "siblings",
    "near-duplicate": "near-duplicates",
}
ACCUSER_HELP = (
    "Heads: trained on other products, they find another label more likely. Siblings: the same "
    "product in other colors has another label. Near-duplicates: so has another product whose "
    "photo looks the same."
)


def show_suspects(run: Run) -> None:
    """Show the suspects, worst first; before there is a check, the button that starts one."""
    evidence = cache.evidence(run)
    if not evidence.check.is_done:
        show_start(run)
        return
    ask = Ask(evidence.task)
    found = find("label_check", evidence, ask)
    show_blocks(label_check.section(found, ask))
    chosen = pick(found.suspects)
    if chosen.empty:
        st.info("No such suspects. Take a filter away.")
        return
    pages = max(1, math.ceil(len(chosen) / PAGE_SIZE))
    page = st.pagination(pages, key="suspects_page", bind="query-params") if pages > 1 else 1
    shown = chosen.iloc[(min(page, pages) - 1) * PAGE_SIZE :].head(PAGE_SIZE)
    with st.container(horizontal=True, gap="small"):
        for suspect in shown.itertuples():
            with st.container(width=CARD_PX, border=True):
                show_card(suspect, run)


def show_start(run: Run) -> None:
    """Describe what a label check is, and start one or watch the one that is running."""
    st.markdown(
        "A label check asks heads that never saw a product what they make of its label, and "
        "compares each label with those of its siblings and near-duplicates."
    )
    if job_view.is_at_work("check_labels", run):
        return
    n = len(cache.evidence(run).predictions)
    cost = "Seconds where the network's features are kept, else one pass over the photos."
    if st.button(
        f"Check the labels of {n:,} photos", type="primary", key="check_labels",
        icon=":material/fact_check:", help=cost,
    ):  # fmt: skip
        job_view.start_job("check_labels", run)
    st.caption(cost)


def pick(suspects: pd.DataFrame) -> pd.DataFrame:
    """Show the filters of the suspects, kept in the URL, and return what they ask for."""
    left, right = st.columns([3, 2])
    with left:
        accuser = st.segmented_control(
            "Accused by", ["anyone", *ACCUSERS], default="anyone", required=True, key="accuser",
            bind="query-params", format_func=lambda name: ACCUSERS.get(name, name),
            help=ACCUSER_HELP,
        )  # fmt: skip
    with right:
        state = st.segmented_control(
            "Reviewed", ["open", "reviewed", "all"], default="open", required=True, key="state",
            bind="query-params",
        )  # fmt: skip
    if accuser != "anyone":
        suspects = suspects[suspects["reasons"].str.contains(f"{accuser}", regex=False)]
    if state != "all":
        suspects = suspects[suspects["mark"].notna() == (state == "reviewed")]
    return suspects


def show_card(suspect: Any, run: Run) -> None:
    """One suspect: the photo, its label, who accuses it, and the marks."""
    store, task = cache.store_of(run), cache.evidence(run).task
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
    marking.show_marking(suspect, run, key=f"suspect-{suspect.image_id}")
