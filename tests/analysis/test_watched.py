import numpy as np
import pytest

from zapcls.analysis.watched import choose_watched


def build(prob_label):
    """Photos of two classes with these probabilities of their label."""
    codes = np.arange(len(prob_label)) % 2
    prob = np.empty((len(codes), 2))
    prob[np.arange(len(codes)), codes] = prob_label
    prob[np.arange(len(codes)), 1 - codes] = 1 - np.array(prob_label)
    return codes, prob


def test_half_of_them_are_wrong_and_each_half_is_spread_from_far_to_close():
    wrong, right = np.linspace(0.0, 0.45, 10), np.linspace(0.55, 1.0, 10)
    codes, prob = build(np.concatenate([right[::-1], wrong]))

    chosen = choose_watched(codes, prob)

    assert prob[chosen, codes[chosen]] == pytest.approx(
        [0.0, 0.15, 0.3, 0.45, 0.55, 0.7, 0.85, 1.0]
    )


@pytest.mark.parametrize(("n_wrong", "n_right", "wrong"), [(2, 20, 2), (20, 3, 5), (0, 9, 0)])
def test_where_one_kind_is_rare_the_other_makes_up_for_it(n_wrong, n_right, wrong):
    codes, prob = build([0.2] * n_wrong + [0.9] * n_right)

    chosen = choose_watched(codes, prob)

    assert len(set(chosen)) == 8
    assert (prob[chosen, codes[chosen]] < 0.5).sum() == wrong


def test_photos_without_a_label_are_not_chosen_and_few_are_all_chosen():
    codes, prob = build([0.2, 0.8, 0.3, 0.9])
    codes[2] = -1

    assert sorted(choose_watched(codes, prob)) == [0, 1, 3]
