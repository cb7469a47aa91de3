"""The worst errors as a quiz: photos whose answers are covered until a person has guessed."""

from typing import Any

import pandas as pd
import streamlit as st

from zapcls.blocks import numbers
from zapcls.data.task import Task
from zapcls.findings.ask import SPLIT
from zapcls.ui import cache, messages, navigation
from zapcls.ui.photos import thumbnail
from zapcls.workspace.runs import Run

SHOWN = 6
CARD_PX = 246  # three in a row at 1280 px
FEW_CLASSES = 3  # have a button each; of more, one button uncovers the answer
_GUESSES = "guesses"  # in the session: (run, image) -> the guess


def find_worst(run: Run, n: int = SHOWN) -> pd.DataFrame:
    """Find the errors of valid that the run is most sure of, each another product."""
    table = cache.evidence(run).labelled(SPLIT)
    wrong = table[table["wrong"]].sort_values(["prob", "image_id"], ascending=[False, True])
    return wrong.drop_duplicates("product_id").head(n)


def ask(rate: float, task: Task) -> str:
    """Ask in a heading: 11 of 100 shoes fooled it. Can you tell?"""
    return f"{round(100 * rate)} of 100 {task.things} fooled it. Can you tell?"


@st.fragment  # a guess draws nothing else anew
def show_quiz(run: Run) -> None:
    """Show the worst errors, large; a click on an answer uncovers label and prediction."""
    task, store = cache.evidence(run).task, cache.evidence(run).store
    with st.container(horizontal=True, gap="medium"):
        for image in find_worst(run).itertuples():
            with st.container(width=CARD_PX, gap="xsmall"):
                st.image(
                    thumbnail(store, image.row), width="stretch", output_format="JPEG",
                    alt=f"{task.thing} {image.image_id}, {image.color or 'no color'}",
                )  # fmt: skip
                show_card(run, image, task)


def show_card(run: Run, image: Any, task: Task) -> None:
    """Show the answers to choose from, or what was right once one is chosen."""
    guesses = st.session_state.setdefault(_GUESSES, {})
    guess = guesses.get((run.run_id, image.image_id))
    if guess is None:
        few = len(task.classes) <= FEW_CLASSES
        choices = (
            {task.name(name): name for name in task.classes} if few else {"Show the answer": ""}
        )
        with st.container(horizontal=True, gap="xsmall"):
            for text, name in choices.items():
                st.button(
                    messages.escape(numbers.begin(text)), key=f"guess-{image.image_id}-{name}",
                    on_click=guesses.__setitem__, args=((run.run_id, image.image_id), name),
                )  # fmt: skip
        return
    told = messages.escape(numbers.begin(task.describe(image.label)))
    called = messages.escape(task.name(image.prediction))
    mark = ":material/check: " if guess == image.label else ""
    st.markdown(f"{mark}**{told}.** It says {called}, {numbers.probability(image.prob)}.")
    navigation.show_link("errors", "Why?", ":material/search:", image=image.image_id)
