"""Which training options lessen color bias, and what they cost? Job, charts and table."""

import streamlit as st

from zapcls.analysis.trade import ALL_SEEDS, FLIP, TESTED, WORST
from zapcls.charts.trade import trade
from zapcls.color_options import BASE, MOST_SEEDS, OPTIONS, SEEDS, find_obstacle
from zapcls.ui import job_view
from zapcls.words.trade import (
    FLIP_HELP,
    TRADE_HELP,
    describe_answer,
    describe_flips,
    describe_measure,
    explain_trainings,
    name_measure,
    write_trade,
)
from zapcls.workspace.runs import Run, read_trade

START_HELP = "\n".join(
    f"- **{option.title}**: {option.help}" for name, option in OPTIONS.items() if name != BASE
)


def show_trade(run: Run) -> None:
    """Show what training options cost and bring, or what is to be done to know it."""
    st.subheader("What lessens it, and at what price", anchor="trade")
    obstacle = find_obstacle(run.train_config)
    if obstacle:
        st.caption(obstacle)
        return
    found = read_trade(run)
    if found is None:
        st.markdown(
            "The head is trained anew on the run's frozen network, by each of these options and "
            "by none (Plain), and asked about the valid photos as they are and with the hue of "
            "the shoe moved."
        )
        show_start(run)
        return
    st.markdown(describe_answer(found), help=TRADE_HELP)
    left, right = st.columns(2, gap="large")
    for column, measure in ((left, WORST), (right, FLIP)):
        title = name_measure(found, measure)
        rows = found[(found["measure"] == measure) & (found["seed"] == ALL_SEEDS)]
        with column:
            if rows["n"].any():
                figure = trade(found, measure, title)
                st.plotly_chart(figure, key=f"trade-{measure}", config={"displayModeBar": False})
    st.caption(
        "Lower left is better. Lines are 95 % intervals of the difference to "
        f"{OPTIONS[BASE].title} (dotted): one that crosses a dotted line may be chance. Pale "
        f"points: single trainings. {explain_trainings(found)}"
    )
    for measure in TESTED:
        st.markdown(f"- {describe_measure(found, measure)}")
    st.markdown(describe_flips(found), help=FLIP_HELP)
    with st.expander("The options as a table"):
        st.dataframe(write_trade(found), hide_index=True)
    with st.expander("Train other options"):
        show_start(run)


def show_start(run: Run) -> None:
    """Choose options and start the job, or watch the one at work."""
    if job_view.is_at_work("trade", run):
        return
    others = [name for name in OPTIONS if name != BASE]
    names = st.pills(
        "Options", others, default=others, selection_mode="multi", key="trade_options",
        format_func=lambda name: OPTIONS[name].title, help=START_HELP, width="stretch",
    )  # fmt: skip
    seeds = st.number_input(
        "Trainings of each", 2, MOST_SEEDS, SEEDS, key="trade_seeds", width=160,
        help="Each with a seed of its own, so that what chance alone changes is seen.",
    )  # fmt: skip
    if st.button(
        "Train these options", type="primary", key="trade", icon=":material/balance:",
        disabled=not names,
    ):  # fmt: skip
        job_view.start_job("trade", run, options=[BASE, *names], seeds=int(seeds))
    st.caption(
        "Some minutes on two cores; what the frozen network gives is kept for the next time."
    )
