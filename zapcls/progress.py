"""How long work tells how far it is, and learns that it should stop."""

from typing import Protocol


class Progress(Protocol):
    """Called by long work, often; the receiver decides how often to act on it."""

    def __call__(self, phase: str, done: int, total: int, **detail: object) -> None:
        """Report `done` of `total` steps (`total` 0: not known) of `phase`, a few plain words.

        `detail` holds figures in named units, such as `bytes_per_s` or `images_per_s`.

        Raises:
            Stopped: a person asked the work to stop.
        """


def begin_with(title: str, progress: Progress) -> Progress:
    """Build a `Progress` that puts a title before each phase."""

    def report(phase: str, done: int, total: int, **detail: object) -> None:
        progress(f"{title}: {phase}", done, total, **detail)

    return report


def silent(phase: str, done: int, total: int, **detail: object) -> None:
    """A `Progress` that nobody watches."""
