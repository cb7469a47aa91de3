"""Answers under another prior: other shares of each class than a network has learned."""

from collections.abc import Mapping
from dataclasses import replace

from zapcls.answer.classify import Answer


def expect_even(answer: Answer, shares: Mapping[str, float]) -> Answer:
    """Return an answer as it would be where each class is as frequent as the others.

    A network has learned how frequent each class is, and names the frequent ones more easily. Its
    probabilities are divided by those shares, and sum to 1 again (Saerens and others 2002).
    `shares` are those of the training photos, by class, each above 0.
    """
    weighed = {label: prob / shares[label] for label, prob in answer.prob.items()}
    total = sum(weighed.values())
    prob = {label: weight / total for label, weight in weighed.items()}
    return replace(answer, label=max(prob, key=prob.__getitem__), prob=prob)
