"""The kinds of values that a setting can have: which are allowed, how one is read and written."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zapcls.errors import BadInput

SUGGESTED = "suggested"


@dataclass(frozen=True)
class Kind:
    """What is known of a kind; each function below makes one."""

    field: str  # what the form draws: choice, columns, device, file, whole, ...; "" for nothing
    rule: str  # it follows "must be" in an error
    holds: Callable[[Any], bool]
    read: Callable[[str], Any] = str  # makes a value of a word of the command line
    write: Callable[[Any], str] = str  # puts a value into a sentence
    quote: Callable[[Any], str] = repr  # writes a value that is refused, as it was received
    remedy: str = ""  # what to do about it, a sentence, where the rule does not say so
    span: str = ""  # the values of a range, for a help text
    limits: tuple[Any, ...] = ()  # low, high and step of a number
    options: tuple[str, ...] = ()  # the words of a short list
    list_titles: Callable[[], Mapping[str, str]] = dict  # word -> title in the form


def choice(titles: Mapping[str, str], field: str = "choice") -> Kind:
    """One of a few words, each with its title in the form."""
    return Kind(
        field, f"one of {', '.join(titles)}", titles.__contains__, options=tuple(titles),
        list_titles=lambda: titles,
    )  # fmt: skip


def listed(list_titles: Callable[[], Mapping[str, str]], what: str, where: str) -> Kind:
    """One of the many words of a list that is read when it is needed."""
    return Kind(
        "choice", f"{what} on the tested list", lambda value: value in list_titles(),
        remedy=f"{where} lists them.", list_titles=list_titles,
    )  # fmt: skip


def file(titles: Mapping[str, str], suffix: str) -> Kind:
    """One of a few words, or the path of a file, whose title is the one of `suffix`."""
    words = tuple(word for word in titles if word != suffix)
    return Kind(
        "file", f"{', '.join(map(repr, words))} or the path of a {suffix} file",
        lambda value: value in words or value.endswith(suffix), list_titles=lambda: titles,
    )  # fmt: skip


def whole(low: int, high: int, unit: str = "", step: int = 1) -> Kind:
    """A whole number low..high; the form goes by `step`."""

    def write(value: Any) -> str:
        return f"{value} {unit}".strip()

    span = write(f"{low}..{high}")
    return Kind(
        "whole", f"a whole number {span}",
        lambda value: isinstance(value, int) and _is_number(value) and low <= value <= high,
        read=int, write=write, span=span, limits=(low, high, step),
    )  # fmt: skip


def share(high: float = 1) -> Kind:
    """A number 0..high, written in percent."""
    span = f"0..{high:g}"
    return Kind(
        "share", f"a number {span}", lambda value: _is_number(value) and 0 <= value <= high,
        read=float, write=lambda value: f"{100 * value:g} %", span=span,
        limits=(0.0, float(high), 0.05),
    )  # fmt: skip


def number(high: float) -> Kind:
    """A number 0..high."""
    kind = share(high)
    return dataclasses.replace(kind, write=lambda value: f"{value:g}")


def rate() -> Kind:
    """A learning rate, or "suggested"."""
    return Kind(
        "rate", "'suggested' or a number above 0 and up to 10",
        lambda value: value == SUGGESTED or (_is_number(value) and 0 < value <= 10),
        read=read_rate,
    )  # fmt: skip


def names(example: str) -> Kind:
    """Different names, two or more; () stands for all there are."""
    return Kind(
        "", "at least two different names, or none for all",
        lambda value: len(set(value)) == len(value) != 1,
        read=read_names, write=_write_names, quote=lambda value: repr(", ".join(value)),
        remedy=f"Example: {example}.",
    )  # fmt: skip


def columns(example: str) -> Kind:
    """One column of the catalogue, or several with commas between them, as one text."""
    return Kind(
        "columns", "one column or several different ones, with commas between them",
        lambda value: value != "" and ",".join(dict.fromkeys(read_names(value))) == value,
        read=lambda text: ",".join(read_names(text)),
        remedy=f"Example: {example}.",
    )  # fmt: skip


def name_column(column: str) -> str:
    """Name a column of the catalogue as a person writes it: sub-category, heel height."""
    return {"sub_category": "sub-category"}.get(column, column.replace("_", " "))


def name_columns(target: str) -> str:
    """Name all columns of a target in one phrase: gender, category and heel height."""
    *most, last = map(name_column, read_names(target) or ["nothing"])
    return f"{', '.join(most)} and {last}" if most else last


def read_rate(text: str) -> float | str:
    """Read a learning rate, or the word for one that the finder suggests."""
    return text if text == SUGGESTED else float(text)


def read_names(text: str) -> tuple[str, ...]:
    """Read names with commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def read_numbers(text: str) -> tuple[float, ...]:
    """Read three numbers with commas between them, one a channel.

    Raises:
        BadInput: it is something else.
    """
    try:
        values = tuple(map(float, text.split(",")))
    except ValueError:
        values = ()
    if len(values) != 3:
        raise BadInput(
            f"Mean and deviation must be three numbers with commas between them, got {text!r}. "
            "Example: 0.5,0.5,0.5."
        )
    return values


def _write_names(value: Any) -> str:
    *most, last = value or ["all classes"]
    return f"{', '.join(most)} and {last}" if most else last


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
