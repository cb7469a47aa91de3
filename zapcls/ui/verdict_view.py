"""The verdict at the top of Color bias: each row of evidence with its photos, and its section."""

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from zapcls.analysis.metrics import labelled
from zapcls.blocks import numbers
from zapcls.evidence import Evidence
from zapcls.findings import find, summary
from zapcls.findings.ask import SPLIT, Ask
from zapcls.ui import cache
from zapcls.ui.messages import escape
from zapcls.ui.photos import thumbnail
from zapcls.workspace.imports import name_split
from zapcls.workspace.runs import Run

SHOWN, SMALL_PX = 3, 64
MARKS = {"higher": ":material/arrow_upward:", "lower": ":material/arrow_downward:"}


def key_of(section: str) -> str:
    """Name the state of a section: whether it is open; it is kept in the URL."""
    return f"open_{section}"


def open_section(section: str) -> None:
    """Open a section: a callback."""
    st.session_state[key_of(section)] = True


def show_verdict(run: Run, ask: Ask) -> None:
    """Answer whether color is to blame, with a row a kind of evidence."""
    evidence = cache.evidence(run)
    found: summary.Found = find("summary", evidence, ask)
    st.markdown(f"## {summary.ask_aloud(ask)} {found.answer}.")
    st.caption(f"{numbers.begin(ask.source_name)}, {name_split(run)}.")
    examples = evidence.keep(
        ("examples", ask), ("predictions",), lambda: choose_examples(evidence, ask, found.rows)
    )
    for place, (row, shown) in enumerate(zip(found.rows, examples, strict=True)):
        photos, said, action = st.columns([3, 6, 2], vertical_alignment="center")
        with photos, st.container(horizontal=True, gap="xxsmall"):
            for image in shown.itertuples():
                alt = escape(ask.noun(image.label, getattr(image, ask.by)))
                st.image(thumbnail(evidence.store, image.row), width=SMALL_PX, alt=alt)
        mark = MARKS.get(row.verdict.outcome, "")
        said.markdown(f"**{escape(row.name)}**: {escape(row.figure)}  \n{mark} {escape(row.said)}")
        action.button(
            "See why", key=f"why-{place}", on_click=open_section, args=(row.section,),
            type="tertiary", icon=":material/expand_more:",
        )  # fmt: skip


def choose_examples(
    evidence: Evidence, ask: Ask, rows: Iterable[summary.Row]
) -> list[pd.DataFrame]:
    """Choose photos of each row's group and label: wrong ones first, each another product."""
    every = labelled(evidence.predictions, SPLIT)
    chosen = []
    for row in rows:
        group, label = row.example
        table = every.drop_duplicates(ask.by)
        if group:
            table = every[(every[ask.by] == group) & (every["label"] == label)]
        table = table.sort_values(["wrong", "loss", "image_id"], ascending=[False, False, True])
        chosen.append(table.drop_duplicates("product_id").head(SHOWN))
    return chosen
