"""Label checks on disk: found by what they depend on, whole or absent."""

import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.config import build_config
from zapcls.data.catalog import read_catalogue
from zapcls.workspace import checks
from zapcls.workspace.layout import Workspace
from zapcls.workspace.store import open_store


@pytest.fixture
def store(tmp_path, write_catalogue, jpeg):
    rows = [
        {"CID": f"{100 + i}-1", "Gender": "Women" if i % 2 else "Men", "photo": jpeg()}
        for i in range(4)
    ]
    folder = write_catalogue(tmp_path / "data", rows)
    return open_store(Workspace(tmp_path / "workspace"), read_catalogue(folder))


def write(check, store):
    ids = store.read_catalog()["image_id"]
    table = pd.DataFrame(
        {name: pd.Series([None] * len(ids)) for name in schema.PREDICTIONS}
    ).assign(
        image_id=ids, product_id=ids, target="gender", split="valid", source="oof", fold=0,
        label="Women", prediction="Men", prob=0.7, prob_label=0.3, loss=1.2, correct=False,
    )  # fmt: skip
    table = schema.conform(table, schema.PREDICTIONS, "predictions")
    issues = pd.DataFrame({"image_id": ids}).assign(
        product_id=ids, label="Women", suggested_label="Men", label_quality=0.3, is_suspect=True,
        reasons="heads: Men, 70%",
    )  # fmt: skip
    facts = {"target": "gender", "classes": ["Women", "Men"], "n": len(ids)}
    pairs = pd.DataFrame({"image_id": [], "other_id": [], "difference": []})
    checks.write(check, table, np.full((len(ids), 2), 0.5), issues, pairs, facts)
    return table


def test_a_check_is_absent_until_it_is_written_and_then_whole(store):
    check = checks.find_check(store, build_config("quick"))
    assert not check.is_done

    table = write(check, store)

    assert check.is_done
    read = checks.read_predictions(check, store)
    pd.testing.assert_frame_equal(read[list(schema.PREDICTIONS)], table)
    assert read["row"].tolist() == [0, 1, 2, 3]
    assert read["catalog_label"].tolist() == ["Men", "Women", "Men", "Women"]
    assert check.read_issues()["reasons"].tolist() == ["heads: Men, 70%"] * 4
    assert check.facts["n"] == 4
    assert [path.name for path in check.path.parent.iterdir()] == [check.path.name]


def test_an_older_check_is_replaced(store):
    check = checks.find_check(store, build_config("quick"))
    write(check, store)
    (check.path / "old.txt").touch()

    write(check, store)

    assert not (check.path / "old.txt").exists()


@pytest.mark.parametrize(
    "other",
    [
        {"image_size": 64},
        {"arch": "resnet18"},
        {"weights": "other.safetensors"},
        {"classes": ("Men", "Women")},
    ],
)
def test_what_the_answers_depend_on_has_a_check_of_its_own(store, other):
    one = checks.find_check(store, build_config("quick"))

    assert checks.find_check(store, build_config("quick", **other)).path != one.path


@pytest.mark.parametrize("other", [{"seed": 1}, {"unfrozen_epochs": 9}, {"unfrozen_lr": 0.1}])
def test_what_they_do_not_depend_on_shares_it(store, other):
    one = checks.find_check(store, build_config("quick"))

    assert checks.find_check(store, build_config("quick", **other)).path == one.path


def test_a_random_network_is_told_by_its_seed(store):
    config = {"weights": "none", "frozen_epochs": 0}
    one, two = (checks.find_check(store, build_config("quick", seed=s, **config)) for s in (0, 1))

    assert one.path != two.path


def test_labels_that_changed_need_a_new_check(store):
    one = checks.find_check(store, build_config("quick"))
    catalog = store.read_catalog()
    catalog.loc[0, "gender"] = "Women"
    catalog.to_parquet(store.path / "catalog.parquet")

    assert checks.find_check(store, build_config("quick")).path != one.path
