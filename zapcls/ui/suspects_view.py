"""The suspected label errors: who accuses each label, and the buttons to settle it."""

import math
from typing import Any

import pandas as pd
import streamlit as st

from zapcls import words
from zapcls.ui import cache, job_view, marking, messages, navigation
from zapcls.workspace.checks import LabelCheck
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
    "product in other colors is sold under another label. Near-duplicates: so is another product "
    "whose photo looks the same."
)
HELP = (
    "Heads on the frozen network's features are trained five times, each time on all products but "
    "a fifth; each label is judged by heads that never saw its product. Confident learning "
    "(cleanlab) names the suspects among them. Siblings and near-duplicates need no model. In "
    "published studies about half of such flags are right: look before you mark."
)


def show_suspects(run: Run) -> None:
    """Show the suspects, worst first; before there is a check, the button that starts one."""
    check = cache.check(run)
    if not check.is_done:
        show_start(run)
        return
    suspects = list_suspects(run)
    show_headline(check, suspects, run)
    chosen = pick(suspects)
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
    """Say what a label check is, and start one or watch the one that is running."""
    st.markdown(
        "A label check asks heads that never saw a product what they make of its label, and "
        "compares each label with those of its siblings and near-duplicates."
    )
    if job_view.is_at_work("check_labels", run):
        return
    n = len(cache.predictions(run))
    cost = "Seconds where the network's features are kept, else one pass over the photos."
    if st.button(
        f"Check the labels of {n:,} photos", type="primary", key="check_labels",
        icon=":material/fact_check:", help=cost,
    ):  # fmt: skip
        job_view.start_job("check_labels", run)
    st.caption(cost)


def list_suspects(run: Run) -> pd.DataFrame:
    """List the suspects, worst first, with the facts of their photos and their verdicts."""
    issues = cache.label_issues(run)
    suspects = issues[issues["is_suspect"]].drop(columns=["product_id", "label"])
    table = cache.checked_predictions(run)
    verdicts = cache.verdicts(run)[["image_id", "mark", "is_conflict"]]
    return suspects.merge(table, on="image_id", validate="one_to_one").merge(
        verdicts, on="image_id", how="left", validate="one_to_one"
    )


def show_headline(check: LabelCheck, suspects: pd.DataFrame, run: Run) -> None:
    """The answer in one sentence, and what the check rests on."""
    facts = check.facts
    done = int(suspects["mark"].notna().sum())
    st.markdown(
        f"**{len(suspects):,} of {facts['n']:,}** labels are suspected; {done:,} reviewed.",
        help=HELP,
    )
    agreement = measure_agreement(run)
    st.caption(
        f"Frozen-body heads, out-of-fold: {words.percent(facts['error_rate'])} wrong "
        f"({words.interval(facts['error_low'], facts['error_high'])}, n = {facts['n']:,} photos "
        f"of {facts['n_products']:,} products). They are not the run on this page: on its "
        f"{agreement[1]:,} valid photos the two give the same answer in "
        f"{words.percent(agreement[0])}."
    )


def measure_agreement(run: Run) -> tuple[float, int]:
    """The share of the run's valid photos on which it and the heads agree, and their number."""
    valid = cache.predictions(run).query("split == 'valid' and label != ''")
    heads = cache.checked_predictions(run)[["image_id", "prediction"]]
    both = valid.merge(heads, on="image_id", suffixes=("", "_heads"))
    if both.empty:
        return float("nan"), 0
    return float((both["prediction"] == both["prediction_heads"]).mean()), len(both)


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
    store = cache.store_of(run)
    reasons = "  \n".join(messages.escape(reason) for reason in suspect.reasons.split("; "))
    with st.container(horizontal=True):
        st.image(store.pixels[suspect.row], width=PHOTO_PX)
        with st.container(width="stretch"):
            st.markdown(
                f"sold as **{words.department(suspect.label)}**, perhaps "
                f"**{words.department(suspect.suggested_label)}**"
            )
            st.caption(f"label quality {suspect.label_quality:.2f}  \n{reasons}")
            if st.button(
                "Open", key=f"open-{suspect.image_id}", type="tertiary",
                icon=":material/open_in_full:",
            ):  # fmt: skip
                navigation.open_page("errors", view="Suspects", image=suspect.image_id)
    marking.show_marking(suspect, run, key=f"suspect-{suspect.image_id}")
