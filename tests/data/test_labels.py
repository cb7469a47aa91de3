import pandas as pd
import pytest

from zapcls.data.catalog import IMAGE_MISSING, IMAGE_UNREADABLE
from zapcls.data.labels import (
    MIN_PRODUCTS,
    check_trainable,
    count_drops,
    label_rows,
    list_labels,
    resolve,
    summarize,
)
from zapcls.data.task import DEFAULT_TASK, Task, build_label

CLOSURE = Task("closure", ("Zipper", "Buckle"))
KINDS = Task("sub_category", ())
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


def build_kinds(**products):
    """Return a catalogue with so many products of each kind, two photos a product."""
    kinds = [kind for kind, count in products.items() for _ in range(count)]
    rows = [(str(n), kind, "") for n, kind in enumerate(kinds) for _ in range(2)]
    return pd.DataFrame(rows, columns=["product_id", "sub_category", "image_problem"], dtype="str")


def test_each_row_has_a_label_or_the_first_reason_that_fits(table):
    before = table.copy()

    cleaned = label_rows(table, DEFAULT_TASK)

    pd.testing.assert_frame_equal(table, before)
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


def test_labels_and_reasons_of_an_earlier_target_are_replaced(table):
    again = label_rows(label_rows(table, DEFAULT_TASK), CLOSURE)

    assert count_drops(again) == {
        "image missing": 2,
        "several closures": 1,
        "blank closure": 1,
        "image unreadable": 1,
    }
    assert again["label"].value_counts().to_dict() == {"Zipper": 4, "Buckle": 2, "": 5}


def test_chosen_classes_are_kept_whatever_they_are(table):
    cleaned = label_rows(table, Task("gender", ("Girls", "Men")))

    assert cleaned["label"].tolist() == ["", "", "Men", "Men", "", "Girls", "", "", "", "", ""]


@pytest.mark.parametrize(
    ("target", "value", "reason"),
    [
        ("heel_height", "Flat", "another heel height"),
        ("sub_category", "Flats;Heels", "several sub-categories"),
        ("category", "Flats;Heels", "several categories"),
    ],
)
def test_reasons_name_the_target_in_words(target, value, reason):
    table = build_kinds(Flats=1).assign(**{target: value})

    assert label_rows(table, Task(target, ("Flats", "Heels")))["drop_reason"].iloc[0] == reason


