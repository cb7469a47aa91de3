"""How numbers are written for a person: at most three digits, a unit, an interval."""

import math
from collections.abc import Callable, Sequence
from typing import Any

CHANCE = 0.05  # a corrected p at or above it is put down to chance


def begin(text: str) -> str:
    """Begin a sentence: the first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def join(names: Sequence[str], word: str = "and") -> str:
    """Join names as a person does: a, b and c."""
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def count(n: int, one: str, several: str = "") -> str:
    """Write a number of things: 1 photo, 1,418 photos."""
    return f"{n:,} {one if n == 1 else several or one + 's'}"


def percent(rate: float) -> str:
    """Write a rate with at most three digits: 0.0873 -> 8.7 %; what is not all is not 100 %.

    A dash stands where it is not known.
    """
    if math.isnan(rate):
        return "–"
    if 0 < rate < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= rate < 1:
        return "over 99.9 %"
    return f"{100 * rate:.{1 if 0 < rate < 1 else 0}f} %"


def probability(prob: float) -> str:
    """Write the probability of an answer: 0.903 -> 90 %; close to 0 or 1 with one more digit."""
    return f"{100 * prob:.0f} %" if 0.01 <= prob < 0.99 else percent(prob)


def sure(prob: float) -> str:
    """Write a probability as the end of a clause: ", 93 %"; "" where only the answer is known."""
    return "" if math.isnan(prob) else f", {probability(prob)}"


def balanced(rate: float | None) -> str:
    """Write the balanced error rate as the end of a sentence or a caption; "" where it is None."""
    return "" if rate is None else f" · {percent(rate)} with classes weighted equally"


def interval(low: float, high: float) -> str:
    """Write a 95 % interval: 7.3 to 10.2 %."""
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def rate(row: Any, end: str = "", nobody: str = "no such photos") -> str:
    """Write the rate, low and high of a row with its interval: 8.7 % (7.3 to 10.2 %).

    `end` is what the columns end in, such as "_others"; where n or n`end` is 0 it is `nobody`.
    """
    if not row.get(f"n{end}", row["n"]):
        return nobody
    return f"{percent(row[f'rate{end}'])} ({interval(row[f'low{end}'], row[f'high{end}'])})"


def learning_rate(value: float) -> str:
    """Write a learning rate with two digits: 0.0021 -> 2.1e-3."""
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits}e{int(exponent)}"


def duration(seconds: float) -> str:
    """Write a time: 48 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def points(difference: float) -> str:
    """Write a difference of rates in points: -0.0083 -> −0.8."""
    rounded = round(100 * difference, 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


def difference(middle: float, low: float, high: float) -> str:
    """Write a difference with its interval in points: −0.8 (−2.1 to +0.5); a dash for NaN."""
    if math.isnan(middle):
        return "–"
    return f"{points(middle)} ({points(low)} to {points(high)})"


def read_ends(row: Any, name: str = "difference") -> tuple[float, float, float]:
    """Return the value `name` of a row and the ends of its interval: `name`_low, `name`_high.

    Where the table has no `name`_low its interval is `low` and `high`.
    """
    own = f"{name}_" if f"{name}_low" in row else ""
    return row[name], row[f"{own}low"], row[f"{own}high"]


def change(row: Any, name: str = "difference") -> str:
    """Write a difference in a row of a table with its interval, in points; see `read_ends`."""
    return difference(*read_ends(row, name))


def p_value(p: float) -> str:
    """Write a p-value with two digits, more where it would seem to cross 0.05: 0.049, 0.0497.

    A dash stands where there is none.
    """
    if math.isnan(p):
        return "–"
    written = (f"{p:.{digits}g}" for digits in range(2, 18))
    return next(text for text in written if (float(text) < CHANCE) == (p < CHANCE))


def dash(value: float, write: Callable[[float], str]) -> str:
    """Write a number, or a dash where there is none."""
    return "–" if math.isnan(value) else write(value)
