"""What can be decided on a photo, and how a decision is worded."""

from typing import Any, NamedTuple

from zapcls.analysis import decisions as rules
from zapcls.data.task import Task
from zapcls.ui import messages

FEW = 4  # right labels that have buttons; more are a list


class Decided(NamedTuple):
    """All that a decision needs of a photo: Streamlit keeps it as long as the session."""

    image_id: str
    product_id: str
    catalog_label: str


def take_needed(image: Any) -> Decided:
    """Take what a decision needs of a row of the predictions."""
    return Decided(image.image_id, image.product_id, image.catalog_label)


class Choice(NamedTuple):
    """One thing that can be decided on a photo."""

    text: str
    mark: str
    right_label: str
    help: str
    shortcut: str | None


def list_choices(label: str, task: Task) -> list[Choice]:
    """List what can be decided on a photo whose label in the catalogue is `label`."""
    others = [name for name in task.classes if name != label]
    word = "department" if task.is_department else "label"
    choices = [
        Choice(
            f"Should be {messages.escape(task.name(name))}", rules.LABEL_WRONG, name,
            f"The label is wrong; right is {messages.escape(task.name(name))}.",
            str(place) if len(others) <= FEW else None,
        )
        for place, name in enumerate(others, start=1)
    ]  # fmt: skip
    return [
        Choice("Label is right", rules.MODEL_WRONG, "", "The label is right; the run errs.", "l"),
        *choices,
        Choice(
            f"Another {word}", rules.LABEL_WRONG, rules.ANOTHER_LABEL,
            "The label is wrong, and the right one is none of these.", "o",
        ),
        Choice("Can't tell", rules.AMBIGUOUS, "", "Nobody could tell from this photo.", "t"),
        Choice(
            f"Not a {task.thing}", rules.NOT_A_SHOE, "",
            f"There is no {task.thing} in the photo.", "n",
        ),
    ]  # fmt: skip


def describe(mark: str, right_label: str, task: Task) -> str:
    """Name a decision in a few words: should be men's."""
    if mark != rules.LABEL_WRONG:
        return name_marks(task)[mark]
    is_another = right_label == rules.ANOTHER_LABEL
    return f"should be {right_label if is_another else task.name(right_label)}"


def name_marks(task: Task) -> dict[str, str]:
    """Name each kind of mark (`schema.MARKS`) in a few words."""
    return {
        rules.LABEL_WRONG: "label is wrong",
        rules.MODEL_WRONG: "label is right",
        rules.AMBIGUOUS: "can't tell",
        rules.NOT_A_SHOE: f"not a {task.thing}",
    }
