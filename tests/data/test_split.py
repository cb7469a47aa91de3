import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.data.labels import MIN_PRODUCTS, check_trainable
from zapcls.data.split import build_split, correct_split, count_leaks, name_split

WOMEN, MEN, COLORS = 140, 60, 3  # products of each label, images of each product


@pytest.fixture(scope="module")
def table():
    """200 products in three colors each, and ten dropped rows of products that are also kept."""
    labels = ["Women"] * WOMEN + ["Men"] * MEN
    rows = [(f"{n}-{c}", f"{n}", label) for n, label in enumerate(labels) for c in range(COLORS)]
    kept = pd.DataFrame(rows, columns=["image_id", "product_id", "label"])
    dropped = pd.DataFrame(
        {"image_id": [f"{n}-99" for n in range(10)], "product_id": [f"{n}" for n in range(10)]}
    )
    kept = kept.assign(kept=True, drop_reason="")
    dropped = dropped.assign(label="", kept=False, drop_reason="image missing")
    return pd.concat([dropped, kept], ignore_index=True)


def build_mapping(split):
    return split.set_index("image_id")["split"].sort_index()


def test_a_split_has_a_row_for_each_row_and_its_own_columns(table):
    split = build_split(table)

    assert list(split.columns) == list(schema.SPLIT)
    assert split["image_id"].tolist() == table["image_id"].tolist()
    assert split["label"].tolist() == table["label"].tolist()


@pytest.mark.parametrize("mode", ["product", "random"])
def test_dropped_rows_and_only_these_are_in_no_split(table, mode):
    split = build_split(table, mode)

    assert split["split"].tolist()[:10] == ["none"] * 10
    assert set(split["split"][10:]) == {"train", "tune", "valid"}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_product_is_in_two_parts_of_a_product_split(table, seed):
    split = build_split(table, "product", seed)
    kept = split[split["split"] != "none"]

    assert (kept.groupby("product_id")["split"].nunique() == 1).all()
    assert count_leaks(split) == (0, 40)


def test_a_fifth_is_valid_and_a_tenth_of_the_rest_tunes(table):
    kept = build_split(table).query("split != 'none'")
    products = kept.groupby("split")["product_id"].nunique()

    assert products.to_dict() == {"valid": 40, "tune": 16, "train": 144}


def test_each_part_has_the_labels_in_their_share(table):
    kept = build_split(table).query("split != 'none'").drop_duplicates("product_id")
    men = kept[kept["label"] == "Men"].groupby("split").size()

    assert men["valid"] == 12  # 30 % of 40 products
    assert men["tune"] in (4, 5)  # 30 % of 16
    assert men.sum() == MEN


@pytest.mark.parametrize("mode", ["product", "random"])
def test_the_same_seed_gives_the_same_split_and_another_seed_another(table, mode):
    first = build_mapping(build_split(table, mode, seed=3))

    assert first.equals(build_mapping(build_split(table, mode, seed=3)))
    other = build_mapping(build_split(table, mode, seed=4))
    for part in ("valid", "tune"):
        assert set(first.index[first == part]) != set(other.index[other == part])


@pytest.mark.parametrize("mode", ["product", "random"])
def test_the_order_of_the_rows_changes_nothing(table, mode):
    order = np.random.default_rng(0).permutation(len(table))

    shuffled = build_split(table.iloc[order], mode)

    assert shuffled["image_id"].tolist() == table["image_id"].iloc[order].tolist()
    assert build_mapping(shuffled).equals(build_mapping(build_split(table, mode)))


def test_dropping_other_rows_changes_nothing_for_the_kept(table):
    alone = build_mapping(build_split(table[table["kept"]]))
    together = build_mapping(build_split(table))

    assert together[alone.index].equals(alone)


def test_a_random_split_takes_a_fifth_of_the_images_and_leaks(table):
    split = build_split(table, "random")
    leaked, products = count_leaks(split)

    assert (split["split"] == "valid").sum() == 120  # of 600
    assert products > 40  # the images of valid are spread over more products
    assert leaked > 0.9 * products


def test_a_product_of_two_labels_stays_whole(table):
    table = table.copy()
    table.loc[table["image_id"] == "0-0", "label"] = "Men"  # its two other colors are Women

    split = build_split(table)

    assert split.loc[(split["product_id"] == "0") & table["kept"], "split"].nunique() == 1


