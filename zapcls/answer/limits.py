"""Where the answers of a run end: which are sure, and which photos look like what it learned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from zapcls.analysis.familiarity import Reference
from zapcls.answer.classify import (
    TURNS,
    Answer,
    build_session,
    classify_targets,
    open_classifier,
)
from zapcls.answer.prior import expect_even
from zapcls.config.priors import EVEN, LEARNED
from zapcls.config.risks import RISK
from zapcls.data.framing import Closeness
from zapcls.data.task import Task
from zapcls.errors import BadInput, ZapError
from zapcls.workspace.integrity import Types, read_checked
from zapcls.workspace.runs import Run

Classify = Callable[..., dict[str, Answer]]
LIMITS, REFERENCE, NETWORK = "answer.json", "familiar.npz", "familiar.onnx"


@dataclass(frozen=True)
class Limits:
    """What a run's evaluation found on tune; `targets` is as `answer.json` holds it."""

    path: Path
    targets: dict[str, Any]
    closeness: Closeness | None = None  # of the training photos; None: not known

    def temperature(self, target: str) -> float:
        """The temperature that the target's logits were divided by."""
        return self.targets[target]["temperature"]

    def shares(self, target: str) -> dict[str, float]:
        """The share of each class that the target was learned from; {} where it is not known.

        They are not known of a label among several, and where an older version evaluated the run.
        """
        return self.targets[target].get("shares", {})

    def expect(self, answer: Answer, target: str, prior: str) -> Answer:
        """Return an answer where classes are as frequent as the prior (one of PRIORS) says."""
        shares = self.shares(target)
        return expect_even(answer, shares) if prior == EVEN and shares else answer

    def is_sure(self, answer: Answer, target: str, risk: float = RISK) -> bool:
        """Whether no more than `risk` (one of `abstention.RISKS`) of such answers are wrong.

        What does not look familiar is never sure: its rate of errors is not known.
        """
        least = self.targets[target]["thresholds"][f"{risk:g}"].get(answer.label)
        is_likely = least is not None and answer.prob[answer.label] >= least
        return is_likely and answer.familiar is not False

    def judge(self, answer: Answer, target: str, risk: float = RISK) -> Answer:
        """Return an answer with `familiar` and `sure`."""
        answer = replace(answer, familiar=self.is_familiar(answer.pixels))
        return replace(answer, sure=self.is_sure(answer, target, risk))

    def judge_all(
        self, answers: Mapping[str, Answer], risk: float = RISK, prior: str = LEARNED
    ) -> dict[str, Answer]:
        """Return the answers about one photo, by target, with `familiar` and `sure`."""
        return {
            target: self.judge(self.expect(answer, target, prior), target, risk)
            for target, answer in answers.items()
        }

    def is_familiar(self, pixels: np.ndarray) -> bool:
        """Whether a photo (uint8, (side, side, 3)) looks like the training photos."""
        with TURNS:
            outputs = self._session.run(["features", "logits"], {"pixels": pixels[None]})
        return bool(self._reference.measure(*outputs)[0] <= self._reference.limit)

    @cached_property
    def _session(self) -> Any:
        return build_session(self.path / NETWORK, self._remedy)

    @cached_property
    def _reference(self) -> Reference:
        try:
            with np.load(self.path / REFERENCE, allow_pickle=False) as arrays:
                return Reference(**arrays)
        except (OSError, ValueError, TypeError, EOFError, BadZipFile) as error:
            raise ZapError(
                f"{self.path.name} must have a whole {REFERENCE}, but it cannot be read. "
                f"{self._remedy}"
            ) from error

    @property
    def _remedy(self) -> str:
        return f"Evaluate the run again: python -m zapcls evaluate {self.path.name}."


def find_limits(run: Run) -> Limits | None:
    """Find what a run knows of its limits; None where an older version evaluated it.

    Raises:
        Damaged: the file cannot be used.
    """
    if not (run.path / LIMITS).exists():
        return None
    thresholds = ("targets", run.task.target, "thresholds")
    content = read_checked(run.path / LIMITS, dict[tuple[str, ...], Types]({thresholds: dict}))
    closeness = content.get("closeness")
    return Limits(run.path, content["targets"], Closeness(**closeness) if closeness else None)


def explain_unknown(run: Run) -> str:
    """Explain why a run does not know its limits, and what to do."""
    if run.is_imported:
        return f"{run.run_id} was imported, so nobody knows which of its answers are sure."
    return (
        f"The run {run.run_id} was evaluated by an older version, so nobody knows which of its "
        "answers are sure and which photos are familiar to it. Evaluate it: python -m zapcls "
        f"evaluate {run.run_id}."
    )


def open_answering(run: Run, risk: float = RISK, prior: str = LEARNED) -> Classify:
    """Open what classifies a photo (a file or its bytes, and a name) and judges the answers.

    They are by target, with classes as frequent as `prior` (one of PRIORS) says.

    An even prior of a run that does not know the shares of its classes is refused (BadInput).

    Raises:
        ZapError: the run has no exported model yet.
    """
    classifier = open_classifier(run, for_all=True)
    limits, tasks = find_limits(run), run.tasks
    known = limits.closeness if limits else None

    def answer_photo(
        content: Path | bytes, name: str | None = None, prior: str = prior
    ) -> dict[str, Answer]:
        if prior == EVEN:
            _check_shares(run, limits)
        answers = classify_targets(classifier, tasks, content, name, known=known)
        return limits.judge_all(answers, risk, prior) if limits else answers

    return answer_photo


def _check_shares(run: Run, limits: Limits | None) -> None:
    """Check that a run knows how frequent its classes were in training."""
    asked = [task.target for task in run.tasks if not task.labels_of]
    if limits is None or not all(map(limits.shares, asked)):
        raise BadInput(
            "An even prior needs the shares of the classes in training, but "
            f"{run.run_id} does not know them. Evaluate the run again, or leave the prior out."
        )


def describe(answer: Answer, task: Task) -> str:
    """Describe in a few words whether an answer can be relied on; "" where that is not known."""
    if answer.familiar is False:
        return f"this does not look like {name_learned(task)}"
    return {None: "", True: "sure", False: "not sure"}[answer.sure]


def name_learned(task: Task) -> str:
    """Name what a run has learned from: a shoe, or the photos that it learned from."""
    if task.thing == "photo":
        return "the photos that it learned from"
    return f"{'an' if task.thing[0] in 'aeiou' else 'a'} {task.thing}"
