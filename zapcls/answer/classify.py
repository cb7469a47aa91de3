"""Answers for photos through a run's `model.onnx`: what the pages use, without torch."""

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime

from zapcls.data import photo, pixels
from zapcls.data.framing import WHOLE, Closeness, Frame, cut, find_frame
from zapcls.data.task import Task
from zapcls.errors import ZapError
from zapcls.workspace.imports import check_has
from zapcls.workspace.runs import Run

# A session keeps the memory of the most that it was ever asked at once. So it is asked about a few
# photos at a time, for as many visitors as there are cores: that is as fast, and seven saliency
# maps at once take 90 MB.
_AT_ONCE = 4
TURNS = threading.Semaphore(os.cpu_count() or 1)
# A part of a photo is cut from so many times the pixels that the model takes of the whole.
_CLOSER = 4


def build_session(path: Path, remedy: str = "") -> onnxruntime.InferenceSession:
    """Open an ONNX model on all cores of the CPU.

    Raises:
        ZapError: the file is none, or is damaged; the sentence ends in `remedy`.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    options.log_severity_level = 3
    # Threads that spin while they wait take the core from torch, which makes the next batch.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own error classes share no base but this
        raise ZapError(
            f"{path} must be a whole ONNX model, but cannot be opened. {remedy}".strip()
        ) from error


def name_output(target: str) -> str:
    """Name the logits of a target among the outputs of a model about several."""
    return f"logits_{target}"


@dataclass(frozen=True)
class Classifier:
    """An ONNX model with input `pixels` (uint8, (n, side, side, 3)) and a softmax to come.

    Of a model about several targets it answers `target`, or all side by side where none is named.
    """

    path: Path
    target: str = ""
    remedy: str = ""  # what to do where the file is damaged
    opened: "Classifier | None" = None  # of the same file: its session is used

    def about(self, target: str) -> "Classifier":
        """Return one that answers another target with the same session."""
        return replace(self, target=target, opened=self)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        if self.opened:
            return self.opened._session
        return build_session(self.path, self.remedy)

    @property
    def side(self) -> int:
        """The side of the pixels that it takes, in px."""
        return int(self._session.get_inputs()[0].shape[1])

    def answer(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (n, classes) and embeddings (n, width), float32; n is 1 at least."""
        parts = []
        for start in range(0, len(images), _AT_ONCE):
            with TURNS:
                few = {"pixels": images[start : start + _AT_ONCE]}
                parts.append(self._session.run(self._outputs, few))
        *logits, embedding = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return np.concatenate(logits, axis=1), embedding

    @cached_property
    def _outputs(self) -> list[str]:
        names = [output.name for output in self._session.get_outputs()]
        own = name_output(self.target)
        return [own, "embedding"] if own in names else names

    def predict(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities (n, classes; rows sum to 1) and embeddings (n, width), float32."""
        logits, embedding = self.answer(images)
        return _softmax(logits), embedding


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Answer:
    """What a run says of one photo; `prob` by class, in the run's order."""

    label: str
    prob: dict[str, float]
    pixels: np.ndarray  # what the network was given: uint8, (side, side, 3)
    familiar: bool | None = None  # whether it looks like what was learned; None: not known
    sure: bool | None = None  # whether few such answers are wrong; None: not known


def open_classifier(run: Run, for_all: bool = False) -> Classifier:
    """Open the run's exported model, for the target that is looked at or for all of them.

    Raises:
        ZapError: the run has none yet.
    """
    check_has(run, "model", "classifying")
    if not run.onnx_path.is_file():
        raise ZapError(
            f"The run {run.run_id} has no exported model yet. Evaluate it, or choose another run."
        )
    return Classifier(run.onnx_path, "" if for_all else run.task.target, run.remedy)


def classify(
    classifier: Classifier, classes: list[str], source: Path | bytes, name: str | None = None
) -> Answer:
    """Classify one whole photo: the same preprocessing as the training's.

    Raises:
        BadInput: it is no regular file, not a picture, broken or too large.
    """
    square = see(source, name, classifier.side)
    [answer] = _answer(classifier, [Task("", tuple(classes))], square)
    return answer


def classify_targets(
    classifier: Classifier,
    tasks: Sequence[Task],
    source: Path | bytes,
    name: str | None = None,
    frame: Frame | None = None,
    known: Closeness | None = None,
) -> dict[str, Answer]:
    """Classify one photo under each target of a classifier for all, at once; raises as `classify`.

    `frame` and `known` are as `see` takes them. The keys are the targets, in the order of `tasks`.
    """
    answers = _answer(classifier, tasks, see(source, name, classifier.side, frame, known))
    return {task.target: answer for task, answer in zip(tasks, answers, strict=True)}


def see(
    source: Path | bytes,
    name: str | None,
    side: int,
    frame: Frame | None = None,
    known: Closeness | None = None,
) -> np.ndarray:
    """Return what a model is given of a photo: uint8, (side, side, 3).

    `frame` is the part that a person wants looked at. Without one it is the photo, unless its
    object is smaller than in the training photos, of which so much is `known`: it is then looked
    at as closely as they are.
    """
    if frame in (None, WHOLE):
        whole = photo.decode_image(source, name, side)
        frame = frame or find_frame(whole, known)
        if frame == WHOLE:
            return pixels.square(whole, side)
    return pixels.square(cut(photo.decode_image(source, name, _CLOSER * side), frame), side)


def _answer(classifier: Classifier, tasks: Sequence[Task], square: np.ndarray) -> Iterator[Answer]:
    """Answer one photo under each of some tasks, whose classes stand side by side."""
    logits, _ = classifier.answer(square[None])
    ends = np.cumsum([len(task.classes) for task in tasks])[:-1]
    for task, part in zip(tasks, np.split(logits, ends, axis=1), strict=True):
        [prob] = _softmax(part)
        label = task.classes[int(task.decide(prob))]
        yield Answer(label, dict(zip(task.classes, prob.tolist(), strict=True)), square)
