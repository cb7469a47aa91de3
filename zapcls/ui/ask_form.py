"""What a person asks about color bias: the group column, the claim, and whose answers."""

import streamlit as st

from zapcls.config import name_column
from zapcls.evidence import Evidence
from zapcls.findings.ask import HEADS, RUN, SOURCES, Ask, build_ask
from zapcls.ui.bound import put_in_url

SOURCE = "color_source"  # of the session; `source` in the URL
HEADS_HELP = (
    "The label check has classifiers of its own, which never saw the product that they answer for. "
    "They answer for all photos, but are not this run."
)


def pick_ask(evidence: Evidence) -> Ask:
    """Choose what is asked; the blog's claim is where it starts. All of it is kept in the URL."""
    with st.container(horizontal=True, vertical_alignment="top"):
        by = st.selectbox(
            "Group by", evidence.list_attributes(), key="by", bind="query-params", width=120,
            format_func=name_column,
        )  # fmt: skip
        start = build_ask(evidence, str(by), _find_source(evidence))
        group, label, called = _pick_claim(evidence, start)
        _pick_source(evidence)
    return Ask(evidence.task, start.by, group, label, called, start.source)


def _pick_claim(evidence: Evidence, start: Ask) -> tuple[str, str, str]:
    """Choose a group of the source and a way to err."""
    groups = evidence.list_groups(start.by, start.source)
    name, classes = evidence.task.name, evidence.classes
    rest = [""] if len(classes) > 2 else []
    ways = {f"{a}-{b}": (a, b) for a in classes for b in (*rest, *classes) if a != b}
    group = st.selectbox(
        start.word.capitalize(), groups, groups.index(start.group), key=f"claim_{start.by}",
        bind="query-params", width=120 if start.by == "color" else 220,
    )  # fmt: skip
    way = st.selectbox(
        "Mistake", list(ways), list(ways).index(f"{start.label}-{start.called}"), key="claim_way",
        bind="query-params", width=220,
        format_func=lambda key: "{}, called {}".format(
            name(ways[key][0]), name(ways[key][1]) or "something else"
        ),
    )  # fmt: skip
    return (str(group), *ways[str(way)])


def _find_source(evidence: Evidence) -> str:
    """Find whose answers the page is about: RUN, or HEADS where the labels are checked.

    Groups are listed of it, so it is known before its widget is drawn, the last of the row.
    """
    names = [SOURCES[source] for source in evidence.sources]
    asked = st.query_params.get("source")
    if asked in names:
        st.session_state[SOURCE] = asked
    elif st.session_state.get(SOURCE) not in names:
        st.session_state[SOURCE] = SOURCES[RUN]
    return HEADS if st.session_state[SOURCE] == SOURCES[HEADS] else RUN


def _pick_source(evidence: Evidence) -> None:
    """Choose whose answers the page is about.

    It is put in the URL by hand: a bound widget would keep the page from opening Errors with a
    source of its own.
    """
    name = st.segmented_control(
        "Whose answers", [SOURCES[source] for source in evidence.sources], required=True,
        key=SOURCE, help=HEADS_HELP, on_change=put_in_url, args=("source", SOURCE),
    )  # fmt: skip
    if name != st.query_params.get("source", SOURCES[RUN]):
        put_in_url("source", SOURCE)
