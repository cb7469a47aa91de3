"""Is it the color, or what comes with it? What the data teach, and each group against the rest."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from zapcls import charts, words
from zapcls.analysis.color_adjusted import FACTOR, Adjusted, fit_adjusted
from zapcls.analysis.color_association import (
    MIN_PRODUCTS,
    Association,
    compare_groups,
    measure_association,
)
from zapcls.data.color import BASIC_COLORS
from zapcls.ui import cache
from zapcls.ui.pairs_view import CHANCE, HEADS, RUN
from zapcls.workspace.runs import Run

SPLIT = "valid"  # the out-of-fold answers all stand under it
SIDES = {"crude": ("color alone", "circle-open"), "adjusted": ("sub-category held", "circle")}
ODDS_HELP = (
    "Odds are wrong answers per right one; the odds ratio is how many times higher they are than "
    "the color compared with has, 1 for no difference. Clustered by product: photos of one product "
    "err together, so that they are not counted as independent, and the intervals are wider."
)
DATA_HELP = (
    "Cramér's V says how far color and label go together, from 0 (not at all) to 1 (one tells the "
    "other). Mutual information is how many of the label's bits the color tells. Both are "
    "corrected for chance; intervals from drawing whole products again, 500 times."
)
GROUP_HELP = (
    "p: errors are moved between products of the label at random, 2,000 times. Corrected: Holm's "
    "for all rows together. Detectable: the smallest true difference that is found four times "
    "in five (p < 0.05, before the correction) with so many products."
)


def show_evidence(run: Run, color: str, label: str, classes: list[str]) -> None:
    """Show the answers that were chosen above ("pairs"): adjusted odds, the data, all groups."""
    source = RUN
    if cache.check(run).is_done and st.session_state.get("pairs") == HEADS:
        source = HEADS
    table = cache.predictions(run) if source == RUN else cache.checked_predictions(run)
    show_adjusted(run, table, source, color, label)
    show_association(run)
    show_groups(run, table, source, classes)


def show_adjusted(run: Run, table: pd.DataFrame, source: str, color: str, label: str) -> None:
    """Show the odds of an error by color, crude beside those with the sub-category held."""
    st.subheader("Is it the color, or what comes with it?", anchor=False)
    found = fit(str(run.path), source, label, len(table), table)
    sold = words.department(label)
    st.markdown(describe_odds(found, color, sold), help=ODDS_HELP)
    if not found.reference:
        return
    if found.odds["disagrees"].any():
        names = ", ".join(found.odds.loc[found.odds["disagrees"], "color"])
        st.warning(
            f"Color alone and with the sub-category held say different things of {names}: the odds "
            f"ratios differ by a factor over {FACTOR}, or in direction. What the color alone shows "
            "there comes in part with the kind of shoe."
        )
    st.plotly_chart(charts.odds(found), key="odds_chart", config={"displayModeBar": False})
    st.caption(
        f"{words.begin(source)}: odds of a wrong answer against {found.reference}, {sold} shoes; "
        f"{found.n_fitted:,} of {found.n:,} photos ({found.n_products:,} products) could be used. "
        f"Lines are 95 % intervals, clustered by product; pale: fewer than {MIN_PRODUCTS} products."
    )
    st.caption(describe_overlap(found, color, sold))
    with st.expander("Odds as a table"):
        st.caption(
            "Pooled: against all other colors within each sub-category (Mantel-Haenszel); same: p "
            "that this ratio is the same in all sub-categories (Breslow-Day). Both take photos "
            "for independent and are description only."
        )
        st.dataframe(write_odds(found), hide_index=True)


@st.cache_data(max_entries=8, show_spinner="Holding the kind of shoe…")
def fit(run_path: str, source: str, label: str, rows: int, _table: pd.DataFrame) -> Adjusted:
    """Fit the odds of one label's errors, once a run, source and label."""
    return fit_adjusted(_table, SPLIT, label)


def describe_odds(found: Adjusted, color: str, sold: str) -> str:
    """Say in a sentence what the two odds ratios of a color are."""
    rows = found.odds[found.odds["color"] == color]
    if rows.empty:
        return f"No such shoes: there are no {color} {sold} shoes."
    row = rows.iloc[0]
    if not found.reference:
        return (
            f"Too few errors: of the {found.n:,} {sold} photos no two colors have both right and "
            "wrong answers in a sub-category that they share."
        )
    if np.isnan(row["adjusted"]):
        pooled = "" if np.isnan(row["pooled"]) else (
            f" Against all other colors of the same sub-category the odds of an error are "
            f"**{ratio(row, 'pooled')}**, photos taken for independent."
        )  # fmt: skip
        return f"No odds ratio for {color} {sold} shoes: {row['note']}.{pooled}"
    is_told = row["p_holm"] < CHANCE
    said = "more often" if row["adjusted"] > 1 else "less often"
    return (
        f"For {color} {sold} shoes the odds of an error are **{ratio(row, 'crude')} times** those "
        f"of {found.reference} ones, and **{ratio(row, 'adjusted')} times** among shoes of the "
        "same sub-category: "
        f"**{'wrong ' + said if is_told else 'not to be told from chance'}** "
        f"(p = {row['adjusted_p']:.2g}, {row['p_holm']:.2g} corrected for the colors tried)."
    )


def ratio(row: Any, side: str) -> str:
    """Write an odds ratio with its interval: 1.42 (1.10 to 1.83)."""
    if np.isnan(row[side]):
        return "–"
    return f"{row[side]:.2f} ({row[f'{side}_low']:.2f} to {row[f'{side}_high']:.2f})"


