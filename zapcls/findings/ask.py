"""What is asked of a run: whose answers, grouped by which attribute, and about which claim."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import Any, TypeVar

from zapcls.blocks.charts import NEUTRAL
from zapcls.config import name_column
from zapcls.data.color import SWATCHES
from zapcls.data.recolor import EDITS
from zapcls.data.task import Task
from zapcls.errors import BadInput
from zapcls.evidence import Evidence

CLAIM = ("pink", "Women", "Men")  # the blog's: pink women's shoes are called men's
RUN, HEADS = "run", "oof"
SOURCES = {RUN: "this run, valid", HEADS: "label check, all photos"}
SPLIT = "valid"  # the out-of-fold answers all stand under it
SPLITS = (SPLIT, "tune", "train")
_NAMED = 20  # values that a sentence lists at most


@dataclass(frozen=True)
class Ask:
    """A question; hashable, so that what was found can be kept by it.

    `group`, `label` and `called` are the claim: are photos of this group and label called that
    more often than those of the other groups? `called` "" is any other class.
    """

    task: Task
    by: str = "color"  # the group column: an attribute with one value a photo
    group: str = "pink"
    label: str = ""
    called: str = ""
    source: str = RUN
    edit: str = "hue"  # of recolored photos: hue, or color (hue and lightness); "" for both
    split: str = SPLIT  # whose rates are shown: valid, tune or train; of the run's own answers

    @property
    def word(self) -> str:
        """The group column as a person writes it: color, sub-category."""
        return name_column(self.by)

    @property
    def words(self) -> str:
        """Its plural: colors, sub-categories."""
        return f"{self.word[:-1]}ies" if self.word.endswith("y") else f"{self.word}s"

    @property
    def source_name(self) -> str:
        """Whose answers these are, as a figure names them."""
        is_other = self.source == RUN and self.split != SPLIT
        return f"this run, {self.split}" if is_other else SOURCES[self.source]

    @property
    def photos_name(self) -> str:
        """Which photos the answers are about, within a sentence."""
        return {RUN: "valid", HEADS: "the catalogue"}[self.source]

    def noun(self, label: str = "", group: str | None = None, things: str = "") -> str:
        """Name the photos of a label and group: pink women's shoes; women's shoes of brand Acme.

        The claim's own label and group unless given; group "" names all groups together.
        """
        label, group = label or self.label, self.group if group is None else group
        if self.by == "color":
            return self.task.noun(label, things, group)
        named = self.task.noun(label, things)
        return f"{named} of {self.word} {group}" if group else named

    @property
    def called_name(self) -> str:
        """What photos of the claim are called: men's, or something else."""
        return self.task.name(self.called) if self.called else "something else"

    @property
    def nobody(self) -> str:
        """What stands for the rate of a group without photos: no such shoes."""
        return f"no such {self.task.things}"

    def swatch(self, group: str) -> str:
        """Return the color that marks a group in a chart: of a color itself, else grey."""
        return SWATCHES[group] if self.by == "color" and group in SWATCHES else NEUTRAL

    @property
    def another(self) -> str:
        """Where else photos of a product may be: in another color; of another brand."""
        return f"{'in' if self.by == 'color' else 'of'} another {self.word}"

    def within(self, group: str = "") -> str:
        """Describe where, of products in two groups: in pink; of brand Acme."""
        group = group or self.group
        return f"in {group}" if self.by == "color" else f"of {self.word} {group}"

    def gallery(self, group: str, label: str, **filters: Any) -> dict[str, Any]:
        """Return the gallery's filters that show the photos of a group and label of this source."""
        return self.view(**{self.by: [group], "label": [label]}, **filters)

    def view(self, **filters: Any) -> dict[str, Any]:
        """Return the gallery's filters that show some photos of this source and split."""
        of_source = {"split": self.split} if self.source == RUN else {"source": "label check"}
        return {**filters, **of_source}


def build_ask(evidence: Evidence, by: str = "color", source: str = RUN) -> Ask:
    """Ask about one group column, the blog's claim first.

    Where its color or its classes are not to be had the claim is about the group of most photos,
    the first class and the second.

    Raises:
        BadInput: there is no such attribute or source, no label check that has answered, or photos
            cannot be grouped by it.
    """
    if source not in SOURCES:
        raise BadInput(f"source must be one of {', '.join(SOURCES)}, got {source!r:.80}.")
    if source not in evidence.sources:
        raise BadInput(evidence.missing[source])
    groups, classes = evidence.list_groups(by, source), evidence.classes
    group = CLAIM[0] if by == "color" else next(iter(groups), "")
    label, called = CLAIM[1:] if set(CLAIM[1:]) <= set(classes) else classes[:2]
    return Ask(evidence.task, by, group, label, called, source)


def read_ask(evidence: Evidence, asked: Mapping[str, Any]) -> Ask:
    """Read a question from some of its fields, as a person or a program gives them.

    The rest is as `build_ask` has it. Of a label or an answer alone the other is another class.

    Raises:
        BadInput: a field or its value is unknown, or as `build_ask` does.
    """
    known = {field.name for field in fields(Ask)} - {"task"}
    for name in asked.keys() - known:
        raise BadInput(
            f"A question has the fields {', '.join(sorted(known))}, got {name!r}. Name one."
        )
    start = build_ask(evidence, asked.get("by", "color"), asked.get("source", RUN))
    if asked.get("label") == start.called or asked.get("called") == start.label:
        start = replace(start, label=start.called, called=start.label)
    ask = replace(start, **asked)
    for name, values in _list_values(evidence, ask).items():
        if name in asked and asked[name] not in values:
            listed = ", ".join(values[:_NAMED]) + (", ..." if len(values) > _NAMED else "")
            raise BadInput(f"{name} must be one of {listed}; got {asked[name]!r:.80}. Name one.")
    return ask


def _list_values(evidence: Evidence, ask: Ask) -> dict[str, Sequence[str]]:
    """List what there is of each field but `by` and `source`; "" (any, both) comes last."""
    splits = set(evidence.answers(ask.source)["split"])
    return {
        "group": evidence.list_groups(ask.by, ask.source),
        "label": evidence.classes,
        "called": [*(name for name in evidence.classes if name != ask.label), ""],
        "split": [split for split in SPLITS if split in splits],
        "edit": [*EDITS, ""],
    }


T = TypeVar("T")
Find = Callable[[Evidence, Ask], T]


def keep_by(needs: tuple[str, ...], *parts: str) -> Callable[[Find[T]], Find[T]]:
    """Keep what a function finds by `parts` of the question, until a table of `needs` changes.

    Another claim then costs nothing where only the group column and the source matter.
    """

    def decorate(find: Find[T]) -> Find[T]:
        @wraps(find)
        def find_once(evidence: Evidence, ask: Ask) -> T:
            key = (find.__module__, find.__name__, *(getattr(ask, part) for part in parts))
            return evidence.keep(key, needs, lambda: find(evidence, ask))

        return find_once

    return decorate
