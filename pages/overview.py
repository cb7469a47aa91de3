"""Where am I, and what is the next step?"""

import streamlit as st

from zapcls.blocks import numbers
from zapcls.config import name_column
from zapcls.data.labels import summarize
from zapcls.ui import cache, messages, navigation, run_picker, run_state
from zapcls.workspace import jobs, permissions
from zapcls.workspace.imports import name_split
from zapcls.workspace.runs import list_runs

ANSWERS = {
    "data": ("Data", "What is in it, what was left out?"),
    "learning_rate": ("Learning rate", "How fast should it learn?"),
    "train": ("Train", "Start a training and watch it."),
    "results": ("Results", "How often is it wrong?"),
    "errors": ("Errors", "Which photos does it get wrong?"),
    "color_bias": ("Color bias", "Do the errors depend on color?"),
    "review": ("Review", "Which labels are wrong, and what if they were right?"),
    "compare": ("Compare", "Did it help?"),
    "classify": ("Classify", "What does it say of my photo?"),
    "similar": ("Similar", "What is like my photo, or goes with what I pick?"),
}


def show_beginning() -> None:
    """Offer the first training: on the data in use, else on the drawings."""
    if store and not store.is_drawn:
        st.markdown(f"Nothing is trained yet, and {messages.data_name()} is read.")
        navigation.show_link("train", "Train on it", icon=":material/play_arrow:")
        return
    st.markdown(
        "Nothing is trained yet. zapcls can draw its own catalogue of shoes and train a small "
        "network on it, so that every page has something to show."
    )
    run_state.show_first_try()


def show_data() -> None:
    """Show which data is in use, and the way to it."""
    st.subheader("Data in use", anchor=False)
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
st.title("zapcls", anchor=False)
st.markdown(
    "Train a network on the labels of a catalogue of photos, look at what it gets wrong, and find "
    "out why."
)
if not permissions.may("start"):
    st.caption("This is a demo: finished runs to look at, and your own photos to classify.")

runs = list_runs(cache.workspace())
store = cache.chosen_store()
left, right = st.columns([3, 2], gap="large")

with left:
    st.subheader("Next step", anchor=False)
    active = [run for run in runs[:5] if not jobs.read_status(run).is_final]
    evaluated = [run for run in runs if run.is_evaluated]
    if active:
        st.markdown("A training is running.")
        navigation.show_link(
            "train", "Watch it", icon=":material/play_arrow:", run=active[0].run_id
        )
    elif evaluated:
        st.markdown("Look at the photos that the newest run got wrong.")
        navigation.show_link(
            "errors", "Open its errors", icon=":material/image_search:", run=evaluated[0].run_id
        )
    else:
        show_beginning()

if permissions.may("choose"):
    with right:
        show_data()

if runs:
    st.subheader("Newest runs", anchor=False)
    for run in runs[:6]:
        with st.container(border=True):
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

st.subheader("What each page answers", anchor=False)
cells = st.columns(2, gap="large")
for place, (page, (title, question)) in enumerate(ANSWERS.items()):
    with cells[place % 2]:
        navigation.show_link(page, f"**{title}**: {question}")
