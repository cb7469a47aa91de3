"""How often is the run wrong, how sure can we be of that, and what does it confuse?"""

import streamlit as st

from zapcls import charts, words
from zapcls.analysis import causes, metrics
from zapcls.ui import cache, job_view, navigation, run_state
from zapcls.ui.filters import read_causes
from zapcls.workspace import lr_files
from zapcls.workspace.runs import Run, read_cross_validation, read_history, read_losses

FOLDS = 5
SOURCE = "This run, valid: photos of products it never trained on."
SOURCE_RANDOM = (
    "This run, valid, random split: other colors of the same products were trained on, so the "
    "rate is too good for new products. The blog measured this way."
)


def show_headline(run: Run) -> None:
    """The answer in one sentence, and against always guessing one class."""
    valid = run.rates["splits"]["valid"]
    low, high = valid["error_low"], valid["error_high"]
    st.markdown(
        f"### {valid['errors']:,} of {valid['n']:,} photos wrong: "
        f"{words.percent(valid['error_rate'])}"
    )
    st.markdown(
        f"95 % interval {words.interval(low, high)}, counting {valid['n_products']:,} products. "
        f"Always naming the most frequent class would err "
        f"{words.percent(run.rates['guess_error_rate'])}."
    )
    st.caption(SOURCE if run.train_config.split == "product" else SOURCE_RANDOM)


def show_confusions(run: Run, split: str, classes: list[str]) -> None:
    """The confusion counts; a cell opens exactly its images."""
    st.subheader("What is taken for what", anchor=False)
    counts = metrics.count_confusions(cache.predictions(run), classes, split)
    event = st.plotly_chart(
        charts.confusions(counts), key="confusions", on_select="rerun", selection_mode="points",
        config={"displayModeBar": False},
    )  # fmt: skip
    st.caption("A click on a square, or a button, opens its images.")
    for point in event["selection"]["points"]:
        label, called = point["customdata"]
        open_cell(str(label), str(called), split)
    with st.container(horizontal=True):
        for label in classes:
            for called in classes:
                if label != called and st.button(
                    f"{words.department(label)} called {words.department(called)}: "
                    f"{counts.loc[label, called]:,}",
                    key=f"cell-{label}-{called}",
                ):
                    open_cell(label, called, split)


def open_cell(label: str, called: str, split: str) -> None:
    answer = "right" if label == called else "wrong"
    navigation.open_page("errors", label=[label], prediction=[called], answer=answer, split=split)


def show_rates(run: Run, split: str, classes: list[str]) -> None:
    """The error rate of each split and class, with intervals."""
    table = cache.predictions(run)
    left, right = st.columns(2, gap="large")
    palette = charts.class_colors(classes)
    with left:
        st.subheader("Error rate by split", anchor=False)
        by_split = metrics.error_by_split(table)
        colors = [charts.NEUTRAL] * len(by_split)
        st.plotly_chart(charts.rates(by_split, list(by_split["split"]), colors), key="splits")
        st.caption(
            "Train was learned from, tune chose the best epoch; only valid is a fair estimate."
        )
    with right:
        st.subheader(f"By class, {split}", anchor=False)
        by_class = metrics.error_by_class(table, classes, split)
        names = [f"sold as {words.department(name)}" for name in classes]
        colors = [palette[name] for name in classes]
        st.plotly_chart(charts.rates(by_class, names, colors), key="classes")
        precision = metrics.precision_by_class(table, classes, split)
        st.caption(
            " · ".join(
                f"called {words.department(row.prediction)}: "
                f"right in {words.percent(row.rate)} of {row.n:,}"
                for row in precision.itertuples()
                if row.n
            )
        )


