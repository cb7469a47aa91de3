import math

import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.analysis.metrics import (
    average_classes,
    build_predictions,
    count_calibration,
    count_confusions,
    error_by_class,
    error_by_split,
    f1_by_class,
    guess_error_rate,
    labelled,
    macro_f1,
    order_by_confusion,
    precision_by_class,
    summarize_classes,
)

CLASSES = ["Women", "Men"]
SPLIT = pd.DataFrame(
    [
        ("1-1", "1", "gender", "Women", "Women", "valid", ""),
        ("2-1", "2", "gender", "Women", "Men", "train", ""),
        ("3-1", "3", "gender", "Men", "Men", "tune", ""),
        ("4-1", "4", "gender", "", "", "none", "several genders"),
    ],
    columns=list(schema.SPLIT),
)
# The softmax of (ln a, ln b) is (a, b) / (a + b).
LOGITS = np.log(np.array([[3, 1], [1, 4], [1, 9], [9, 1]], dtype=np.float32))


def test_predictions_are_the_softmax_of_the_logits():
    table, prob = build_predictions(SPLIT, LOGITS, CLASSES, "gender")

    assert prob == pytest.approx(np.array([[0.75, 0.25], [0.2, 0.8], [0.1, 0.9], [0.9, 0.1]]))
    assert prob.dtype == np.float32
    assert table["prediction"].tolist() == ["Women", "Men", "Men", "Women"]
    assert table["prob"].tolist() == pytest.approx([0.75, 0.8, 0.9, 0.9])
    assert table["prob_label"].tolist()[:3] == pytest.approx([0.75, 0.2, 0.9])
    assert table["loss"].tolist()[:3] == pytest.approx([math.log(4 / 3), math.log(5), 0.1053605])
    assert table["correct"].tolist() == [True, False, True, False]
    assert table["catalog_label"].tolist() == ["Women", "Men", "Men", ""]
    assert table[["prob_label", "loss"]].iloc[3].isna().all()  # it has no label
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == schema.PREDICTIONS
    facts = ["image_id", "product_id", "label", "split"]
    assert (table[facts] == SPLIT[facts]).all(axis=None)
    assert (set(table["target"]), set(table["source"])) == ({"gender"}, {"run"})


def test_the_order_of_the_classes_is_that_of_the_columns():
    table, prob = build_predictions(SPLIT, LOGITS[:, ::-1], CLASSES[::-1], "gender")

    assert prob[0] == pytest.approx([0.25, 0.75])
    assert table["prediction"].tolist() == ["Women", "Men", "Men", "Women"]
    assert table["prob_label"].tolist()[:3] == pytest.approx([0.75, 0.2, 0.9])


def test_three_classes_and_large_logits():
    split = SPLIT.iloc[:2].assign(label=["Boots", "Sandals"])
    logits = np.array([[2000.0, 0.0, 2000.0], [0.0, 1000.0, 0.0]], dtype=np.float32)

    table, prob = build_predictions(split, logits, ["Sandals", "Shoes", "Boots"], "category")

    assert prob == pytest.approx(np.array([[0.5, 0, 0.5], [0, 1, 0]]))
    assert table["loss"].tolist() == pytest.approx([math.log(2), 1000])
    assert table["prediction"].tolist() == ["Sandals", "Shoes"]  # the first of a tie


@pytest.fixture
def table(build_table):
    """Two wrong of four in valid (one product twice), one of two in tune, none of one in train."""
    return build_table(
        [
            {"product_id": "a"},
            {"product_id": "a", "prediction": "Men"},
            {"label": "Men", "prediction": "Men"},
            {"label": "Men"},
            {"split": "tune"},
            {"split": "tune", "label": "Men"},
            {"split": "train", "label": "Men", "prediction": "Men"},
            {"split": "none", "label": ""},
        ]
    )


def test_rates_count_rows_with_a_label_only(table):
    assert len(labelled(table)) == 7
    assert labelled(table, "valid")["wrong"].tolist() == [False, True, False, True]
    assert labelled(table, "none").empty