def test_summary_counts_rows_classes_products_and_reasons(table):
    summary = summarize(label_rows(table, DEFAULT_TASK))

    assert summary == {
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
    assert list(summary) == ["rows", "kept", "classes", "products", "dropped"]


@pytest.mark.parametrize(
    ("products", "words"),
    [
        ({"Flats": 30}, ["Flats, Heels", "but Heels has none"]),
        # Products count, not their two images each.
        (
            {"Flats": 30, "Heels": MIN_PRODUCTS - 1},
            [f"needs {MIN_PRODUCTS} products or more", f"Heels has {MIN_PRODUCTS - 1}"],
        ),
    ],
)
def test_a_class_of_no_or_few_products_is_named(products, words, refuses):
    enough, asked = build_kinds(Flats=MIN_PRODUCTS, Heels=MIN_PRODUCTS), ("Flats", "Heels")
    check_trainable(label_rows(enough, Task("sub_category", asked)), asked)

    with refuses(*words):
        check_trainable(label_rows(build_kinds(**products), Task("sub_category", asked)), asked)


def test_no_row_left_is_refused_with_the_reasons_and_their_counts(table, refuses):
    cleaned = label_rows(table.iloc[4:8], DEFAULT_TASK)

    with refuses("dropped all 4", "several genders 2", "blank gender 1", "another gender 1"):
        check_trainable(cleaned, ["Women", "Men"])


def test_without_classes_all_that_have_enough_products_are_classes():
    table = build_kinds(Flats=12, Boots=MIN_PRODUCTS, Heels=30, Clogs=MIN_PRODUCTS - 1)

    task, labelled = resolve(table, KINDS), label_rows(table, KINDS)

    assert task.classes == ("Heels", "Flats", "Boots")
    assert count_drops(labelled) == {"rare sub-category": 2 * (MIN_PRODUCTS - 1)}
    assert set(labelled["label"]) == {*task.classes, ""}
    assert label_rows(table, task)["label"].equals(labelled["label"])
    assert resolve(table, task) == task


def test_a_photo_that_is_missing_makes_no_class_frequent():
    table = build_kinds(Flats=20, Heels=20, Boots=MIN_PRODUCTS)
    table.loc[table.index[-2:], "image_problem"] = IMAGE_MISSING

    assert resolve(table, KINDS).classes == ("Flats", "Heels")


def test_a_column_without_two_frequent_classes_or_none_at_all_is_a_sentence(refuses):
    table = build_kinds(Flats=20, Heels=3)

    with refuses("two classes", "sub-categories", "Flats has so many", "Choose another target"):
        resolve(table, KINDS)
    for use in (resolve, label_rows):
        with refuses("attribute of the catalogue", "'width'"):
            use(table, Task("width", ()))


def test_rare_classes_are_joined_where_they_are_many_enough_together():
    rare = MIN_PRODUCTS - 1
    table = build_kinds(Flats=20, Heels=30, Clogs=rare, Loafers=1)
    table.loc[table.index[0], "sub_category"] = ""
    table.loc[table.index[2], "sub_category"] = "Clogs;Flats"
    joined = Task("sub_category", (), other="other")

    task, labelled = resolve(table, joined), label_rows(table, joined)

    assert task.classes == ("Heels", "Flats", "other")
    assert (labelled["label"] == "other").sum() == 2 * (rare + 1)
    assert count_drops(labelled) == {"blank sub-category": 1, "several sub-categories": 1}
    assert label_rows(table, task)["label"].equals(labelled["label"])
    few = table[table["sub_category"] != "Loafers"]
    assert resolve(few, joined).classes == ("Heels", "Flats")
    assert count_drops(label_rows(few, joined))["rare sub-category"] == 2 * rare


def build_materials(**products):
    """Return a catalogue with so many products of each cell, __ for ; between its values."""
    table = build_kinds(**products).rename(columns={"sub_category": "material"})
    cells = table["material"].str.strip("_").str.replace("__", ";")
    return table.assign(material=cells)


MATERIAL = Task("material", ())


def test_each_frequent_value_of_a_column_is_a_label_the_most_frequent_first():
    few = MIN_PRODUCTS - 1
    table = build_materials(Suede__Leather=6, Leather=10, Suede=5, Wool__Suede=few, _=30)

    found = list_labels(table, MATERIAL)

    assert [label.classes for label in found] == [
        ("Suede", "not Suede"), ("Leather", "not Leather"),
    ]  # fmt: skip
    assert [label.target for label in found] == ["material: Suede", "material: Leather"]
    assert {label.labels_of for label in found} == {"material"}


def test_a_value_that_all_but_a_few_products_have_is_no_label():
    lacking = MIN_PRODUCTS - 1
    table = build_materials(Leather__Suede=15, Leather=10, Suede=lacking)

    assert [label.classes[0] for label in list_labels(table, MATERIAL)] == ["Suede"]


def test_the_values_can_be_named(refuses):
    table = build_materials(Leather__Suede=15, Leather=10, Suede=15, Wool=12)

    found = list_labels(table, Task("material", ("Wool", "Leather")))

    assert [label.classes[0] for label in found] == ["Wool", "Leather"]


def test_a_row_has_or_lacks_a_label_where_its_cell_names_anything():
    table = build_materials(Leather__Suede=1, Leather=1, Suede=1, _=1)
    table["material"] = table["material"].where(table.index != 0, " Suede ; Leather;;Leather")
    table.loc[table.index[-1], "material"] = " ; "
    table.loc[table.index[3], "image_problem"] = IMAGE_MISSING

    labelled = label_rows(table, build_label("material", "Leather", "shoe", "shoes"))

    assert labelled["label"].tolist() == [
        "Leather", "Leather", "Leather", "", "not Leather", "not Leather", "", "",
    ]  # fmt: skip
    assert count_drops(labelled) == {"blank material": 2, IMAGE_MISSING: 1}
    assert set(labelled["target"]) == {"material: Leather"}


def test_a_column_without_several_values_or_without_frequent_ones_has_no_labels(refuses):
    with refuses("cells name several (;", "no material", "--cells drop"):
        list_labels(build_materials(Leather=20, Suede=20), MATERIAL)
    with refuses(f"{MIN_PRODUCTS} products or more", "as many that have not", "(Leather, Suede)"):
        list_labels(build_materials(Leather__Suede=3, Leather=2), MATERIAL)
    with refuses("attribute of the catalogue", "'width'"):
        list_labels(build_materials(Leather__Suede=3), Task("width", ()))