def show_causes(run: Run) -> None:
    """How many of valid's errors have which cause; a button opens its photos."""
    st.subheader("Why it is wrong", anchor=False)
    wrong = metrics.labelled(cache.predictions(run), "valid").query("wrong")
    sorted_errors = wrong[["image_id", "product_id"]].merge(read_causes(run), on="image_id")
    if sorted_errors.empty:
        st.caption("Nothing is wrong in valid.")
        return
    counts = causes.count_causes(sorted_errors)
    shares = counts.rename(columns={"n": "hits", "share": "rate"}).assign(n=len(sorted_errors))
    st.plotly_chart(
        charts.rates(shares, list(counts["cause"]), [charts.NEUTRAL] * len(counts)), key="causes"
    )
    with st.container(horizontal=True):
        for row in counts[counts["n"] > 0].itertuples():
            if st.button(
                f"{words.begin(row.cause)}: {row.n:,}", key=f"cause-{row.cause}",
                help=causes.EXPLANATIONS[row.cause],
            ):  # fmt: skip
                navigation.open_page("errors", split="valid", answer="wrong", cause=[row.cause])
    checked = (
        ""
        if cache.check(run).is_done
        else (" The labels are not checked yet (Errors, Suspects), so that none is suspected.")
    )
    st.caption(
        f"This run, valid: the first cause that there is evidence for, as shares of "
        f"{len(sorted_errors):,} errors. A suspected label is something to look at: about half of "
        f"such suspicions are right in published studies.{checked}"
    )


def show_curves(run: Run) -> None:
    """How the training went."""
    st.subheader("How it learned", anchor=False)
    history = read_history(run)
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(charts.loss_curves(read_losses(run), history), key="loss")
    with right:
        st.plotly_chart(charts.error_curve(history), key="error")
    if lr_files.read_found(run):
        navigation.show_link(
            "learning_rate", "Its learning-rate curves", icon=":material/show_chart:"
        )
    with st.expander("Settings"):
        run_state.show_batch(run)
        settings = run.config["train"] | {
            "catalogue": run.facts["catalogue_id"],
            "device": run.facts["device"],
            "torch": run.facts["torch"],
            "fastai": run.facts["fastai"],
        }
        rows = [{"setting": key, "value": str(value)} for key, value in settings.items()]
        st.dataframe(rows, hide_index=True)


def show_cross_validation(run: Run) -> None:
    """The rate over all images, from trainings of their own; their cost is told first."""
    st.subheader("Over all images", anchor=False)
    result = read_cross_validation(run)
    if result:
        st.markdown(
            f"**{result['errors']:,} of {result['n']:,}** photos wrong: "
            f"{words.percent(result['error_rate'])} (95 % interval "
            f"{words.interval(result['error_low'], result['error_high'])}), each predicted by "
            f"one of {result['folds']} trainings of this recipe that never saw its product."
        )
        return
    if job_view.is_at_work("cross_validate", run):
        return
    cost = words.duration(FOLDS * run.metrics["seconds"])
    st.markdown(
        "This run answers for its valid photos only. Cross-validating its recipe trains it "
        f"{FOLDS} times, each time on all products but a fifth: about **{cost}** on this machine. "
        "It can be stopped; the trainings that are done are kept."
    )
    if st.button("Cross-validate this recipe", key="cross_validate", icon=":material/splitscreen:"):
        job_view.start_job("cross_validate", run, folds=FOLDS)


navigation.enter("results")
st.title("Results", anchor=False)
run = run_state.need_run()
classes = run.facts["classes"]
show_headline(run)
split = str(
    st.segmented_control(
        "Split", ["valid", "tune", "train"], default="valid", required=True, key="results_split",
        bind="query-params",  # a link to Errors cannot set a parameter that is bound here
        help="valid is only reported; tune chose the best epoch; train was learned from.",
    )
)  # fmt: skip
left, right = st.columns([1, 1], gap="large")
with left:
    show_confusions(run, split, classes)
with right:
    st.subheader("How sure, how right", anchor=False)
    calibration = metrics.count_calibration(cache.predictions(run), split)
    st.plotly_chart(charts.calibration(calibration), key="calibration")
    st.caption("On the dotted line the run is as often right as it is sure.")
show_rates(run, split, classes)
show_causes(run)
show_curves(run)
show_cross_validation(run)
