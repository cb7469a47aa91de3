"""Average precision with its interval, and thresholds, on rankings whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, f1_score

from zapcls.analysis.metrics import build_predictions
from zapcls.analysis.ranking import (
    average_precision,
    find_threshold,
    mean_average_precision,
    read_scores,
)


def build_scores(prob, has_label, product_id=None):
    prob = np.asarray(prob, dtype=float)
    products = np.arange(len(prob)) if product_id is None else product_id
    return pd.DataFrame(
        {"image_id": range(len(prob)), "product_id": products, "prob": prob, "has_label": has_label}
    )


def draw_scores(rng, n, share=0.3, per_product=1):
    """Draw photos of which a share has the label; those are ranked higher as a rule."""
    product = np.arange(n) // per_product
    has = rng.random(product.max() + 1) < share
    score = rng.normal(0, 1, n) + rng.normal(0, 1, product.max() + 1)[product] + 1.5 * has[product]
    return build_scores(1 / (1 + np.exp(-score)), has[product], product)


@pytest.mark.parametrize("decimals", [1, 6])
def test_the_average_precision_is_that_of_scikit_learn_with_equal_scores_too(decimals):
    scores = draw_scores(np.random.default_rng(0), 200)
    scores["prob"] = scores["prob"].round(decimals)

    found = average_precision(scores)

    expected = average_precision_score(scores["has_label"], scores["prob"])
    assert found["rate"] == pytest.approx(expected)
    assert 0 <= found["low"] < found["rate"] < found["high"] <= 1


def test_order_and_index_of_the_photos_change_nothing():
    scores = draw_scores(np.random.default_rng(1), 100, per_product=3)
    mixed = scores.sample(frac=1, random_state=0)

    assert average_precision(mixed) == pytest.approx(average_precision(scores))


def test_the_interval_is_as_wide_as_rankings_vary():
    """The standard error that the interval comes from, beside that of drawing products anew."""
    rng = np.random.default_rng(2)
    drawn = [average_precision(draw_scores(rng, 600, per_product=3)) for _ in range(60)]

    width = np.median([one["high"] - one["low"] for one in drawn])

    spread = np.std([one["rate"] for one in drawn], ddof=1)
    assert width / (2 * 1.96) == pytest.approx(spread, rel=0.3)


def test_photos_of_one_product_tell_less_than_those_of_many():
    scores = draw_scores(np.random.default_rng(3), 60)
    repeated = pd.concat([scores] * 5).assign(image_id=range(5 * len(scores)))

    one, many = (
        average_precision(repeated.assign(product_id=ids))
        for ids in (repeated["product_id"], np.arange(len(repeated)))
    )

    assert one["rate"] == pytest.approx(many["rate"])
    assert one["high"] - one["low"] > 1.5 * (many["high"] - many["low"])


def test_a_perfect_ranking_of_few_is_not_certain():
    found = average_precision(build_scores([0.9, 0.8, 0.2, 0.1], [True, True, False, False]))

    assert found["rate"] == 1
    assert found["low"] < 0.5
    assert found["high"] == 1


def test_the_mean_leaves_out_labels_that_no_photo_has():
    rng = np.random.default_rng(4)
    first, second = draw_scores(rng, 80), draw_scores(rng, 80)
    nobody = first.assign(has_label=False)

    found = mean_average_precision([first, nobody, second])

    rates = [average_precision(scores)["rate"] for scores in (first, second)]
    assert found["rate"] == pytest.approx(np.mean(rates))
    assert np.isnan(mean_average_precision([nobody])["rate"])
    assert np.isnan(average_precision(nobody)["rate"])


def test_a_label_that_is_counted_twice_makes_the_mean_no_surer():
    scores = draw_scores(np.random.default_rng(5), 120)

    one = average_precision(scores)
    assert mean_average_precision([scores, scores]) == pytest.approx(one, rel=0.01)


def test_few_products_are_no_more_under_many_labels():
    scores = build_scores([0.9, 0.8, 0.2, 0.1], [True, True, False, False])

    assert mean_average_precision([scores] * 10) == average_precision(scores)


def test_the_scores_are_the_probabilities_of_the_label():
    split = pd.DataFrame(
        {"image_id": list("abc"), "product_id": list("xyz"), "split": ["valid", "valid", "tune"],
         "label": ["A", "not A", "A"]}
    )  # fmt: skip
    table, prob = build_predictions(split, np.array([[2, 0], [0, 1], [3, 0]]), ("A", "not A"), "k")

    scores = read_scores(table, ("A", "not A"), "valid")

    assert scores["prob"].to_numpy() == pytest.approx(prob[:2, 0])
    assert scores["has_label"].tolist() == [True, False]


def test_the_threshold_is_where_the_best_f1_is_expected():
    rng = np.random.default_rng(6)
    prob = rng.beta(0.5, 2, 4000)  # sure of what is so, as often as it says
    has = rng.random(4000) < prob

    threshold = find_threshold(prob, has)

    best = max(f1_score(has, prob >= least) for least in np.linspace(0.05, 0.95, 91))
    assert f1_score(has, prob >= threshold) == pytest.approx(best, abs=0.01)
    # Half the best F1 is the best threshold of calibrated probabilities (Lipton and others 2014).
    assert threshold == pytest.approx(best / 2, abs=0.03)


def test_equal_probabilities_are_given_the_label_together():
    prob = np.array([0.6] * 10 + [0.1] * 10)

    threshold = find_threshold(prob, np.arange(20) < 8)

    assert threshold == pytest.approx(0.35)


def test_few_photos_do_not_decide_by_their_luck():
    rng = np.random.default_rng(7)
    prob = rng.beta(0.5, 2, 4000)
    has = rng.random(4000) < prob
    expected, lucky = [], []
    for _ in range(60):
        few = rng.choice(4000, 40, replace=False)
        expected.append(find_threshold(prob[few], has[few]))
        given = prob[few] >= prob[few][:, None]  # (from each probability on, photos)
        f1 = 2 * (given & has[few]).sum(axis=1) / (given.sum(axis=1) + has[few].sum())
        lucky.append(prob[few][f1.argmax()])

    assert np.std(expected) < 0.7 * np.std(lucky)
    reached, by_luck = (
        np.mean([f1_score(has, prob >= least) for least in found]) for found in (expected, lucky)
    )
    assert reached > by_luck


def test_without_a_photo_a_label_is_given_where_it_is_likelier_than_not():
    assert find_threshold(np.array([]), np.array([], dtype=bool)) == 0.5
