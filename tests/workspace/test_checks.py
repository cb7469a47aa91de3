"""Label checks on disk: found by what they depend on, whole or absent."""

import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.config import build_config
from zapcls.data.sources import read_catalogue
from zapcls.workspace import checks
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store


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
        label="Women", catalog_label="Women", prediction="Men", prob=0.7, prob_label=0.3, loss=1.2,
        correct=False,
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
    check = checks.find_check(store, build_config("laptop"))
    assert not check.is_done

    table = write(check, store)

    assert check.is_done
    read = checks.read_predictions(check, store)
    pd.testing.assert_frame_equal(read[list(schema.PREDICTIONS)], table)
    assert read["row"].tolist() == [0, 1, 2, 3]
    assert read["gender"].tolist() == ["Men", "Women", "Men", "Women"]
    assert check.read_issues()["reasons"].tolist() == ["heads: Men, 70%"] * 4
    assert check.facts["n"] == 4
    assert [path.name for path in check.path.parent.iterdir()] == [check.path.name]


def test_an_older_check_is_replaced(store):
    check = checks.find_check(store, build_config("laptop"))
    write(check, store)
    (check.path / "old.txt").touch()

    write(check, store)

    assert not (check.path / "old.txt").exists()
