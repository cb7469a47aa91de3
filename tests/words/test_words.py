"""What the pages write alike: rates, intervals, times and departments."""

import pytest

from zapcls import words


@pytest.mark.parametrize(
    ("rate", "written"),
    [(0.0873, "8.7 %"), (0, "0 %"), (1, "100 %"), (0.0004, "0.0 %"), (0.996, "100 %")],
)
def test_percent_has_three_digits_at_most(rate: float, written: str) -> None:
    assert words.percent(rate) == written


def test_interval() -> None:
    assert words.interval(0.0731, 0.102) == "7.3 to 10.2 %"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.4, "0 s"), (48, "48 s"), (59.7, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_duration(seconds: float, written: str) -> None:
    assert words.duration(seconds) == written


def test_a_label_is_the_shop_s_department() -> None:
    assert words.department("Women") == "women's"
    assert words.department("Slippers") == "Slippers"


@pytest.mark.parametrize(
    ("value", "written"), [(0.0021, "2.1e-3"), (0.00996, "1.0e-2"), (10, "1.0e1"), (1e-7, "1.0e-7")]
)
def test_a_learning_rate_has_two_digits(value: float, written: str) -> None:
    assert words.rate(value) == written


@pytest.mark.parametrize(
    ("text", "begun"), [("the drawings", "The drawings"), ("ut-Zap50K", "Ut-Zap50K"), ("", "")]
)
def test_a_sentence_begins_with_a_large_letter(text: str, begun: str) -> None:
    assert words.begin(text) == begun