def test_error_by_split_is_in_the_order_of_the_story_and_leaves_out_unlabelled_rows(table):
    rates = error_by_split(table)

    assert rates[["split", "n", "n_products", "hits", "rate"]].values.tolist() == [
        ["train", 1, 1, 0, 0.0],
        ["tune", 2, 2, 1, 0.5],
        ["valid", 4, 3, 2, 0.5],
    ]
    assert error_by_split(table[:0]).empty


def test_error_by_class_follows_the_classes_and_an_absent_one_has_no_rate(table):
    rates = error_by_class(table, ["Men", "Girls", "Women"], "valid")

    assert rates["label"].tolist() == ["Men", "Girls", "Women"]
    assert rates["n"].tolist() == [2, 0, 2]
    assert rates["rate"].tolist() == pytest.approx([0.5, math.nan, 0.5], nan_ok=True)


def draw_answers(rng, products, per_class, shared=0.0):
    """Draw right and wrong answers of five classes; a product's luck is common to its classes."""
    size = 5 * per_class
    luck = np.repeat(rng.normal(0, shared, products), size)
    label = np.tile(np.repeat(list("ABCDE"), per_class), products)
    is_wrong = rng.random(products * size) < 1 / (1 + np.exp(2 - luck))
    return pd.DataFrame(
        {"product_id": np.repeat(np.arange(products), size), "label": label, "split": "valid",
         "correct": ~is_wrong}
    )  # fmt: skip


def test_the_balanced_rate_counts_each_class_with_photos_alike(table):
    rates = error_by_class(table, ["Men", "Girls", "Women"], "valid").set_index("label")

    balanced = average_classes(table, ["Men", "Girls", "Women"], "valid")
    alone = average_classes(table, ["Men", "Girls"], "valid")

    men, women = rates.loc["Men"], rates.loc["Women"]
    reach = {name: abs(men[name] - men["rate"]) for name in ("low", "high")}
    other = {name: abs(women[name] - women["rate"]) for name in ("low", "high")}
    assert balanced["rate"] == pytest.approx((men["rate"] + women["rate"]) / 2)
    assert balanced["low"] == pytest.approx(0.5 - math.hypot(reach["low"], other["low"]) / 2)
    assert balanced["high"] == pytest.approx(0.5 + math.hypot(reach["high"], other["high"]) / 2)
    assert alone == {name: pytest.approx(men[name]) for name in ("rate", "low", "high")}


def test_the_balanced_rate_holds_where_products_have_photos_of_every_class():
    rng, true = np.random.default_rng(0), []
    truth = draw_answers(rng, 4000, 4, shared=1.0)
    rate = 1 - truth["correct"].mean()

    for _ in range(120):
        found = average_classes(draw_answers(rng, 40, 4, shared=1.0), list("ABCDE"), "valid")
        true.append(found["low"] <= rate <= found["high"])

    assert np.mean(true) > 0.9  # 0.86 if the classes are taken for independent


def test_classes_are_summarized_on_valid_without_those_that_have_no_photo(table):
    told = summarize_classes(table, ["Men", "Girls", "Women"])

    assert told["balanced"]["rate"] == 0.5
    assert list(told["classes"]) == ["Men", "Women"]
    assert (told["classes"]["Men"]["n"], told["classes"]["Men"]["errors"]) == (2, 1)


def test_f1_is_twice_the_right_ones_over_labels_and_calls(table):
    rates = f1_by_class(table, ["Men", "Girls", "Women"], "valid")

    assert rates["label"].tolist() == ["Men", "Girls", "Women"]
    # Women: 1 right, 2 labelled, 2 called; Men the same.
    assert rates["rate"].tolist() == pytest.approx([0.5, math.nan, 0.5], nan_ok=True)
    found = macro_f1(table, ["Men", "Girls", "Women"], "valid")
    assert found["rate"] == pytest.approx(0.5)
    assert 0 <= found["low"] < 0.5 < found["high"] <= 1


