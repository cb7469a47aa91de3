"""What a trade of training options amounts to, in sentences and a table: for pages and commands.

Sentences mark what matters with `**`, as Markdown does. All take `schema.TRADE`.
"""

from typing import Any

import pandas as pd

from zapcls import words
from zapcls.analysis.trade import ALL_SEEDS, CONTROL, ERROR, EXCESS, FLIP, TESTED, WORST, judge
from zapcls.color_options import BASE, OPTIONS

NAMES = {ERROR: "error rate", FLIP: "share of answers that the hue flips"}
TRADE_HELP = (
    "All options are compared on the same photos with Plain: the run's own recipe for the head, "
    "the colors as they are. An option is said to lower or raise a figure where p, corrected for "
    "all options and the three figures (Holm), is below 0.05 and the 95 % interval leaves out "
    "zero. p flips, product by product, which of the two answers belongs to the option; the "
    "interval counts both products and trainings as chance. The worst color group is the one in "
    "which all options together err most on tune, photos that no rate here counts: the worst on "
    "valid would be so in part by chance."
)
FLIP_HELP = (
    "The hue of the shoe is moved to each basic color that it reaches at its own lightness, and "
    "the network answers again. A random edit moves it as far in another direction. What flips "
    "with the hue no more often than with a random edit is not about that color."
)


def name_measure(found: pd.DataFrame, measure: str) -> str:
    """Name a measure in a few words; the worst group by its color and label."""
    if measure != WORST:
        return NAMES[measure]
    group = found[found["measure"] == WORST].iloc[0]
    if not group["color"]:
        return "error rate of the worst color group"
    return f"error rate of {group['color']} {words.department(group['label'])} shoes"


def describe_answer(found: pd.DataFrame) -> str:
    """Say in a sentence what lowers each figure, what none does, and what raises any."""
    parts, kept = [], []
    known = [name for name in (FLIP, WORST, ERROR) if _mean_rows(found, name)["n"].any()]
    for measure in known:
        lowering = _list_options(found, measure, "lowers")
        if lowering:
            parts.append(_tell(lowering, "lower", name_measure(found, measure)))
        else:
            kept.append(f"the {name_measure(found, measure)}")
    if kept:
        parts.append(f"**none** lowers {_join(kept, 'or')}")
    for measure in known:
        raising = _list_options(found, measure, "raises")
        if raising:
            parts.append(_tell(raising, "raise", name_measure(found, measure)))
    count = found["option"].nunique() - 1
    return f"Of {count} option{'s' * (count > 1)}: {'; '.join(parts)}."


def describe_measure(found: pd.DataFrame, measure: str) -> str:
    """Say what one figure is without an option, and which options change it or may not."""
    rows = _mean_rows(found, measure).set_index("option", drop=False)
    base, name = rows.loc[BASE], words.begin(name_measure(found, measure))
    if not base["n"]:
        return f"**{name}**: no color group is large enough to be told apart from the others."
    sides: dict[str, list[str]] = {"lowers": [], "raises": [], "": []}
    for row in rows.drop(BASE).itertuples():
        change = words.difference(row.difference, row.difference_low, row.difference_high)
        said = judge(row)
        sides[said].append(f"{_title(row.option)} {change}" if said else _title(row.option))
    units = "edited photos" if measure == FLIP else "photos"
    parts = [
        f"**{name}**: {_write_rate(base)} for {_title(BASE)} ({base['n']:,} {units}, "
        f"{base['n_products']:,} products)."
    ]
    parts += [f"Lower with {_join(sides['lowers'])} points."] if sides["lowers"] else []
    parts += [f"Higher with {_join(sides['raises'])} points."] if sides["raises"] else []
    parts += [f"Not to be told from chance: {_join(sides[''])}."] if sides[""] else []
    return " ".join(parts)


def describe_flips(found: pd.DataFrame) -> str:
    """Say of the base line how much of what the hue flips a random edit flips too."""
    [flip, control, excess] = [
        _mean_rows(found, measure).set_index("option").loc[BASE]
        for measure in (FLIP, CONTROL, EXCESS)
    ]
    said = (
        f"For {_title(BASE)} a hue edit flips {words.percent(flip['rate'])} of the answers, a "
        f"random edit as far {words.percent(control['rate'])}: "
        f"{words.difference(excess['rate'], excess['low'], excess['high'])} points."
    )
    if excess["rate"] < control["rate"]:
        said += " Most of it is unsteadiness at any move of the hue, not at a certain color."
    return said


def explain_trainings(found: pd.DataFrame) -> str:
    """Say what was trained, and how often."""
    seeds = int((found["seed"].unique() != ALL_SEEDS).sum())
    return (
        f"Heads on the run's frozen network, {seeds} trainings of each option, mean over them; "
        "they are not this run, whose unfrozen phase they lack. Valid photos only."
    )


def write_trade(found: pd.DataFrame) -> pd.DataFrame:
    """Write the figures out for reading, a row an option."""
    means = found[found["seed"] == ALL_SEEDS].set_index(["measure", "option"])
    options = list(dict.fromkeys(found["option"]))
    columns = {"option": [_title(option) for option in options]}
    for measure in TESTED:
        rows, title = means.loc[measure].loc[options], name_measure(found, measure)
        columns[title] = [_write_rate(row) for _, row in rows.iterrows()]
        columns[f"{title}, change in points"] = [_write_change(row) for _, row in rows.iterrows()]
    columns["flips beyond those of random edits, points"] = [
        words.difference(row.rate, row.low, row.high)
        for row in means.loc[EXCESS].loc[options].itertuples()
    ]
    return pd.DataFrame(columns)


def _mean_rows(found: pd.DataFrame, measure: str) -> pd.DataFrame:
    return found[(found["measure"] == measure) & (found["seed"] == ALL_SEEDS)]


def _list_options(found: pd.DataFrame, measure: str, said: str) -> list[str]:
    rows = _mean_rows(found, measure).itertuples()
    return [_title(str(row.option)) for row in rows if judge(row) == said]


def _tell(options: list[str], verb: str, name: str) -> str:
    return f"**{_join(options)}** {verb if len(options) > 1 else f'{verb}s'} the {name}"


def _join(names: list[str], word: str = "and") -> str:
    """Join names as a person does: a, b and c."""
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _title(option: str) -> str:
    return OPTIONS[option].title if option in OPTIONS else option


def _write_rate(row: Any) -> str:
    if not row["n"]:
        return "no such shoes"
    return f"{words.percent(row['rate'])} ({words.interval(row['low'], row['high'])})"


def _write_change(row: Any) -> str:
    if pd.isna(row["difference"]):
        return "–"
    change = words.difference(row["difference"], row["difference_low"], row["difference_high"])
    return f"{change}, p {words.write_p(row['p_holm'])}"
