"""What did the run get wrong, and what is the next step?"""

from typing import Any

import streamlit as st

from zapcls.blocks import numbers
from zapcls.config import DEFAULT_TARGET, name_column
from zapcls.data.labels import summarize
from zapcls.data.sample_photos import draw_photos
from zapcls.findings import find
from zapcls.findings.ask import Ask
from zapcls.ui import cache, loop, messages, navigation, photos, quiz, run_picker, run_state
from zapcls.ui.planted_view import show_planted
from zapcls.workspace import jobs, permissions
from zapcls.workspace.imports import name_split
from zapcls.workspace.runs import Run, list_runs

DRAWN, DRAWN_PX = 12, 120
NEWEST = 3  # the sidebar has them all
ANSWERS = {
    "data": ("Data", "What is in it, what was left out?"),
    "learning_rate": ("Learning rate", "How fast should it learn?"),
    "train": ("Train", "Start a training and watch it."),
    "results": ("Results", "How often is it wrong?"),
    "errors": ("Errors", "Which photos does it get wrong?"),
    "color_bias": ("Color bias", "Do the errors depend on color?"),
    "review": ("Review", "Which labels are wrong, and what if they were right?"),
    "compare": ("Compare", "Did it help?"),
    "classify": ("Classify", "What does it say about my photo?"),
    "similar": ("Similar", "What is like my photo, or goes with what I pick?"),
}


def show_evaluated(run: Run) -> None:
    """Show a run's worst errors as a quiz, then where the loop stands."""
    heading = st.empty()
    heading.title("zapcls", anchor=False)  # until the rates are read, should that fail
    evidence = cache.evidence(run)
    task, valid = evidence.task, find("rates", evidence, Ask(evidence.task)).valid
    if valid["hits"]:
        heading.title(quiz.ask(valid["rate"], task), anchor=False)
        st.caption(
            f"{valid['hits']:,} of {valid['n']:,} photos that it never saw are wrong: "
            f"{numbers.rate(valid)}. It was surest of these answers."
        )
        quiz.show_quiz(run)
    else:
        heading.title(f"None of {valid['n']:,} {task.things} fooled it.", anchor=False)
    st.divider()
    loop.show_loop(run)
    show_planted(run)


def show_newcomer() -> None:
    """Show drawings and the one button for someone who has no run yet."""
    store = cache.chosen_store()
    is_gender = store is None or store.target == DEFAULT_TARGET
    apart = "women's shoes from men's" if is_gender else "them apart"
    st.title(f"Can a network tell {apart}?", anchor=False)
    st.markdown(
        "Train one, look at what fools it, and find out why: the label, the color, or the "
        "network itself."
    )
    run_state.show_first_try()
    shown: list[Any]
    if store is None or store.is_drawn:
        shown, alt = draw_some(), "a drawn shoe"
    else:
        kept = cache.catalog(store).query("kept")
        rows = kept.sample(min(DRAWN, len(kept)), random_state=1)["row"]
        shown, alt = [photos.thumbnail(store, row) for row in rows], "a photo of the data in use"
    with st.container(horizontal=True, gap="small"):
        for photo in shown:
            st.image(photo, width=DRAWN_PX, alt=alt)
    if store is None or store.is_drawn:
        st.caption(messages.DRAWN_NOTE)


@st.cache_resource(show_spinner=False)
def draw_some() -> list[Any]:
    """Draw the shoes that a newcomer sees, once."""
    return draw_photos(DRAWN)


def show_run(run: Run) -> None:
    """Show one run: what it learned, how often it is wrong or how far it is, and the way there."""
    name, rate, link = st.columns([3, 4, 2], vertical_alignment="center")
    status = jobs.read_status(run)
    if status.state != "damaged":
        place = messages.escape(run.data_dir.name)
        word = ", ".join(map(name_column, run.train_config.targets))
        name.markdown(f"**{messages.escape(run.network)}** · {word} · {place}")
    name.caption(messages.escape(run.run_id))
    if run.is_evaluated:
        valid = run.rates["splits"]["valid"]
        rate.markdown(f"**{numbers.percent(valid['error_rate'])}** of valid photos wrong")
        rate.caption(
            f"95 % interval {numbers.interval(valid['error_low'], valid['error_high'])} · "
            f"n = {valid['n']:,}{numbers.balanced(run.balanced_error_rate)} · "
            f"{name_split(run)}"
        )
    else:
        rate.markdown(f"{run_picker.STATE_MARKS[status.state]} {status.state}")
        rate.caption(status.message or status.phase)
    with link:
        page = "results" if run.is_evaluated else "train"
        navigation.show_link(page, f"Open {page}", run=run.run_id)


def show_data() -> None:
    """Describe the photos in use."""
    store = cache.chosen_store()
    if store is None:
        state = "its colors are not named yet" if cache.lacks_colors() else "not read yet"
        st.markdown(f"{numbers.begin(messages.data_name())}, {state}.")
    else:
        counts = summarize(cache.catalog(store))
        st.markdown(f"{counts['kept']:,} photos of {counts['rows']:,}, {messages.data_name()}.")
        if store.is_drawn:
            st.caption(messages.DRAWN_NOTE)
    navigation.show_link("data", "Look at the data", icon=":material/grid_view:")


navigation.enter("overview")
runs = list_runs(cache.workspace())
active = next((run for run in runs[:5] if not jobs.read_status(run).is_final), None)
if active:
    st.info("A training is running.")
    navigation.show_link("train", "Watch it", ":material/play_arrow:", run=active.run_id)
chosen = run_picker.chosen_run()
run_picker.show_missing(chosen)
if chosen and chosen.is_evaluated and not chosen.cut_file:
    with messages.explain_errors():
        show_evaluated(chosen)
elif not active:
    show_newcomer()
else:
    st.title("zapcls", anchor=False)
if runs:
    st.subheader("Newest runs", anchor=False)
    for run in runs[:NEWEST]:
        with st.container(border=True):
            show_run(run)
if permissions.may("choose"):
    st.subheader("Data in use", anchor=False)
    show_data()
else:
    st.caption("This is a demo: finished runs to look at, and your own photos to classify.")
st.subheader("What each page answers", anchor=False)
cells = st.columns(2, gap="large")
for place, (page, (title, question)) in enumerate(ANSWERS.items()):
    with cells[place % 2]:
        navigation.show_link(page, f"**{title}**: {question}")