def describe_overlap(found: Adjusted, color: str, sold: str) -> str:
    """Count the photos of sub-categories in which there is nothing to compare."""
    of_color = found.odds.loc[found.odds["color"] == color, "no_overlap"]
    alone = int(of_color.iloc[0]) if len(of_color) else found.n
    return (
        f"Without overlap: {alone:,} of {found.n:,} {sold} photos are of sub-categories with no "
        f"{color} shoe or nothing else, so that they cannot tell {color} from its kind; "
        f"{found.one_label:,} of all {found.n_split:,} photos are of sub-categories that are sold "
        "under one label only."
    )


def write_odds(found: Adjusted) -> pd.DataFrame:
    """Write the odds ratios out for reading; a color without one says why."""
    odds = found.odds
    sides = {"color alone": "crude", "sub-category held": "adjusted", "pooled": "pooled"}
    return pd.DataFrame(
        {
            "color": odds["color"],
            "photos": odds["n"],
            "products": odds["n_products"],
            "wrong": odds["hits"],
            **{
                name: [ratio(row, side) for _, row in odds.iterrows()]
                for name, side in sides.items()
            },
            "p, held": odds["adjusted_p"].map(words.write_p),
            "p, corrected": odds["p_holm"].map(words.write_p),
            "p, pooled": odds["pooled_p"].map(words.write_p),
            "same": odds["homogeneity_p"].map(words.write_p),
            "no overlap": odds["no_overlap"],
            "note": odds["note"].where(~odds["disagrees"], "crude and adjusted disagree"),
        }
    )


def show_association(run: Run) -> None:
    """Say how far color and label go together in the catalogue."""
    st.subheader("What the data teach: color and label", anchor=False)
    table = cache.predictions(run)
    st.markdown(describe_association(associate(str(run.path), len(table), table)), help=DATA_HELP)


@st.cache_data(max_entries=8, show_spinner="Drawing products again…")
def associate(run_path: str, rows: int, _table: pd.DataFrame) -> Association:
    """Measure the association of the run's catalogue, once a run."""
    return measure_association(_table)


def describe_association(found: Association) -> str:
    """Say the two figures with their intervals."""
    if np.isnan(found.cramers_v):
        return "There is but one color or one label here, so that neither can tell the other."
    return (
        f"Cramér's V **{found.cramers_v:.3f}** ({found.v_low:.3f} to {found.v_high:.3f}); the "
        f"color tells **{found.bits:.3f}** bits ({found.bits_low:.3f} to {found.bits_high:.3f}) of "
        f"the label's {found.label_bits:.2f}: {found.n:,} photos, {found.n_products:,} products of "
        "the catalogue, before any model."
    )


def show_groups(run: Run, table: pd.DataFrame, source: str, classes: list[str]) -> None:
    """Show each color and label against all other colors of the label."""
    st.subheader("Each color against the others", anchor=False)
    groups = compare(str(run.path), source, tuple(classes), len(table), table)
    told = int((groups["p_holm"] < CHANCE).sum())
    st.markdown(
        f"**{told:,} of {int(groups['p'].notna().sum()):,}** groups differ from the other colors "
        "of their label after the correction for how many were tried.",
        help=GROUP_HELP,
    )
    st.caption(f"{words.begin(source)}. Grey: fewer than {MIN_PRODUCTS} products.")
    st.dataframe(style_groups(groups), hide_index=True)


@st.cache_data(max_entries=8, show_spinner="Moving errors between products…")
def compare(
    run_path: str, source: str, classes: tuple[str, ...], rows: int, _table: pd.DataFrame
) -> pd.DataFrame:
    """Compare all groups, once a run and source."""
    return compare_groups(_table, SPLIT, BASIC_COLORS, classes)


def style_groups(groups: pd.DataFrame) -> Any:
    """Lay the groups out for reading, small ones in grey; an empty one says so."""
    rows = [row for _, row in groups.iterrows()]
    shown = pd.DataFrame(
        {
            "color": groups["color"],
            "sold as": groups["label"].map(words.department),
            "photos": groups["n"],
            "products": groups["n_products"],
            "wrong": [write_rate(row, "") for row in rows],
            "other colors": [write_rate(row, "_others") for row in rows],
            "points (95 % interval)": [write_difference(row) for row in rows],
            "p": groups["p"].map(words.write_p),
            "p, corrected": groups["p_holm"].map(words.write_p),
            "detectable, points": [_or_dash(row["detectable"], words.points) for row in rows],
            "mean probability of the label": [
                _or_dash(row["mean_prob"], "{:.3f}".format) for row in rows
            ],
            "too sure by, points": [_or_dash(row["calibration_gap"], words.points) for row in rows],
        }
    )
    grey = pd.Series(f"color: {charts.NEUTRAL}", index=shown.index).where(groups["is_small"], "")
    return shown.style.apply(lambda column: grey)


def _or_dash(value: float, write: Any) -> str:
    return "–" if np.isnan(value) else str(write(value))


def write_rate(row: Any, end: str) -> str:
    """Write an error rate with its interval; "no such shoes" where there are none."""
    if not row[f"n{end}"]:
        return "no such shoes"
    between = words.interval(row[f"low{end}"], row[f"high{end}"])
    return f"{words.percent(row[f'rate{end}'])} ({between})"


def write_difference(row: Any) -> str:
    """Write the difference of the rates with its interval in points."""
    if np.isnan(row["difference"]):
        return "–"
    return words.difference(row["difference"], row["difference_low"], row["difference_high"])
