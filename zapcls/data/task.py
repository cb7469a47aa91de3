"""What is learned: one column of the catalogue with its classes, and how both are worded.

Nothing outside a task names a class or a department.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from zapcls.config import DEFAULT_CLASSES, DEFAULT_TARGET, name_column

# UT Zappos names departments, not wearers: "sold as women's".
_DEPARTMENTS = {"Women": "women's", "Men": "men's", "Girls": "girls'", "Boys": "boys'"}


@dataclass(frozen=True)
class Task:
    """A target with its classes in order; `thing` and `things` are what a photo shows.

    Without classes it asks for all of the target that have enough products (`labels.resolve`);
    `other`, if given, is then the class that the rarer ones are joined as.
    """

    target: str
    classes: tuple[str, ...]
    thing: str = "shoe"
    things: str = "shoes"
    other: str = ""

    @property
    def word(self) -> str:
        """The target as a person writes it: sub-category."""
        return name_column(self.target)

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
        """Describe what the catalogue says of a photo: sold as women's, or labelled Boots."""
        return f"{self.verb} {self.name(label)}"

    def noun(self, label: str, things: str = "", group: str = "") -> str:
        """Name the photos of a class: pink women's shoes, or pink shoes labelled Boots.

        `things` is the noun (products, photos; the task's own things unless given); `group` stands
        before it as an adjective.
        """
        noun = things or self.things
        if self.is_department:
            return " ".join(filter(None, (group, self.name(label), noun)))
        return f"{group} {noun} labelled {label}".strip()

    def to_json(self) -> dict[str, Any]:
        """Return what `task.json` holds; `read_task` reads it."""
        return asdict(self) | {"classes": list(self.classes)}


def read_task(content: Mapping[str, Any]) -> Task:
    """Read a task from what `Task.to_json` wrote."""
    things = content["thing"], content["things"], content.get("other", "")
    return Task(content["target"], tuple(content["classes"]), *things)


DEFAULT_TASK = Task(DEFAULT_TARGET, DEFAULT_CLASSES)
