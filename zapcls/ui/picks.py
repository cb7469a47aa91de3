"""What a visitor likes and does not like: kept in the session, for each catalogue of its own."""

from dataclasses import dataclass, field

import streamlit as st

from zapcls.workspace.runs import Run


@dataclass
class Picks:
    """Image ids: what was picked and rejected, what the recommendations go by, what was shown."""

    liked: list[str] = field(default_factory=list)
    unliked: list[str] = field(default_factory=list)
    basis: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # liked and unliked of this round
    seen: list[str] = field(default_factory=list)  # in the rounds before

    def toggle(self, image_id: str, is_liked: bool) -> None:
        """Pick or reject a photo; a second time takes it back: a callback."""
        own, other = (self.liked, self.unliked) if is_liked else (self.unliked, self.liked)
        if image_id in own:
            own.remove(image_id)
            return
        own.append(image_id)
        if image_id in other:
            other.remove(image_id)

    def begin_round(self, shown: list[str]) -> None:
        """Go by what is picked now, and never again show what was `shown`: a callback."""
        self.seen += [image_id for image_id in shown if image_id not in self.seen]
        self.basis = tuple(self.liked), tuple(self.unliked)

    def clear(self) -> None:
        """Forget all of it: a callback."""
        self.liked, self.unliked, self.basis, self.seen = [], [], ((), ()), []


def read_picks(run: Run) -> Picks:
    """The picks among the photos of a run's catalogue."""
    return st.session_state.setdefault(f"picks-{run.facts['catalogue_id']}", Picks())
