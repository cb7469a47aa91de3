"""The groups that err more often, a row each with some of their wrong photos."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls.analysis.slices import find_members
from zapcls.blocks import Table, Text, numbers
from zapcls.findings import build_section, find, slices
from zapcls.findings.ask import SPLIT, Ask
from zapcls.ui import cache, marking, messages
from zapcls.ui.bound import fold
from zapcls.ui.photos import show_button, thumbnail
from zapcls.ui.sections import open_photos, show_block
from zapcls.workspace.runs import Run

ROWS, PHOTOS, PHOTO_PX = 8, 4, 82  # four in a row at 1280 px


def show_slices(run: Run) -> None:
    """Show the groups of valid that err more often than the rest, the clearest first."""
    evidence = cache.evidence(run)
    ask = Ask(evidence.task)
    with st.spinner("Trying the groups…"):
        found: slices.Found = find("slices", evidence, ask)
        section = build_section("slices", evidence, ask)
    for block in section.blocks:
        if isinstance(block, Text):
            show_block(block, section.name)
    wrong = evidence.labelled(SPLIT).query("wrong")
    for block in section.blocks:
        if isinstance(block, Table):
            for place, row in enumerate(found.slices.head(ROWS).itertuples()):
                show_row(row, place, find_members(wrong, row.where), run, block.opens[place])
    rest = [block for block in section.blocks if not isinstance(block, Text)]
    if rest:
        part = fold("As a chart and a table", "open_slices")
        if part.open:
            with part:
                for place, block in enumerate(rest):
                    show_block(block, f"{section.name}-{place}")


def show_row(row: Any, place: int, wrong: pd.DataFrame, run: Run, opens: Any) -> None:
    """Show a group: some of its wrong photos, its rate beside the rest's, and the way to all."""
    evidence = cache.evidence(run)
    ask = Ask(evidence.task)
    wrong = wrong.sort_values(["loss", "image_id"], ascending=[False, True])
    with st.container(border=True):
        photos, said, action = st.columns([10, 10, 3], vertical_alignment="center")
        with photos, st.container(horizontal=True, gap="xxsmall"):
            for image in wrong.drop_duplicates("product_id").head(PHOTOS).itertuples():
                told = ask.task.describe(image.label)
                told = f"{told}, called {ask.task.name(image.prediction)}"
                with st.container(width=PHOTO_PX):
                    show_button(
                        thumbnail(evidence.store, image.row), f"{place}-{image.image_id}", told,
                        on_click=marking.show_photo, args=(image.image_id,),
                    )  # fmt: skip
        name = messages.escape(numbers.begin(slices.describe_slice(row.where, ask)))
        p = f"adjusted p {numbers.p_value(row.p)}" if row.is_flagged else "could be chance"
        said.markdown(
            f"**{name}**  \n{row.hits:,} of {row.n:,} wrong, {numbers.percent(row.rate)}; "
            f"the rest {numbers.percent(row.rest_rate)} · {p}"
        )
        with action:
            if st.button(f"All {row.hits:,}", key=f"slice-{place}", help="Its wrong photos"):
                open_photos(opens)
