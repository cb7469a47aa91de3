import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.data.labels import MIN_PRODUCTS, check_trainable
from zapcls.data.split import (
    align_targets,
    build_split,
    correct_split,
    count_leaks,
    name_split,
)
from zapcls.data.task import Task
from zapcls.errors import BadInput

WOMEN, MEN = 140, 60  # products of each label


@pytest.fixture(scope="module")
def table():
    """200 products in three colors each, and ten dropped rows of products that are also kept."""
    labels = ["Women"] * WOMEN + ["Men"] * MEN
    rows = [(f"{n}-99", f"{n}", "", "image missing") for n in range(10)]
    rows += [(f"{n}-{c}", f"{n}", label, "") for n, label in enumerate(labels) for c in range(3)]
    table = pd.DataFrame(rows, columns=["image_id", "product_id", "label", "drop_reason"])
    return table.assign(kept=table["drop_reason"] == "", target="gender")


def build_table(rows):
    """Return kept rows of image, product and label as `label_rows` leaves them."""
    table = pd.DataFrame(rows, columns=["image_id", "product_id", "label"])
    return table.assign(kept=True, drop_reason="", target="gender")


def build_mapping(split):
    return split.set_index("image_id")["split"].sort_index()


@pytest.mark.parametrize("mode", ["product", "random"])
def test_a_split_has_a_row_for_each_row_and_its_own_columns(table, mode):
    split = build_split(table, mode)

    assert list(split.columns) == list(schema.SPLIT)
    assert split["image_id"].tolist() == table["image_id"].tolist()
    assert split["label"].tolist() == split["catalog_label"].tolist() == table["label"].tolist()
    assert split["split"].tolist()[:10] == ["none"] * 10
    assert set(split["split"][10:]) == {"train", "tune", "valid"}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_product_is_in_two_parts_of_a_product_split(table, seed):
    table = table.copy()
    table.loc[table["image_id"] == "0-0", "label"] = "Men"  # its two other colors are Women

    split = build_split(table, "product", seed)

    kept = split[split["split"] != "none"]
    assert (kept.groupby("product_id")["split"].nunique() == 1).all()
    assert count_leaks(split) == (0, 40)


def test_a_fifth_is_valid_and_a_tenth_of_the_rest_tunes_with_the_labels_in_their_share(table):
    products = build_split(table).query("split != 'none'").drop_duplicates("product_id")

    assert products["split"].value_counts().to_dict() == {"valid": 40, "tune": 16, "train": 144}
    men = products[products["label"] == "Men"]["split"].value_counts()
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


@pytest.mark.parametrize("classes", [2, 5, 8, 20])
def test_the_fewest_products_that_can_be_trained_on_reach_every_part(classes):
    table = build_table(
        [
            (f"{c}_{n}-1", f"{c}_{n}", f"class {c}")
            for c in range(classes)
            for n in range(MIN_PRODUCTS)
        ]
    )
    check_trainable(table, [f"class {c}" for c in range(classes)])

    labels = build_split(table).groupby("split")["label"].nunique()

    assert labels.to_dict() == {"train": classes, "tune": classes, "valid": classes}


@pytest.mark.parametrize("own", [1, 2, 4])
def test_a_class_that_few_products_have_as_their_main_label_is_split_too(own):
    """Heels stand on many products, but most photos of these are of Flats."""
    rows = [(f"{n}-{c}", f"{n}", "Flats" if c else "Heels") for n in range(30) for c in range(3)]
    rows += [(f"{n}-{c}", f"{n}", "Boots") for n in range(100, 120) for c in range(2)]
    rows += [(f"{n}-0", f"{n}", "Heels") for n in range(200, 200 + own)]

    labels = build_split(build_table(rows)).groupby("split")["label"].nunique()

    assert labels.to_dict() == {"train": 3, "tune": 3, "valid": 3}


def test_leaks_are_products_of_valid_that_train_or_tune_also_show():
    parts = {
        "a": ("valid", "train", "valid"),
        "b": ("valid", "tune"),
        "c": ("valid", "none"),
        "d": ("train", "tune"),
    }
    rows = [(product, part) for product, found in parts.items() for part in found]

    split = pd.DataFrame(rows, columns=["product_id", "split"])

    assert count_leaks(split) == (2, 3)  # a and b, of a, b and c


def test_a_split_is_named_after_all_that_decides_it():
    asked = ("gender", ("Women", "Men"), "product", 0)
    others = [("closure", *asked[1:]), (*asked[:2], "random", 0), (*asked[:3], 1)]
    names = [name_split(*facts) for facts in (asked, *others)]

    assert len({*names, name_split("gender", ["Men", "Women"], "product", 0)}) == 5
    assert name_split("gender", ["Women", "Men"], "product", 0) == names[0]
    assert [name.split("-")[0] for name in names] == ["product", "product", "random", "product"]


