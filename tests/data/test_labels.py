import pandas as pd
import pytest

from zapcls.data.catalog import IMAGE_MISSING, IMAGE_UNREADABLE
from zapcls.data.labels import (
    MIN_PRODUCTS,
    check_trainable,
    count_drops,
    label_rows,
    summarize,
)
from zapcls.data.task import DEFAULT_TASK, Task

CLOSURE = Task("closure", ("Zipper", "Buckle"))
ROWS = [  # product, gender, closure, image problem
    ("1", "Women", "Zipper", ""),
    ("1", "Women", "Zipper", IMAGE_MISSING),
    ("2", "Men", "Buckle", ""),
    ("2", " Men ", "Buckle", ""),
    ("3", "", "Zipper", ""),
    ("4", "Girls", "Zipper", ""),
    ("5", "Men;Women", "Buckle;Zipper", ""),
    ("5", "Men;Women", "", ""),
    ("6", "Men;Women", "Zipper", IMAGE_MISSING),
    ("7", "", "Velcro", IMAGE_UNREADABLE),
    ("8", "women", "Zipper", ""),
]


@pytest.fixture
def table():
    columns = ["product_id", "gender", "closure", "image_problem"]
    return pd.DataFrame(ROWS, columns=columns, dtype="str")


def build_products(**counts):
    """Return a cleaned table with this many products of each label, two images a product."""
    labels = [label for label, count in counts.items() for _ in range(count)]
    rows = [(str(n), label) for n, label in enumerate(labels) for _ in range(2)]
    return pd.DataFrame(rows, columns=["product_id", "label"]).assign(kept=True, drop_reason="")


def test_each_row_has_a_label_or_the_first_reason_that_fits(table):
    cleaned = label_rows(table, DEFAULT_TASK)

    assert list(zip(cleaned["label"], cleaned["drop_reason"], strict=True)) == [
        ("Women", ""),
        ("", "image missing"),
        ("Men", ""),
        ("Men", ""),
        ("", "blank gender"),
        ("", "another gender"),
        ("", "several genders"),
        ("", "several genders"),
        ("", "image missing"),
        ("", "image unreadable"),
        ("", "another gender"),
    ]
    assert cleaned["kept"].tolist() == [True, False, True, True] + [False] * 7


def test_the_table_given_is_left_alone(table):
    before = table.copy()

    label_rows(table, DEFAULT_TASK)

    pd.testing.assert_frame_equal(table, before)


def test_labels_of_an_earlier_target_are_replaced(table):
    again = label_rows(label_rows(table, CLOSURE), DEFAULT_TASK)

    pd.testing.assert_frame_equal(again[table.columns], table)
    assert again["label"].tolist() == label_rows(table, DEFAULT_TASK)["label"].tolist()


def test_reasons_speak_of_the_chosen_target(table):
    cleaned = label_rows(table, CLOSURE)

    assert count_drops(cleaned) == {
        "image missing": 2,
        "several closures": 1,
        "blank closure": 1,
        "image unreadable": 1,
    }
    assert cleaned["label"].value_counts().to_dict() == {"Zipper": 4, "Buckle": 2, "": 5}


def test_an_underscore_of_the_target_is_a_blank_in_the_reason(table):
    cleaned = label_rows(
        table.rename(columns={"closure": "heel_height"}), Task("heel_height", ("Flat",))
    )

    assert cleaned["drop_reason"].iloc[0] == "another heel height"


def test_chosen_classes_are_kept_whatever_they_are(table):
    cleaned = label_rows(table, Task("gender", ("Girls", "Men")))

    assert cleaned["label"].tolist() == ["", "", "Men", "Men", "", "Girls", "", "", "", "", ""]


def test_summary_counts_rows_classes_products_and_reasons(table):
    assert summarize(label_rows(table, DEFAULT_TASK)) == {
        "rows": 11,
        "kept": 3,
        "classes": {"Men": 2, "Women": 1},
        "products": 2,
        "dropped": {
            "image missing": 2,
            "another gender": 2,
            "several genders": 2,
            "blank gender": 1,
            "image unreadable": 1,
        },
    }
    assert list(summarize(label_rows(table, DEFAULT_TASK))) == [
        "rows",
        "kept",
        "classes",
        "products",
        "dropped",
    ]


def test_enough_products_of_each_class_can_be_trained_on():
    check_trainable(build_products(Women=MIN_PRODUCTS, Men=MIN_PRODUCTS), ["Women", "Men"])


def test_no_row_left_is_refused_with_the_reasons_and_their_counts(table, refuses):
    cleaned = label_rows(table.iloc[4:8], DEFAULT_TASK)

    with refuses("dropped all 4", "several genders 2", "blank gender 1", "another gender 1"):
        check_trainable(cleaned, ["Women", "Men"])


def test_a_class_without_photos_is_named(refuses):
    with refuses("Women, Men", "but Men has none"):
        check_trainable(build_products(Women=30), ["Women", "Men"])


def test_products_count_not_images(refuses):
    scarce = MIN_PRODUCTS - 1  # with two images each, these are 18 images

    with refuses(f"Each class needs {MIN_PRODUCTS} products or more", f"Men has {scarce}"):
        check_trainable(build_products(Women=30, Men=scarce), ["Women", "Men"])
