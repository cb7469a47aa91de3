"""How the answers to a few photos of tune move while a network trains."""

from html import escape

import pandas as pd
import streamlit as st

from zapcls.blocks import numbers
from zapcls.blocks.charts import class_colors
from zapcls.data.task import Task
from zapcls.ui import cache, messages
from zapcls.ui.photos import thumbnail
from zapcls.workspace.run_tables import read_watched
from zapcls.workspace.runs import Run

CARD_PX, BARS_PX = 112, 34  # eight cards in a row at 1280 px
STYLE = """<style>
.bars { display: flex; align-items: flex-end; gap: 1px; height: HEIGHTpx; }
.bars { background: color-mix(in srgb, currentColor 8%, transparent); }
.bars > span { flex: 1; min-height: 2px; max-width: 14px; }
</style>""".replace("HEIGHT", str(BARS_PX))


def show_watched(run: Run) -> None:
    """Show the photos that a training writes the answers to, a bar for each epoch below them."""
    table = read_watched(run)
    if table.empty:
        return
    task, store = run.task, cache.evidence(run).store
    colors = class_colors(task.classes)
    st.markdown(f"**How {len(table['row'].unique())} {task.things} of tune are answered**")
    with st.container(horizontal=True, gap="small"):
        for row, moves in table.groupby("row", sort=False):
            with st.container(width=CARD_PX, gap="xxsmall"):
                label = task.describe(task.classes[moves["label"].iloc[0]])
                st.image(thumbnail(store, int(str(row))), width="stretch", alt=label)
                st.html(STYLE + draw_bars(moves, task, colors))
                st.caption(write_answer(moves, task))
    st.caption(write_legend(task, colors))


def write_legend(task: Task, colors: dict[str, str]) -> str:
    """Write what a bar is, and which color stands for which class, where each has its own."""
    said = "A bar for each epoch: how likely the network finds the label"
    if len(set(colors.values())) < len(colors):
        return f"{said}."
    named = (
        f':color[■]{{foreground="{colors[name]}"}} {messages.escape(task.name(name))}'
        for name in task.classes
    )
    return f"{said}, in the color of its answer: {', '.join(named)}."


def draw_bars(moves: pd.DataFrame, task: Task, colors: dict[str, str]) -> str:
    """Draw a bar for each epoch: as high as the label is likely, in the color of the answer."""
    bars = "".join(
        f'<span style="height: {100 * move.prob_label:.0f}%; '
        f'background: {colors[task.classes[move.prediction]]}"></span>'
        for move in moves.itertuples()
    )
    told = ", ".join(numbers.probability(prob) for prob in moves["prob_label"])
    return f'<div class="bars" role="img" aria-label="{escape(told)}">{bars}</div>'


def write_answer(moves: pd.DataFrame, task: Task) -> str:
    """Write a photo's label, and what it is called after the latest epoch."""
    label, now = task.classes[moves["label"].iloc[0]], moves.iloc[-1]
    called = task.classes[int(now["prediction"])]
    sign = "✓" if called == label else "✕"
    answer = f"{task.name(called)} {numbers.probability(now['prob'])}"
    return messages.escape(f"{numbers.begin(task.name(label))}: {answer}") + f" {sign}"
