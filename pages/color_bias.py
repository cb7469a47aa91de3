"""Do the errors depend on the color of the shoe, or on another attribute, and which way?"""

from dataclasses import replace

import pandas as pd
import streamlit as st

from zapcls.blocks import Section
from zapcls.evidence import Evidence
from zapcls.findings import build_section, find, pairs, remedies
from zapcls.findings.ask import SPLIT, Ask
from zapcls.ui import cache, loop, navigation, run_state
from zapcls.ui.ask_form import pick_ask
from zapcls.ui.bound import fold
from zapcls.ui.recolor_view import show_recoloring, show_strip
from zapcls.ui.remedies_view import show_remedies
from zapcls.ui.report_view import show_report
from zapcls.ui.sections import show_block, show_blocks
from zapcls.ui.verdict_view import key_of, show_verdict

PAIRS = 3  # of photos that stand open
COLOR = "color"  # the one group that can be changed: in the photo, or by the training


def build(name: str, evidence: Evidence, ask: Ask) -> Section:
    """Build the section of a finding."""
    with st.spinner("Comparing groups…"):
        return build_section(name, evidence, ask)


def list_sections(ask: Ask) -> dict[str, str]:
    """List the sections below the verdict: name -> title."""
    first = {
        "claim": "The claim, counted",
        "groups": f"Error rate by {ask.word} and label",
        "pairs": f"The same product {ask.another}",
        "odds": f"Is it the {ask.word}, or what comes with it?",
    }
    change = {"recolor": f"The {ask.task.thing} recolored"} if ask.by == COLOR else {}
    remedy = {"remedies": remedies.TITLE} if ask.by == COLOR else {}
    data = {"association": "What the data teach", "directions": "Which way the errors go"}
    return first | change | data | remedy


def show_part(name: str, ask: Ask) -> None:
    """Show what one section holds."""
    if name == "recolor":
        show_recoloring(run, ask)
    elif name == "remedies":
        show_remedies(run)
    else:
        show_blocks(build(name, evidence, ask))


def show_examples(ask: Ask) -> None:
    """Show real pairs of a product, and one photo in other colors, which need no unfolding."""
    found = find("pairs", evidence, ask)
    for block in pairs.list_examples(found, ask):
        show_block(replace(block, pairs=block.pairs[:PAIRS]), "open-pairs")
    if ask.by == COLOR:
        key = ("worst of a color", ask.label, ask.group)
        worst = evidence.keep(key, ("predictions",), lambda: find_worst(ask))
        for image in worst.itertuples():
            show_strip(evidence.store.pixels[image.row], run)


def find_worst(ask: Ask) -> pd.DataFrame:
    """Find the photo of the claim's label and color that the run got most surely wrong, if any."""
    table = evidence.labelled(SPLIT)
    table = table[(table["label"] == ask.label) & (table["color"] == ask.group)]
    return table.sort_values(["wrong", "loss"], ascending=False).head(1)


navigation.enter("color_bias")
st.title("Color bias", anchor=False)
run = run_state.need_run()
evidence = cache.evidence(run)
loop.note_seen("color_bias", run)
ask = pick_ask(evidence)
with st.spinner("Comparing groups…"):
    show_verdict(run, ask)
show_examples(ask)
for name, title in list_sections(ask).items():
    part = fold(title, key_of(name))
    if part.open:
        with part:
            show_part(name, ask)
show_report(run)
