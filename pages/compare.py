"""Is one run better than another, on the same photos?"""

import math
from typing import Any

import pandas as pd
import streamlit as st

from zapcls import words
from zapcls.analysis import compare
from zapcls.charts import compare as compare_charts
from zapcls.ui import cache, messages, navigation, photo_grid, run_picker, run_state
from zapcls.ui.compare_colors_view import show_colors, show_flips, swatch
from zapcls.workspace.runs import Run, list_runs, read_history

PAGE_SIZE = 24
CARD_PX = 184  # four in a row at 1280 px, two on a telephone
NOBODY = "no such shoes"
CHANCE = 0.05  # a smaller p is called a difference
VIEWS = {
    "fixed": "The first run was wrong, the second is right.",
    "broken": "The first run was right, the second is wrong.",
    "still wrong": "Both runs are wrong.",
    "by relabelling": "The first run is right under one label and wrong under the other: what "
    "changed is the label, not the network.",
}
SECTIONS = {
    "photos": "photo by photo", "trainings": "how they learned", "colors": "by color",
    "recolored": "recolored",
}  # fmt: skip
P_HELP = (
    "p: how often chance alone would part the two rates as far, if for each product it were a coin "
    "toss which of the two runs gave which answers."
)
TABLE_HELP = (
    "Old labels are the catalogue's; corrected ones have the settled decisions of Review in them. "
    "Reviewers look at what a run got wrong, so that the photos they reviewed, and with them all "
    "photos, favor what they corrected; only those that nobody reviewed are a fair test. By "
    "relabelling: photos on which the first run turns from wrong to right, or back, by the new "
    "label alone."
)


def write_p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def pick_first(second: Run) -> Run:
    """Choose the run to compare with, kept in the URL; without another one the page ends."""
    runs = list_runs(cache.workspace())
    others = {run.run_id: run for run in runs if run.is_evaluated and run.run_id != second.run_id}
    if not others:
        st.info(
            "Two evaluated runs can be compared, and this is the only one. Train another, or mark "
            "wrong labels on Errors and retrain with them on Review."
        )
        navigation.show_link("train", "Train another run", icon=":material/model_training:")
        st.stop()
    key = f"with-{second.run_id}"
    asked = st.query_params.get("with")
    if asked in others:
        st.session_state[key] = asked
    elif st.session_state.get(key) not in others:
        st.session_state[key] = choose_first(second, others).run_id
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        chosen = st.selectbox(
            f"{swatch('first')} First run", list(others), key=key,
            format_func=lambda run_id: run_picker.describe_run(others[run_id]),
            on_change=put_in_url, args=(key,),
        )  # fmt: skip
    with right:
        st.markdown(
            f"{swatch('second')} Second run, chosen in the sidebar  \n"
            f"**{messages.escape(run_picker.describe_run(second))}**"
        )
    first = others[str(chosen)]
    if asked and asked not in others and asked != second.run_id:
        run_picker.warn_missing(asked, first)
    return first


def put_in_url(key: str) -> None:
    st.query_params["with"] = st.session_state[key]


def choose_first(second: Run, others: dict[str, Run]) -> Run:
    """The parent; else the newest that is older than `second`, of those that can be compared."""
    if second.parent_id in others:
        return others[second.parent_id]
    fitting = [run for run in others.values() if not compare.find_obstacle(run, second)]
    older = [run for run in fitting if run.run_id < second.run_id]
    return [*older, *fitting, *others.values()][0]


def show_headline(fair: Any) -> None:
    """The answer: the difference on photos nobody reviewed, and whether chance explains it."""
    if not fair.n:
        st.markdown("### No such shoes: every photo that is valid in both runs has been reviewed.")
        return
    st.markdown(
        f"### On {fair.n:,} photos that nobody reviewed: {words.percent(fair.rate_first)} → "
        f"{words.percent(fair.rate_second)} wrong"
    )
    st.markdown(
        f"**{words.points(fair.difference)} points** (95 % interval {words.points(fair.low)} to "
        f"{words.points(fair.high)}, counting {fair.n_products:,} products; {write_p(fair.p)}): "
        f"{judge(fair)}.",
        help=P_HELP,
    )


def judge(row: Any) -> str:
    """Say what the interval and p allow, and no more."""
    if row.p >= CHANCE or row.low <= 0 <= row.high:
        return "no difference that can be told from chance"
    return "the second run is wrong less often" if row.difference < 0 else (
        "the second run is wrong more often"
    )  # fmt: skip


def show_source(first: Run, second: Run, tables: list[pd.DataFrame], pairs: pd.DataFrame) -> None:
    """Name where the figures come from, and what they leave out."""
    said = [f"Both runs, valid: {len(pairs):,} photos that neither of them learned from."]
    left_out = [len(compare.held_out(table)) - len(pairs) for table in tables]
    if any(left_out):
        said.append(
            f"Their splits differ: {left_out[0]:,} valid photos of the first run and "
            f"{left_out[1]:,} of the second are left out."
        )
    if "random" in (first.train_config.split, second.train_config.split):
        said.append(
            "With a random split, other colors of the same products were trained on: the rates are "
            "too good for new products."
        )
    if second.parent_id == first.run_id:
        corrected = second.config.get("corrected", 0)
        said.append(
            f"The second run is a retraining of the first on the same split, {corrected:,} of its "
            "labels corrected."
        )
    links = " · ".join(f"[{title}](#{anchor})" for anchor, title in SECTIONS.items())
    st.caption(" ".join(said) + f" Below: {links}")


