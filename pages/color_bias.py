"""Do the errors depend on the color of the shoe, and which way do they go?"""

import pandas as pd
import streamlit as st

from zapcls import charts, words
from zapcls.analysis import color_bias
from zapcls.analysis.color_association import MIN_PRODUCTS
from zapcls.analysis.metrics import labelled
from zapcls.data.color import BASIC_COLORS, SWATCHES
from zapcls.findings.ask import Ask
from zapcls.ui import cache, color_evidence_view, filters, navigation, run_state
from zapcls.ui.claim_view import PHOTOS, pick_claim, pick_source, show_claim
from zapcls.ui.color_evidence_view import show_adjusted, show_association
from zapcls.ui.pairs_view import show_pairs
from zapcls.ui.recolor_view import show_recoloring
from zapcls.ui.remedies_view import show_remedies
from zapcls.ui.report_view import show_report
from zapcls.words.colors import GROUP_HELP, RUN, describe_groups
from zapcls.workspace.runs import Run

SECTIONS = {
    "by-color": "By color",
    "pairs": "The same shoe in another color",
    "adjusted": "Is it the color",
    "recolor": "The shoe recolored",
    "data": "What the data teach",
    "remedies": "Remedies",
    "report": "Report",
}
NO_TOOLBAR = {"displayModeBar": False}


def show_source(run: Run, source: str) -> None:
    """Name whose answers these are, and link to what stands below."""
    split = f", {run.train_config.split} split" if source == RUN else ""
    links = " · ".join(f"[{title}](#{anchor})" for anchor, title in SECTIONS.items())
    st.caption(f"{words.begin(source)}{split}. Below: {links}")


def show_by_color(run: Run, table: pd.DataFrame, source: str, classes: list[str]) -> None:
    """The error rate by color and label; a bar opens exactly its images."""
    st.subheader("Error rate by color and label", anchor="by-color")
    groups = color_evidence_view.compare(str(run.path), source, tuple(classes), len(table), table)
    st.markdown(describe_groups(groups), help=GROUP_HELP)
    event = st.plotly_chart(
        charts.error_by_color(groups, classes), key="by_color", on_select="rerun",
        selection_mode="points", config=NO_TOOLBAR,
    )  # fmt: skip
    for point in event["selection"]["points"]:
        color, label = point["customdata"][:2]
        open_images(str(color), str(label), source)
    st.caption(
        f"{words.begin(source)}. Lines are 95 % intervals that count products, not photos; pale "
        "bars have fewer than 20 photos. A click on a bar opens its images."
    )
    with st.expander("As a table"):
        st.caption(f"{words.begin(source)}. Grey: fewer than {MIN_PRODUCTS} products.")
        st.dataframe(color_evidence_view.style_groups(groups), hide_index=True)


def open_images(color: str, label: str, source: str) -> None:
    of_source = {"split": "valid"} if source == RUN else {"source": filters.HEADS}
    navigation.open_page("errors", color=[color], label=[label], answer="wrong", **of_source)


def show_ways(run: Run, table: pd.DataFrame, source: str, classes: list[str]) -> None:
    """Which way the errors go, and what the data teach."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Which way the errors go", anchor="ways")
        counts = color_bias.count_directions(table)
        colors = [color for color in BASIC_COLORS if color in set(counts["color"])]
        if counts.empty:
            st.caption(f"There are no errors on {PHOTOS[source]}.")
        else:
            figure = charts.directions(counts, colors, classes)
            st.plotly_chart(figure, key="ways", config=NO_TOOLBAR)
            st.caption(f"{words.begin(source)}.")
    with right:
        label = classes[0]
        sold = words.department(label)
        st.subheader(f"What the data teach: share of {sold} by color", anchor=False)
        known = labelled(cache.predictions(run))
        shares = color_bias.label_share_by_color(
            known, [c for c in BASIC_COLORS if c in set(known["color"])], label
        )
        swatches = [SWATCHES[color] for color in shares["color"]]
        figure = charts.rates(shares, list(shares["color"]), swatches)
        st.plotly_chart(figure, key="teach", config=NO_TOOLBAR)
        st.caption("All kept photos of the catalogue, before any model.")


navigation.enter("color_bias")
st.title("Color bias", anchor=False)
run = run_state.need_run()
classes = run.facts["classes"]
with st.container(horizontal=True, vertical_alignment="top"):
    claim = pick_claim(classes)
    source, table = pick_source(run)
color, label, _ = claim
show_claim(run, table, source, claim)
show_source(run, source)
show_by_color(run, table, source, classes)
show_pairs(run, table, source, color, label)
show_adjusted(run, table, source, color, label)
show_recoloring(run, Ask(cache.evidence(run).task, group=color, label=label))
show_association(run)
show_ways(run, table, source, classes)
show_remedies(run)
show_report(run)
