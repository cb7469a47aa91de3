"""What a row of the table of settings says, and what follows from one row alone."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zapcls.config.kinds import Kind
from zapcls.errors import BadInput

Settings = Mapping[str, Any]  # name -> value
Words = str | Callable[[Any], str]  # "batch {}" with the written value, or what a value is said as

# The sections of the form with what stands above their fields; the first three are its columns,
# the others are folded.
SECTIONS = {
    "Network": "",
    "Schedule": "",
    "Data": "",
    "Reduce color bias": "What may keep the network from going by the color. Only training photos "
    "are changed, each in one way at most.",
    "Advanced": "",
}


@dataclass(frozen=True)
class Need:
    """What the other settings must be for this one to differ from its default."""

    holds: Callable[[Settings], bool]
    because: str  # why it must keep its default where that does not hold; names settings in braces


@dataclass(frozen=True)
class Curve:
    """How a learning-rate curve is said to depend on a setting: "taken <before> <words>"."""

    before: str
    words: Words = ""  # "": as the line says it
    concerns: Callable[[Settings, str], bool] = lambda settings, phase: True  # of (taken, phase)


@dataclass(frozen=True)
class Setting:
    """One setting of a training; the row has all that is known of it.

    `title` may name other settings in braces, which stand for the titles of their values.
    """

    name: str
    default: Any
    kind: Kind
    title: str  # of its field in the form
    help: str  # of its field and its option
    section: str  # of the form, "" where it has no field
    needs: tuple[Need, ...] = ()
    line: Words = ""  # how a training's one line says it; "" leaves it out
    is_quiet: bool = False  # the line leaves it out at its default
    curve: Curve | None = None  # None where no curve depends on it

    @property
    def option(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    def say(self, value: Any, words: Words = "") -> str:
        """Write what it is in `words`, else as the line does."""
        words = words or self.line
        return words(value) if callable(words) else words.format(self.kind.write(value))

    def find_obstacle(self, settings: Settings) -> str:
        """Find why it must keep its default under these settings, "" where it need not."""
        reasons = (need.because for need in self.needs if not need.holds(settings))
        return next(reasons, "").format_map(settings)

    def check(self, settings: Settings) -> None:
        """Check its value among all settings.

        Raises:
            BadInput: it is outside its range, or must keep its default.
        """
        value = settings[self.name]
        if not self.kind.holds(value):
            raise BadInput(
                f"{self.name} must be {self.kind.rule}, got {self.kind.quote(value)}. "
                f"{self.kind.remedy}".rstrip()
            )
        because = self.find_obstacle(settings) if value != self.default else ""
        if because:
            raise BadInput(
                f"{self.name} must be {self.default!r} because {because}; got {value!r}. "
                f"Set {self.name} to {self.default!r}."
            )


def row(default: Any, kind: Kind, title: str, section: str, help: str, **more: Any) -> Any:
    """Declare a setting as a field of a dataclass; `more` are other fields of `Setting`."""
    facts = {"kind": kind, "title": title, "section": section, "help": help, **more}
    return dataclasses.field(default=default, metadata=facts)


def list_settings(table: Any) -> dict[str, Setting]:
    """List the settings that a dataclass declares, by name, in its order."""
    return {
        field.name: Setting(field.name, field.default, **field.metadata)
        for field in dataclasses.fields(table)
    }
