"""The verdict at the top of Color bias: each row of evidence with its photos, and its section."""

import pandas as pd
import streamlit as st

from zapcls.blocks import encode_photo, numbers
from zapcls.data import recolor
from zapcls.evidence import Evidence
from zapcls.findings import find, summary
from zapcls.findings.ask import SPLIT, Ask
from zapcls.ui import cache
from zapcls.ui.messages import escape, hold_units
from zapcls.ui.photos import thumbnail, trim
from zapcls.workspace.imports import name_split
from zapcls.workspace.runs import Run
from zapcls.workspace.store import Store

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
        ("examples", ask), summary.NEEDS,
        lambda: [list_examples(evidence, ask, row) for row in found.rows],
    )  # fmt: skip
    for place, (row, shown) in enumerate(zip(found.rows, examples, strict=True)):
        photos, said, action = st.columns([3, 6, 2], vertical_alignment="center")
        with photos, st.container(horizontal=True, gap="xxsmall"):
            for photo, alt in shown:
                st.image(photo, width=SMALL_PX, alt=alt)
        mark = MARKS.get(row.verdict.outcome, "")
        figure = hold_units(escape(row.figure))
        said.markdown(f"**{escape(row.name)}**: {figure}  \n{mark} {escape(row.said)}")
        action.button(
            "See why", key=f"why-{place}", on_click=open_section, args=(row.section,),
            type="tertiary", icon=":material/expand_more:",
        )  # fmt: skip


def list_examples(evidence: Evidence, ask: Ask, row: summary.Row) -> list[tuple[bytes | str, str]]:
    """List photos that illustrate a row, with what they show in words."""
    store, (group, label) = evidence.store, row.example
    if row.section == "recolor" and group:
        alt = f"{ask.task.noun(label)} turned {group}"
        turned = choose_turned(evidence, group, label)["row"]
        return [(draw_turned(store, place, group), alt) for place in turned]
    return [
        (thumbnail(store, image.row), escape(ask.noun(image.label, getattr(image, ask.by))))
        for image in choose_examples(evidence, ask, row).itertuples()
    ]


def choose_turned(evidence: Evidence, color: str, label: str) -> pd.DataFrame:
    """Choose photos of a label that were turned into a color, whose answer that changed first."""
    asked = evidence.recoloring
    assert asked is not None  # else no row has this example
    before = asked[asked["edit"] == "identity"].set_index("image_id")["prediction"]
    turned = asked[(asked["edit"] == "hue") & (asked["to"] == color) & asked["is_reached"]]
    stays = turned["prediction"].to_numpy() == before.reindex(turned["image_id"]).to_numpy()
    table = evidence.labelled(SPLIT).query("label == @label")
    table = table.merge(turned[["image_id"]].assign(stays=stays), on="image_id")
    table = table.sort_values(["stays", "prob", "image_id"], ascending=[True, False, True])
    return table.drop_duplicates("product_id").head(SHOWN)


def draw_turned(store: Store, row: int, color: str) -> str:
    """Draw a photo that was turned into a color, as a data URI."""
    paint = recolor.find_paint(store.pixels[row])
    assert paint is not None  # else it was not turned
    return encode_photo(trim(recolor.move_hue(paint, color)))


def choose_examples(evidence: Evidence, ask: Ask, row: summary.Row) -> pd.DataFrame:
    """Choose photos of a row's group and label: wrong ones first, each another product."""
    group, label = row.example
    table = evidence.labelled(SPLIT)
    if group:
        table = table[(table[ask.by] == group) & (table["label"] == label)]
    else:
        table = table.drop_duplicates(ask.by)
    table = table.sort_values(["wrong", "loss", "image_id"], ascending=[False, False, True])
    return table.drop_duplicates("product_id").head(SHOWN)