def test_the_interval_of_macro_f1_covers_it_in_nineteen_of_twenty_samples():
    """Products of three photos that are right or wrong together, of three classes."""
    rng, classes = np.random.default_rng(0), ["a", "b", "c"]
    chance = np.array([[0.8, 0.15, 0.05], [0.3, 0.6, 0.1], [0.1, 0.1, 0.8]])
    share = np.array([0.6, 0.3, 0.1])
    joint = share[:, None] * chance
    truth = (2 * np.diag(joint) / (joint.sum(axis=0) + joint.sum(axis=1))).mean()
    covered = 0
    for _ in range(100):
        label = np.repeat(rng.choice(3, 150, p=share), 3)
        called = np.repeat([rng.choice(3, p=chance[code]) for code in label[::3]], 3)
        table = pd.DataFrame({"label": np.array(classes)[label], "split": "valid"})
        table["prediction"] = np.array(classes)[called]
        table = table.assign(product_id=np.arange(450) // 3, correct=label == called)
        found = macro_f1(table, classes, "valid")
        covered += found["low"] <= truth <= found["high"]
    assert 89 <= covered < 100


def test_classes_that_are_confused_stand_together():
    names = [f"c{n}" for n in range(6)]
    counts = pd.DataFrame(np.eye(6, dtype=int) * 20, index=names, columns=names)
    for one, other in (("c0", "c3"), ("c1", "c5")):
        counts.loc[one, other] = counts.loc[other, one] = 9

    order = order_by_confusion(counts)

    assert sorted(order) == names
    assert abs(order.index("c0") - order.index("c3")) == 1
    assert abs(order.index("c1") - order.index("c5")) == 1
    assert sorted(order_by_confusion(counts * 0)) == names


def test_precision_is_of_the_photos_called_so(table):
    rates = precision_by_class(table[table["image_id"] != "i1"], ["Women", "Men", "Girls"], "valid")

    assert rates["prediction"].tolist() == ["Women", "Men", "Girls"]
    assert rates["n"].tolist() == [2, 1, 0]
    assert rates["rate"].tolist() == pytest.approx([0.5, 1.0, math.nan], nan_ok=True)


def test_confusions_count_label_by_prediction_and_show_empty_cells(table):
    counts = count_confusions(table, ["Women", "Men", "Girls"], "valid")

    assert counts.index.tolist() == counts.columns.tolist() == ["Women", "Men", "Girls"]
    assert counts.to_numpy().tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert count_confusions(table[:0], CLASSES, "valid").to_numpy().tolist() == [[0, 0], [0, 0]]


def test_calibration_bins_by_how_sure_the_run_was(build_table):
    table = build_table(
        [
            {"prob": 0.51},
            {"prob": 0.59, "prediction": "Men"},
            {"prob": 0.75},
            {"prob": 0.91},
            {"prob": 1.0},
            {"prob": 0.95, "label": ""},
            {"prob": 0.65, "split": "train"},
        ]
    )

    bins = count_calibration(table, "valid")

    assert bins["bin"].tolist() == pytest.approx([0.5, 0.7, 0.9])
    assert bins["mean_prob"].tolist() == pytest.approx([0.55, 0.75, 0.955])
    assert bins["n"].tolist() == [2, 1, 2]
    assert bins["rate"].tolist() == [0.5, 1.0, 1.0]
    nothing = count_calibration(table[:0], "valid")
    assert nothing.empty
    assert {"bin", "mean_prob", "n", "rate", "low", "high"} <= set(nothing.columns)


def test_guessing_names_train_s_most_frequent_label_on_another_split(build_table):
    table = build_table(
        [{"split": "train", "label": "Men"}] * 3
        + [{"split": "train"}] * 2
        + [{"split": "none", "label": ""}] * 9
        + [{"label": "Men"}]
        + [{"label": "Women"}] * 4
    )

    assert guess_error_rate(table, "valid") == 0.8
    assert guess_error_rate(table, "train") == 0.4
