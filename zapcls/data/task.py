"""What is learned: a column of the catalogue with its classes, or one label of it; their wording.

Nothing outside a task names a class or a department.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zapcls.config import DEFAULT_CLASSES, DEFAULT_TARGET, name_column

# UT Zappos names departments, not wearers: "sold as women's".
_DEPARTMENTS = {"Women": "women's", "Men": "men's", "Girls": "girls'", "Boys": "boys'"}
_UNSET = {"labels_of": "", "threshold": None}  # `task.json` leaves them out where they are so


@dataclass(frozen=True)
class Task:
    """A target with its classes in order; `thing` and `things` are what a photo shows.

    Without classes it asks for all of the target that have enough products (`labels.resolve`);
    `other`, if given, is then the class that the rarer ones are joined as.

    A *label* is one value of a column whose cells may name several, `labels_of`: its classes are
    the value and "not" the value, and its target is a name of its own (`build_label`). The first
    class is the answer from the probability `threshold` on; without one the likeliest class is.
    """

    target: str
    classes: tuple[str, ...]
    thing: str = "shoe"
    things: str = "shoes"
    other: str = ""
    labels_of: str = ""
    threshold: float | None = None

    @property
    def column(self) -> str:
        """The column of the catalogue that it is read from."""
        return self.labels_of or self.target

    @property
    def column_word(self) -> str:
        """That column as a person writes it: sub-category."""
        return name_column(self.column)

    @property
    def word(self) -> str:
        """What its classes are, as a person writes it: sub-category; of a label just that."""
        return "label" if self.labels_of else self.column_word

    @property
    def title(self) -> str:
        """Its name among several targets: sub-category, or material: Leather."""
        return f"{self.column_word}: {self.classes[0]}" if self.labels_of else self.word

    @property
    def words(self) -> str:
        """The plural of `word`: sub-categories, classes."""
        if self.word.endswith("y"):
            return f"{self.word[:-1]}ies"
        return f"{self.word}{'es' if self.word.endswith('s') else 's'}"

    @property
    def is_department(self) -> bool:
        """Whether the label is the shop's department, which a sentence names as women's shoes."""
        return self.target == DEFAULT_TARGET and self.thing == "shoe"

    @property
    def units(self) -> str:
        """What a split keeps together and a rate counts: products, or groups of photos."""
        return "products" if self.thing == "shoe" else "groups of photos"

    @property
    def verb(self) -> str:
        """What a photo is to its label: sold as women's, labelled Boots."""
        return "sold as" if self.is_department else "labelled"

    def name(self, label: str) -> str:
        """Name a class within a sentence: women's, or Boots. "Called men's", "called Boots"."""
        return _DEPARTMENTS.get(label, label) if self.is_department else label

    def describe(self, label: str) -> str:
        """Describe what the catalogue says of a photo: sold as women's, (not) labelled Boots."""
        if self._is_without(label):
            return f"not {self.verb} {self.classes[0]}"
        return f"{self.verb} {self.name(label)}"

    def _is_without(self, label: str) -> bool:
        """Whether a class says that the label is not there."""
        return bool(self.labels_of) and label == self.classes[1]

    def noun(self, label: str, things: str = "", group: str = "") -> str:
        """Name the photos of a class: pink women's shoes, or pink shoes labelled Boots.

        `things` is the noun (products, photos; the task's own things unless given); `group` stands
        before it as an adjective.
        """
        noun = things or self.things
        if self.is_department:
            return " ".join(filter(None, (group, self.name(label), noun)))
        return f"{group} {noun} {self.describe(label)}".strip()

    def decide(self, prob: np.ndarray) -> np.ndarray:
        """Return the index of the class that is the answer, of probabilities (..., classes)."""
        if self.threshold is None:
            return prob.argmax(axis=-1)
        return (prob[..., 0] < self.threshold).astype(int)

    def to_json(self) -> dict[str, Any]:
        """Return what `task.json` holds; `read_task` reads it."""
        facts = asdict(self) | {"classes": list(self.classes)}
        return {key: value for key, value in facts.items() if value != _UNSET.get(key, ...)}


def read_task(content: Mapping[str, Any]) -> Task:
    """Read a task from what `Task.to_json` wrote."""
    things = content["thing"], content["things"], content.get("other", "")
    label = {key: content.get(key, value) for key, value in _UNSET.items()}
    return Task(content["target"], tuple(content["classes"]), *things, **label)


def build_label(column: str, value: str, thing: str, things: str) -> Task:
    """Build the task of one value of a column whose cells may name several: is it named?"""
    classes = (value, f"not {value}")
    return Task(f"{column}: {value}", classes, thing, things, labels_of=column)


def gather_labels(tasks: Sequence[Task]) -> list[list[Task]]:
    """Gather the labels of a column in one list; any other task stands alone in its own."""
    gathered: dict[str, list[Task]] = {}
    for task in tasks:
        gathered.setdefault(task.column, []).append(task)
    return list(gathered.values())


DEFAULT_TASK = Task(DEFAULT_TARGET, DEFAULT_CLASSES)
