"""What the tables on color amount to, in sentences and written-out tables: pages and report alike.

Sentences mark what matters with `**`, as Markdown does.
"""

from typing import Any

import numpy as np
import pandas as pd

from zapcls import words
from zapcls.analysis.color_adjusted import FACTOR, Adjusted
from zapcls.analysis.color_association import MIN_PRODUCTS, Association

RUN, HEADS = "this run, valid", "out-of-fold, all photos"
CHANCE = 0.05  # a corrected p below it is not put down to chance
NO_PAIRS = "No product comes in two colors here, so that nothing can be paired."
HEADS_HELP = (
    "Out-of-fold: heads on the frozen network's features that never saw the product; they answer "
    "for all photos, but are not this run. A label check makes them."
)
PAIRS_HELP = (
    "Photos of one product under one label differ in little but their color. Each color's error "
    "rate is compared with that of the same products in other colors; a product counts once. p is "
    "from flipping, product by product, which of the two answers belongs to the color; Holm's "
    "correction is for all colors and labels together."
)
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
CLAIM_HELP = (
    "p: errors are moved between products of the label at random, 2,000 times. Corrected: Holm's, "
    "for all colors and ways. How large a difference must be to be found four times in five "
    "(p < 0.05, before the correction) follows from the number of products and the others' rate. A "
    "difference is called one where the corrected p is below 0.05 and the 95 % interval leaves 0 "
    "out."
)
GROUP_HELP = (
    "p: errors are moved between products of the label at random, 2,000 times. Corrected: Holm's "
    "for all rows together. Detectable: the smallest true rise that is found four times "
    "in five (p < 0.05, before the correction) with so many products."
)
ODDS_TABLE_HELP = (
    "Pooled: against all other colors within each sub-category (Mantel-Haenszel); same: p that "
    "this ratio is the same in all sub-categories (Breslow-Day). Both take photos for independent "
    "and are description only."
)


def describe_claim(rates: pd.DataFrame, color: str, label: str, called: str, where: str) -> str:
    """Say in a heading how many shoes of a color are called `called`; `where` names the photos."""
    mine, sold = rates.iloc[0], words.department(label)
    if not mine["n"]:
        return f"No such shoes: {where} has no {color} {sold} shoes."
    return (
        f"{mine['hits']:,} of {mine['n']:,} {color} {sold} shoes are called "
        f"{words.department(called)}: {words.percent(mine['rate'])}"
    )


def describe_reach(detectable: float, products: str) -> str:
    """Say which rise of a group's rate is found with so many products."""
    rise = "no rise at all" if detectable >= 1 else f"a rise of {100 * detectable:.1f} points"
    return f"With {products} {rise} is found four times in five"


def judge_claim(row: Any, tried: int, color: str, label: str, called: str) -> str:
    """Say what the others' rate, p and n allow to be said of a row of `compare_ways`.

    "" where there are no such shoes; `tried` counts the rows that p is corrected for.
    """
    sold, taken = words.department(label), words.department(called)
    if not row["n"]:
        return ""
    if not row["n_others"]:
        return f"There are no other {sold} shoes to compare with."
    low, high = row["difference_low"], row["difference_high"]
    said = (
        f"Of the other {sold} shoes it is {words.percent(row['rate_others'])} "
        f"({int(row['hits_others']):,} of {int(row['n_others']):,}): "
        f"**{words.difference(row['difference'], low, high)} points** for {color}; "
        f"p = {words.write_p(row['p'])}, corrected for the {tried:,} groups tried "
        f"{words.write_p(row['p_holm'])}. "
    )
    found = describe_reach(row["detectable"], f"{int(row['n_products']):,} {color} products")
    if row["p_holm"] < CHANCE and not low <= 0 <= high:
        more = "more" if row["difference"] > 0 else "less"
        return f"{said}**Called {taken} {more} often for {color}.** {found}."
    ending = "" if row["detectable"] >= 1 else ", a smaller one less often"
    return f"{said}**Not decidable at this n.** {found}{ending}."


def describe_pairs(row: Any, color: str, sold: str) -> str:
    """Say in a sentence what the pairs of one color allow to be said."""
    more = "more" if row["difference"] > 0 else "less"
    is_told = row["p_holm"] < CHANCE and not row["low"] <= 0 <= row["high"]
    said = f"wrong {more} often for the color" if is_told else "not to be told from chance"
    return (
        f"**{int(row['n_products']):,}** {sold} products come in {color} and in another color: "
        f"wrong in {words.percent(row['rate'])} in {color}, in "
        f"{words.percent(row['rate_other'])} otherwise, {words.points(row['difference'])} points "
        f"({words.points(row['low'])} to {words.points(row['high'])}): **{said}** "
        f"(p = {row['p']:.2g}, {row['p_holm']:.2g} corrected for the colors tried)."
    )


