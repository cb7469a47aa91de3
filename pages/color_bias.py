"""Do the errors depend on the color of the shoe, or on another attribute, and which way?"""

import streamlit as st

from zapcls.blocks import Section, numbers
from zapcls.evidence import Evidence
from zapcls.findings import FINDINGS, find
from zapcls.findings.ask import RUN, Ask
from zapcls.ui import cache, navigation, run_state
from zapcls.ui.ask_form import pick_ask
from zapcls.ui.recolor_view import show_recoloring
from zapcls.ui.remedies_view import show_remedies
from zapcls.ui.report_view import show_report
from zapcls.ui.sections import show_blocks, show_section
from zapcls.workspace.imports import name_split

COLOR = "color"  # the one group that can be changed: in the photo, or by the training


def build(name: str, evidence: Evidence, ask: Ask) -> Section:
    """Build the section of a finding."""
    with st.spinner("Comparing groups…"):
        return FINDINGS[name].section(find(name, evidence, ask), ask)


def list_anchors(ask: Ask) -> dict[str, str]:
    """List the sections below the first screen: anchor -> short title."""
    first = {
        "groups": f"By {ask.word}",
        "pairs": f"The same product {ask.another}",
        "odds": f"Is it the {ask.word}",
    }
    change = {"recolor": f"The {ask.task.thing} recolored"} if ask.by == COLOR else {}
    remedy = {"remedies": "Remedies"} if ask.by == COLOR else {}
    data = {"association": "What the data teach", "ways": "Which way the errors go"}
    return first | change | data | remedy | {"report": "Report"}


def show_source(evidence: Evidence, ask: Ask) -> None:
    """Name whose answers these are, and link to what stands below."""
    split = f", {name_split(evidence.run)}" if ask.source == RUN else ""
    links = " · ".join(f"[{title}](#{anchor})" for anchor, title in list_anchors(ask).items())
    st.caption(f"{numbers.begin(ask.source_name)}{split}. Below: {links}")


navigation.enter("color_bias")
st.title("Color bias", anchor=False)
run = run_state.need_run()
evidence = cache.evidence(run)
ask = pick_ask(evidence)
show_blocks(build("claim", evidence, ask))
show_source(evidence, ask)
for name in ("groups", "pairs", "odds"):
    show_section(build(name, evidence, ask))
if ask.by == COLOR:
    show_recoloring(run, ask)
for name in ("association", "directions"):
    show_section(build(name, evidence, ask))
if ask.by == COLOR:
    show_remedies(run)
show_report(run)