def show_summary(summary: pd.DataFrame) -> None:
    """Every group of photos under both labels."""
    st.subheader("Under the old and the corrected labels", anchor=False, help=TABLE_HELP)
    st.table(describe(summary).set_index("photos, labels"))  # it wraps where there is no room
    st.plotly_chart(
        compare_charts.differences(summary), key="differences", config={"displayModeBar": False}
    )
    st.caption("Left of zero the second run errs less. Lines are 95 % intervals; products count.")


def describe(summary: pd.DataFrame) -> pd.DataFrame:
    """Write the summary out; an empty group says so."""
    rows = []
    for row in summary.itertuples():
        said = {f"{run}, wrong": NOBODY for run in compare.RUNS} | {"difference": NOBODY, "p": ""}
        if row.n:
            for run in compare.RUNS:
                rate, low, high = (
                    getattr(row, f"{part}_{run}") for part in ("rate", "low", "high")
                )
                ends = f"{100 * low:.1f} to {100 * high:.1f}"
                said[f"{run}, wrong"] = f"{words.percent(rate)} ({ends})"
            said["difference"] = words.difference(row.difference, row.low, row.high)
            said["p"] = "< 0.001" if row.p < 0.0005 else f"{row.p:.3f}"
        counts = {"fixed": row.fixed, "broken": row.broken, "relabelled": row.by_relabelling}
        group = {"photos, labels": f"{row.images}, {row.labels}", "n": f"{row.n:,}"}
        rows.append(group | said | counts)
    return pd.DataFrame(rows)


@st.fragment  # so that turning a page of it computes nothing else anew
def show_photos(pairs: pd.DataFrame, run: Run) -> None:
    """The photos of each cell, with both answers."""
    st.subheader("What changed, photo by photo", anchor="photos")
    counts = pairs["cell"].value_counts()
    said = [f"**{counts.get(cell, 0):,}** {cell}" for cell in compare.CELLS]
    relabelled = int(pairs["by_relabelling"].sum())
    st.markdown(" · ".join([*said, f"**{relabelled:,}** by relabelling"]))
    view = str(
        st.segmented_control(
            "Photos", list(VIEWS), default="fixed", required=True, key="cell", bind="query-params"
        )
    )
    st.caption(f"{VIEWS[view]} Under the corrected labels, surest answer of the second run first.")
    chosen = pairs["by_relabelling"] if view == "by relabelling" else pairs["cell"] == view
    found = pairs[chosen].sort_values(["prob_second", "image_id"], ascending=[False, True])
    if found.empty:
        st.info("No such shoes.")
        return
    pages = math.ceil(len(found) / PAGE_SIZE)
    page = st.pagination(pages, key="compare_page", bind="query-params") if pages > 1 else 1
    shown = found.iloc[(min(page, pages) - 1) * PAGE_SIZE :].head(PAGE_SIZE)
    photo_grid.image_grid(shown, cache.store_of(run), write_caption, CARD_PX)


def write_caption(image: Any) -> str:
    sold = f"sold as {words.department(image.label_old)}"
    if image.label_new != image.label_old:
        sold += f", corrected to {words.department(image.label_new) or 'none'}"
    answers = [
        f"{swatch(run)} {run}: {words.department(called)}, {words.percent(prob)}"
        for run, called, prob in (
            ("first", image.prediction_first, image.prob_first),
            ("second", image.prediction_second, image.prob_second),
        )
    ]
    return "  \n".join([sold, *answers])


def show_trainings(first: Run, second: Run) -> None:
    """Both trainings in one chart, and the settings in which they differ."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("How they learned", anchor="trainings")
        figure = compare_charts.error_curves(read_history(first), read_history(second))
        st.plotly_chart(figure, key="curves")
        st.caption("Each on its own tune photos, under the labels that it was trained on.")
    with right:
        st.subheader("Settings that differ", anchor=False)
        changed = compare.diff_configs(first.train_config, second.train_config)
        if changed.empty:
            st.caption("None: both were trained with the same settings.")
        else:
            st.dataframe(changed, hide_index=True)


navigation.enter("compare")
st.title("Compare", anchor=False)
second = run_state.need_run()
first = pick_first(second)
compare.check_comparable(first, second)
classes = second.facts["classes"]
tables = [cache.predictions(run) for run in (first, second)]
pairs = compare.pair_runs(*tables, cache.verdicts(second), classes)
if pairs.empty:
    st.info(
        "No photo is valid in both runs, so there is nothing that neither has learned from. Train "
        "with the seed and the split of the first run, or retrain from it: a retraining keeps its "
        "parent's split."
    )
    st.stop()
summary = compare.summarize(pairs)
show_headline(next(summary.itertuples()))
show_source(first, second, tables, pairs)
show_summary(summary)
show_photos(pairs, second)
show_trainings(first, second)
show_colors(pairs, classes)
show_flips(pairs, [cache.recoloring(run) for run in (first, second)])