def explain_pairs(source: str, sold: str) -> str:
    """Say what the chart of the pairs shows."""
    return (
        f"{words.begin(source)}: {sold} shoes that come in several colors. Right of zero the color "
        "is answered wrong more often than the same products in other colors. Lines are 95 % "
        f"intervals over products; pale: fewer than {MIN_PRODUCTS} products."
    )


def write_pairs(found: pd.DataFrame) -> pd.DataFrame:
    """Write the differences of each color (the index of `found`) out for reading."""
    return pd.DataFrame(
        {
            "color": found.index,
            "products": found["n_products"],
            "pairs": found["n_pairs"],
            "one right, one wrong": found["discordant"].map(words.percent),
            "wrong in this color": found["rate"].map(words.percent),
            "wrong in others": found["rate_other"].map(words.percent),
            "points (95 % interval)": [
                words.difference(row.difference, row.low, row.high) for row in found.itertuples()
            ],
            "probability of the label": found["shift"].map(words.points),
            "p": found["p"].map("{:.2g}".format),
            "p, corrected": found["p_holm"].map("{:.2g}".format),
        }
    )


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
            f"**{write_ratio(row, 'pooled')}**, photos taken for independent."
        )  # fmt: skip
        return f"No odds ratio for {color} {sold} shoes: {row['note']}.{pooled}"
    is_told = row["p_holm"] < CHANCE
    said = "more often" if row["adjusted"] > 1 else "less often"
    return (
        f"For {color} {sold} shoes the odds of an error are **{write_ratio(row, 'crude')} times** "
        f"those of {found.reference} ones, and **{write_ratio(row, 'adjusted')} times** among "
        "shoes of the same sub-category: "
        f"**{'wrong ' + said if is_told else 'not to be told from chance'}** "
        f"(p = {row['adjusted_p']:.2g}, {row['p_holm']:.2g} corrected for the colors tried)."
    )


def warn_of_disagreement(found: Adjusted) -> str:
    """Name the colors whose crude and adjusted odds disagree, "" where none does."""
    names = ", ".join(found.odds.loc[found.odds["disagrees"].astype(bool), "color"])
    return names and (
        f"Color alone and with the sub-category held say different things of {names}: the odds "
        f"ratios differ by a factor over {FACTOR}, or in direction. What the color alone shows "
        "there comes in part with the kind of shoe."
    )


def explain_odds(found: Adjusted, source: str, sold: str) -> str:
    """Say what the chart of the odds shows, and of how many photos."""
    return (
        f"{words.begin(source)}: odds of a wrong answer against {found.reference}, {sold} shoes; "
        f"{found.n_fitted:,} of {found.n:,} photos ({found.n_products:,} products) could be used. "
        f"Lines are 95 % intervals, clustered by product; pale: fewer than {MIN_PRODUCTS} products."
    )


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


def write_ratio(row: Any, side: str) -> str:
    """Write an odds ratio with its interval: 1.42 (1.10 to 1.83)."""
    if np.isnan(row[side]):
        return "–"
    return f"{row[side]:.2f} ({row[f'{side}_low']:.2f} to {row[f'{side}_high']:.2f})"


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
                name: [write_ratio(row, side) for _, row in odds.iterrows()]
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


def describe_groups(groups: pd.DataFrame) -> str:
    """Say which groups of `compare_groups` differ from the other colors of their label."""
    told = groups[groups["p_holm"] < CHANCE].sort_values("p_holm")
    names = [
        f"{row['color']} {words.department(row['label'])} ({words.points(row['difference'])} "
        "points wrong)"
        for _, row in told.iterrows()
    ]
    named = f" They are: {', '.join(names)}." if names else ""
    return (
        f"**{len(told):,} of {int(groups['p'].notna().sum()):,}** groups differ from the other "
        f"colors of their label after the correction for how many were tried.{named}"
    )


def write_groups(groups: pd.DataFrame) -> pd.DataFrame:
    """Write the groups out for reading; an empty one says so."""
    rows = [row for _, row in groups.iterrows()]
    return pd.DataFrame(
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


def _or_dash(value: float, write: Any) -> str:
    return "–" if np.isnan(value) else str(write(value))


def write_rate(row: Any, end: str = "") -> str:
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