PARTS = [  # image, label, split
    ("a", "Women", "train"), ("b", "Women", "train"), ("c", "Women", "tune"),
    ("d", "Women", "valid"), ("e", "Women", "valid"), ("f", "", "none"), ("g", "Men", "train"),
]  # fmt: skip


def build_parts():
    """A split by hand; f was dropped because the shop sells it to several departments."""
    split = pd.DataFrame(PARTS, columns=["image_id", "label", "split"])
    split = split.assign(
        product_id="p",
        target="gender",
        catalog_label=split["label"],
        drop_reason=np.where(split["label"] == "", "several", ""),
    )
    return schema.conform(split, schema.SPLIT, "split")


def correct(*rows):
    return correct_split(
        build_parts(), pd.DataFrame(rows, columns=list(schema.CORRECTIONS)), "gender"
    )


def read_parts(split):
    return {row.image_id: (row.label, row.split, row.drop_reason) for row in split.itertuples()}


def test_a_corrected_label_is_told_and_the_part_stays():
    rows = [(image, "Men", "label wrong") for image in "dafz"]  # there is no z

    split = correct(*rows)

    assert list(split.columns) == list(schema.SPLIT)
    assert split["image_id"].tolist() == list("abcdefg")
    changed = {
        "a": ("Men", "train", ""),
        "d": ("Men", "valid", ""),
        "f": ("Men", "none", "several"),  # a dropped row stays out of every part
    }
    assert read_parts(split) == read_parts(build_parts()) | changed


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
    once = correct_split(build_parts(), corrections, "gender")

    pd.testing.assert_frame_equal(correct(), build_parts())
    pd.testing.assert_frame_equal(correct_split(once, corrections, "gender"), once)


def build_both():
    """Two targets of 200 products: kinds, one of them rare, and a side that half of them lack."""
    numbers = range(200)
    kinds = [(f"{n}-{c}", f"{n}", "Rare" if n < 12 else "Often") for n in numbers for c in (0, 1)]
    sides = [
        (f"{n}-{c}", f"{n}", "LR"[n % 3 == 0] if n % 2 else "") for n in numbers for c in (0, 1)
    ]
    kinds, sides = build_table(kinds).assign(target="kind"), build_table(sides)
    sides = sides.assign(target="side", kept=sides["label"] != "")
    return pd.concat([kinds, sides], ignore_index=True)


@pytest.mark.parametrize("seed", range(5))
def test_a_photo_is_in_one_part_for_all_targets_and_rare_labels_of_each_are_in_all(seed):
    split = build_split(build_both(), "product", seed)

    kept = split[split["split"] != "none"]
    assert (kept.groupby("product_id")["split"].nunique() == 1).all()
    assert (split["split"] == "none").equals(split["label"] == "")
    labels = kept.groupby(["target", "split"])["label"].nunique()
    assert (labels == 2).all()
    assert len(labels) == 6


def test_one_target_of_several_has_the_split_that_it_has_alone_where_it_decides():
    """Where all labels of the other target are more frequent, they decide nothing."""
    table = build_both()
    often = table[table["target"] == "kind"].assign(target="all", label="Same")

    alone = build_split(table[table["target"] == "kind"])
    both = build_split(pd.concat([table[table["target"] == "kind"], often], ignore_index=True))

    assert build_mapping(both[both["target"] == "kind"]).equals(build_mapping(alone))


def test_targets_are_aligned_by_photo():
    split = build_split(build_both())
    tasks = [Task("kind", ("Often", "Rare")), Task("side", ("L", "R"))]

    parts, codes = align_targets(split, tasks)

    rows = [split[split["target"] == task.target] for task in tasks]
    for task, told, column in zip(tasks, rows, codes.T, strict=True):
        named = np.array([*task.classes, ""])[column]
        assert list(named) == list(told["label"])
    assert (parts == rows[0]["split"]).all()
    alone, single = align_targets(split, tasks[:1])
    assert np.array_equal(single, codes[:, 0])
    assert np.array_equal(alone, rows[0]["split"])


def test_corrections_of_one_target_leave_the_others():
    split = build_split(build_both())
    image = split.query("target == 'side' and label != ''")["image_id"].iloc[0]
    corrections = pd.DataFrame([(image, "", "ambiguous")], columns=list(schema.CORRECTIONS))

    corrected = correct_split(split, corrections, "side")

    changed = corrected[corrected["label"] != split["label"]]
    assert changed[["image_id", "target"]].to_numpy().tolist() == [[image, "side"]]


def test_a_split_that_is_brought_along_must_measure_every_target():
    table = build_table([(f"{n}", f"{n}", ("Women", "Men")[n % 2]) for n in range(40)])
    brought = table.assign(given_split=["train"] * 30 + ["valid"] * 10)
    bare = brought.assign(target="material", label="Leather", kept=brought.index < 30)
    both = pd.concat([brought, bare], ignore_index=True)

    with pytest.raises(BadInput, match="own has none of material in valid"):
        build_split(both)
    both["kept"] = True
    assert set(build_split(both).query("split == 'valid'")["target"]) == {"gender", "material"}
