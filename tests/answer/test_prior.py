"""Answers where the classes are as frequent as one another, unlike in training."""

import numpy as np
import pytest

from zapcls.answer.classify import Answer
from zapcls.answer.prior import expect_even


def test_an_even_prior_takes_the_shares_of_training_out_of_the_odds():
    learned = Answer("Women", {"Women": 0.6, "Men": 0.4}, np.zeros((8, 8, 3)), True, True)

    even = expect_even(learned, {"Women": 0.75, "Men": 0.25})

    assert even.prob == pytest.approx({"Women": 1 / 3, "Men": 2 / 3})  # odds 1.5 to 1, over 3 to 1
    assert even.label == "Men"
    assert even.familiar


def test_equal_shares_change_nothing():
    prob = {"a": 0.5, "b": 0.3, "c": 0.2}

    even = expect_even(Answer("a", prob, np.zeros((8, 8, 3))), dict.fromkeys("abc", 1 / 3))

    assert even.prob == pytest.approx(prob)
    assert even.label == "a"
