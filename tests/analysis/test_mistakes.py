import pandas as pd
import pytest

from zapcls.analysis.mistakes import (
    SORTS,
    Filter,
    build_index,
    find_images,
    find_rows,
)

ROWS = [
    {"label": "Women", "prediction": "Men", "prob": 0.9, "loss": 2.3, "color": "pink"},  # i0
    {"label": "Men", "prediction": "Women", "prob": 0.6, "loss": 0.9, "category": "Boots"},  # i1
    {"label": "Women", "prediction": "Women", "prob": 0.7, "loss": 0.4, "color": "red"},  # i2
    {"label": "Women", "prediction": "Men", "prob": 0.6, "loss": 0.9, "sub_category": "Flats"},
    {"label": "Men", "prediction": "Women", "prob": 1.0, "loss": 9.9, "split": "train"},  # i4
    {"label": "", "prediction": "Women", "prob": 0.8, "loss": float("nan"), "split": "none"},
    {"label": "Men", "prediction": "Men", "prob": 0.95, "loss": 0.1, "split": "tune"},  # i6
]


@pytest.fixture
def table(build_table):
    return build_table(ROWS)


def find_ids(table, **wanted):
    return find_images(table, Filter(**wanted))["image_id"].tolist()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["i0", "i1", "i3"]),
        ({"split": "train"}, ["i4"]),
        ({"split": "tune"}, []),
        ({"split": ""}, ["i4", "i0", "i1", "i3"]),  # every labelled row
        ({"split": "none", "answer": "all"}, []),
        ({"label": ["Women"]}, ["i0", "i3"]),
        ({"label": ("Women", "Men")}, ["i0", "i1", "i3"]),
        ({"prediction": ["Women"]}, ["i1"]),
        ({"color": ["pink", "red"]}, ["i0"]),
        ({"color": ["green"]}, []),
        ({"category": ["Boots"]}, ["i1"]),
        ({"sub_category": ["Flats"]}, ["i3"]),
        ({"brand": ["Acme"]}, ["i0", "i1", "i3"]),
        ({"brand": ["Other"]}, []),
        ({"prob": (0.6, 0.6)}, ["i1", "i3"]),  # both ends belong to it
        ({"prob": (0.61, 1.0)}, ["i0"]),
        ({"loss": (0.9, 2.0)}, ["i1", "i3"]),
        ({"loss": (2.3, 9.9), "split": ""}, ["i4", "i0"]),
        ({"images": ["i3", "i1", "elsewhere"]}, ["i1", "i3"]),
        ({"images": []}, []),
        ({"images": ["i5"], "split": "", "answer": "all"}, []),  # it has no label
        ({"not_images": {"i1"}}, ["i0", "i3"]),
        ({"images": ["i0", "i1"], "not_images": ["i0", "i2"]}, ["i1"]),
        ({"answer": "right"}, ["i2"]),
        ({"answer": "all"}, ["i0", "i1", "i3", "i2"]),
        ({"answer": "right", "split": ""}, ["i2", "i6"]),
        ({"label": ["Women"], "color": ["red"]}, []),  # conditions add up
        ({"label": ["Women"], "color": ["red"], "answer": "all"}, ["i2"]),
    ],
)
def test_each_filter_keeps_what_it_names(table, wanted, expected):
    assert find_ids(table, **wanted) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("loss", ["i0", "i1", "i3", "i2"]),
        ("prob", ["i0", "i2", "i1", "i3"]),
        ("uncertain", ["i1", "i3", "i2", "i0"]),
        ("product", ["i0", "i1", "i2", "i3"]),
    ],
)
def test_each_sort_orders_and_ties_go_by_image_id(table, sort, expected):
    assert set(SORTS) == {"loss", "prob", "uncertain", "product", "quality"}
    assert find_ids(table, answer="all", sort=sort) == expected
    assert find_ids(table[::-1], answer="all", sort=sort) == expected


def test_by_label_quality_the_worst_come_first_and_those_without_one_last(build_table):
    qualities = (0.5, float("nan"), 0.1, 0.5)
    table = build_table([{"label_quality": quality} for quality in qualities])

    assert find_ids(table, answer="all", sort="quality") == ["i2", "i0", "i3", "i1"]


def test_a_sort_whose_column_is_not_there_is_not_offered(table):
    assert set(build_index(table).orders) == {"loss", "prob", "uncertain", "product"}
    with pytest.raises(KeyError):
        find_ids(table, sort="quality")


def test_product_sort_brings_the_colors_of_a_product_together(build_table):
    table = build_table([{"product_id": p} for p in ("b", "a", "b", "a")])

    assert find_ids(table, answer="all", sort="product") == ["i1", "i3", "i0", "i2"]


@pytest.fixture
def named(build_table):
    return build_table(
        [
            {"brand": "A.B. (Kids)", "image_path": "Shoes/Heels/x/1.jpg"},
            {"brand": "AxBy Kids", "image_path": "Shoes/Heels/y/2.jpg"},
            {"brand": "Levi's®", "image_path": "Boots/Ankle/[new]/3.jpg", "product_id": "99.77"},
            {"brand": "C\\d+", "image_path": "Boots/Ankle/z/4.jpg", "image_id": "123-45"},
        ]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A.B.", ["i0"]),
        ("(", ["i0"]),
        ("(kids)", ["i0"]),
        ("kids", ["i0", "i1"]),
        ("[new]", ["i2"]),
        ("[", ["i2"]),
        ("\\d", ["123-45"]),
        (".*", []),
        ("^A", []),
        ("levi's®", ["i2"]),
        ("BOOTS/ANKLE", ["123-45", "i2"]),
        ("99.77", ["i2"]),
        ("99x77", []),
        ("123-4", ["123-45"]),
    ],
)
def test_text_is_taken_literally_and_letter_case_is_ignored(named, text, expected):
    assert find_ids(named, answer="all", text=text) == expected


def test_found_images_keep_their_columns_and_say_whether_they_are_wrong(table):
    found = find_images(table, Filter(answer="all"))

    assert set(table.columns) | {"wrong"} == set(found.columns)
    assert found["wrong"].tolist() == [True, True, True, False]  # i0, i1, i3, i2
    assert "wrong" not in table.columns


def test_an_index_answers_many_filters_as_the_table_does_and_shares_the_table(table):
    shuffled = table.sample(frac=1, random_state=1)
    index = build_index(shuffled)

    assert index.table is shuffled
    for wanted in (
        Filter(),
        Filter(answer="all", split="", sort="product"),
        Filter(text="1.JPG"),
        Filter(images=["i1", "i3"]),
    ):
        rows = find_rows(index, wanted)
        pd.testing.assert_frame_equal(
            shuffled.iloc[rows], find_images(table, wanted).drop(columns="wrong")
        )


def test_an_index_names_the_values_that_a_filter_can_have(table):
    options = build_index(table).options

    assert options["color"] == ["black", "pink", "red"]
    assert options["category"] == ["Boots", "Shoes"]
    assert options["split"] == ["none", "train", "tune", "valid"]


def test_a_text_is_not_found_across_two_columns(build_table):
    table = build_table([{"brand": "Acme", "product_id": "77"}])

    assert find_ids(table, answer="all", text="acme") == ["i0"]
    assert find_ids(table, answer="all", text="acme77") == []
    assert find_ids(table, answer="all", text="acme 77") == []