@pytest.mark.parametrize("classes", [2, 5, 8, 20])
def test_the_fewest_products_that_can_be_trained_on_reach_every_part(classes):
    rows = [(f"{c}_{n}-1", f"{c}_{n}", f"class {c}") for c in range(classes) for n in range(10)]
    table = pd.DataFrame(rows, columns=["image_id", "product_id", "label"])
    table = table.assign(kept=True, drop_reason="")
    check_trainable(table, [f"class {c}" for c in range(classes)])
    assert MIN_PRODUCTS == 10

    labels = build_split(table).groupby("split")["label"].nunique()

    assert labels.to_dict() == {"train": classes, "tune": classes, "valid": classes}


def test_leaks_are_products_of_valid_that_train_or_tune_also_show():
    rows = [
        ("a", "valid"),
        ("a", "train"),
        ("a", "valid"),
        ("b", "valid"),
        ("b", "tune"),
        ("c", "valid"),
        ("c", "none"),
        ("d", "train"),
        ("d", "tune"),
    ]
    split = pd.DataFrame(rows, columns=["product_id", "split"])

    assert count_leaks(split) == (2, 3)  # a and b, of a, b and c


def test_a_split_is_named_after_all_that_decides_it():
    names = {
        name_split("gender", ["Women", "Men"], "product", 0),
        name_split("gender", ["Men", "Women"], "product", 0),
        name_split("gender", ["Women", "Men"], "random", 0),
        name_split("gender", ["Women", "Men"], "product", 1),
        name_split("closure", ["Women", "Men"], "product", 0),
    }

    assert len(names) == 5
    assert name_split("gender", ("Women", "Men"), "product", 0) in names
    assert all(name.split("-")[0] in ("product", "random") for name in names)


PARTS = [  # image, label, split
    ("a", "Women", "train"), ("b", "Women", "train"), ("c", "Women", "tune"),
    ("d", "Women", "valid"), ("e", "Women", "valid"), ("f", "", "none"), ("g", "Men", "train"),
]  # fmt: skip


def build_parts():
    """A split by hand; f was dropped because the shop sells it to several departments."""
    split = pd.DataFrame(PARTS, columns=["image_id", "label", "split"])
    split = split.assign(
        product_id="p",
        catalog_label=split["label"],
        drop_reason=np.where(split["label"] == "", "several", ""),
    )
    return schema.conform(split, schema.SPLIT, "split")


def correct(*rows):
    return correct_split(build_parts(), pd.DataFrame(rows, columns=list(schema.CORRECTIONS)))


def read_parts(split):
    return {row.image_id: (row.label, row.split, row.drop_reason) for row in split.itertuples()}


def test_a_corrected_label_is_told_and_the_part_stays():
    split = correct(("d", "Men", "label wrong"), ("a", "Men", "label wrong"))

    assert list(split.columns) == list(schema.SPLIT)
    assert split["image_id"].tolist() == list("abcdefg")
    before = read_parts(build_parts())
    changed = {"a": ("Men", "train", ""), "d": ("Men", "valid", "")}
    assert read_parts(split) == before | changed


def test_what_is_taken_out_is_not_trained_on_and_keeps_its_place_in_valid():
    split = correct(("b", "", "not a shoe"), ("c", "", "ambiguous"), ("e", "", "label wrong"))

    changed = {
        "b": ("", "none", "review: not a shoe"),
        "c": ("", "none", "review: ambiguous"),
        "e": ("", "valid", "review: label wrong"),
    }
    assert read_parts(split) == read_parts(build_parts()) | changed


def test_no_correction_changes_nothing_and_a_second_time_neither():
    rows = [("a", "Men", "label wrong"), ("e", "", "ambiguous"), ("z", "Men", "label wrong")]
    corrections = pd.DataFrame(rows, columns=list(schema.CORRECTIONS))
    once = correct_split(build_parts(), corrections)

    pd.testing.assert_frame_equal(correct(), build_parts())
    pd.testing.assert_frame_equal(correct_split(once, corrections), once)


def test_a_dropped_row_stays_out_of_every_part():
    assert read_parts(correct(("f", "Men", "label wrong")))["f"] == ("Men", "none", "several")
