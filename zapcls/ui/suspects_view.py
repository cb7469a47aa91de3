"""The suspected label errors as a light table: several are chosen and marked at once."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls import schema
from zapcls.analysis import decisions as rules
from zapcls.blocks import numbers
from zapcls.data.task import Task
from zapcls.findings import build_section, find, label_check
from zapcls.findings.ask import Ask
from zapcls.ui import cache, job_view, marking, messages, navigation
from zapcls.ui.bound import pick_counted, pick_rows
from zapcls.ui.light_table import Cell, Group, show_light_table
from zapcls.ui.photos import thumbnail
from zapcls.ui.sections import show_blocks
from zapcls.workspace import permissions
from zapcls.workspace.runs import Run

PAGE_SIZE = 24
TABLE = "suspects_table"
ANY = "any reason"
ACCUSERS = {"heads": "label check", "sibling": "same product", "near-duplicate": "looks the same"}
ACCUSER_HELP = (
    "Label check: classifiers that never saw this product find another label more likely. Same "
    "product: a photo of it in another color has a different label. Looks the same: another "
    "product whose photo looks the same has a different label."
)
HOW = (
    "Click photos to choose them: with Shift, all in between; Ctrl+A, all; a heading, its kind. "
    "Double-click or press Enter to open one. About half of such suspicions are right, so look "
    "first."
)


def show_suspects(run: Run) -> None:
    """Show the suspects, worst first; before there is a check, the button that starts one."""
    evidence = cache.evidence(run)
    if not evidence.check.is_done:
        job_view.offer_job(
            "check_labels", run,
            "A label check asks classifiers that never saw a product what its label should be, and "
            "compares each label with the product's other photos and with those that look the "
            "same.",
            f"Check the labels of {len(evidence.predictions):,} photos", "fact_check",
            "Takes seconds if the network's features are stored, otherwise one pass over the "
            "photos.",
        )  # fmt: skip
        return
    ask = Ask(evidence.task)
    found = find("label_check", evidence, ask)
    show_blocks(build_section("label_check", evidence, ask))
    splits = evidence.predictions[["image_id", "split"]]
    suspects = found.suspects.drop(columns="split").merge(splits, on="image_id")
    chosen = sort_suspects(pick(suspects))
    if chosen.empty:
        st.info("No suspects match. Remove a filter.")
        return
    marks = st.container()
    st.caption(HOW)
    shown = pick_rows(chosen, PAGE_SIZE, "suspects_page")
    picked, opened = show_light_table(build_groups(shown, run), TABLE)
    if opened:
        navigation.open_page("errors", view="Suspects", image=opened)
    if not permissions.may("mark"):
        return
    with marks:
        show_marks(run, chosen[chosen["image_id"].isin(picked)])


def pick(suspects: pd.DataFrame) -> pd.DataFrame:
    """Show the filters of the suspects with counts, in the URL, and return what they ask for."""
    is_reviewed = suspects["mark"].notna()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        state = pick_counted(
            "Reviewed", {"open": ~is_reviewed, "reviewed": is_reviewed, "all": is_reviewed | True},
            "state",
        )  # fmt: skip
        suspects = suspects[state]
        reasons = suspects["reasons"]
        named = {title: reasons.str.contains(name, regex=False) for name, title in ACCUSERS.items()}
        why = pick_counted(
            "Why suspected", {ANY: reasons.notna(), **named}, "why", help=ACCUSER_HELP
        )
        suspects = suspects[why]
        splits = {split: suspects["split"] == split for split in schema.SPLITS}
        place = pick_counted("In", {"all": suspects["split"].notna(), **splits}, "suspects_in")
    return suspects[place]


def sort_suspects(suspects: pd.DataFrame) -> pd.DataFrame:
    """Sort by kind, then by product, each by its worst label quality."""
    kind, product = ["label", "suggested_label"], ["label", "suggested_label", "product_id"]
    worst = {
        "of_kind": suspects.groupby(kind)["label_quality"].transform("min"),
        "of_product": suspects.groupby(product)["label_quality"].transform("min"),
    }
    order = ["of_kind", *kind, "of_product", "product_id", "label_quality"]
    return suspects.assign(**worst).sort_values(order, ignore_index=True)


def build_groups(shown: pd.DataFrame, run: Run) -> list[Group]:
    """Build the groups of the light table, a kind of suspicion each."""
    task, store = cache.evidence(run).task, cache.evidence(run).store
    groups = []
    for _, rows in shown.groupby(["label", "suggested_label"], sort=False):
        cells = [build_cell(row, thumbnail(store, row.row), task) for row in rows.itertuples()]
        first = rows.iloc[0]
        title = numbers.begin(task.describe(first["label"]))
        if first["suggested_label"] != first["label"]:
            title += f", perhaps {task.name(first['suggested_label'])}"
        groups.append(Group(f"{title} · {len(cells)}", cells))
    return groups


def build_cell(suspect: Any, photo: bytes, task: Task) -> Cell:
    """Build one photo of the table: why it is suspected in a word, and in full at hovering."""
    why = [title for name, title in ACCUSERS.items() if name in suspect.reasons]
    reasons = "\n".join(map(numbers.begin, label_check.describe_reasons(suspect.reasons, task)))
    mark = "✓ " if isinstance(suspect.mark, str) else ""
    told = task.describe(suspect.label)
    return Cell(
        suspect.image_id, suspect.product_id, photo, mark + ", ".join(why),
        f"{told}, image {suspect.image_id}",
        f"{reasons}\nlabel quality {suspect.label_quality:.2f}",
    )  # fmt: skip


def show_marks(run: Run, picked: pd.DataFrame) -> None:
    """Show the marks that are made for all chosen photos at once."""
    task = cache.evidence(run).task
    suggested = picked["suggested_label"].unique()
    name = task.name(suggested[0]) if len(suggested) == 1 else "as suggested"
    is_other = bool(len(picked)) and (picked["suggested_label"] != picked["catalog_label"]).all()
    choices = {
        f"Should be {messages.escape(name)}": (rules.LABEL_WRONG, is_other),
        "Label is right": (rules.MODEL_WRONG, True),
        "Can't tell": (rules.AMBIGUOUS, True),
        f"Not a {task.thing}": (rules.NOT_A_SHOE, True),
    }
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.markdown(f"**{len(picked)} chosen**", width=90)
        for text, (mark, is_possible) in choices.items():
            st.button(
                text, key=f"all-{mark}", disabled=picked.empty or not is_possible,
                on_click=marking.record_all, args=(run, picked, mark),
            )  # fmt: skip
        marking.show_undo_all(run)
