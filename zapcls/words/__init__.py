"""How numbers and labels are written for a person, the same on pages and in reports."""

import math

_DEPARTMENTS = {"Women": "women's", "Men": "men's", "Girls": "girls'", "Boys": "boys'"}


def department(label: str) -> str:
    """Name a class as the shop's department: Women -> women's; others stay as they are."""
    return _DEPARTMENTS.get(label, label)


def begin(text: str) -> str:
    """Begin a sentence: the first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def percent(rate: float) -> str:
    """Write a rate with at most three digits: 0.0873 -> 8.7 %."""
    digits = 1 if 0 < rate < 0.995 else 0
    return f"{100 * rate:.{digits}f} %"


def interval(low: float, high: float) -> str:
    """Write a 95 % interval: 7.3 to 10.2 %."""
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def rate(value: float) -> str:
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
    """Write a difference with its interval in points: −0.8 (−2.1 to +0.5)."""
    return f"{points(middle)} ({points(low)} to {points(high)})"


def write_p(p: float) -> str:
    """Write a p-value with two digits; a dash where there is none."""
    return "–" if math.isnan(p) else f"{p:.2g}"
