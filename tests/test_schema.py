import pandas as pd
import pytest

from zapcls import schema
from zapcls.errors import ZapError

COLUMNS = {"image_id": "str", "n": "int64", "rate": "float32"}


def test_conform_orders_casts_and_drops_columns():
    table = pd.DataFrame({"rate": [0.5, 1], "extra": [1, 2], "n": ["3", "4"], "image_id": [7, 8]})

    conformed = schema.conform(table, COLUMNS, "small")

    assert list(conformed.columns) == ["image_id", "n", "rate"]
    assert conformed["image_id"].tolist() == ["7", "8"]
    assert conformed["n"].tolist() == [3, 4]
    assert [str(dtype) for dtype in conformed.dtypes] == ["str", "int64", "float32"]


def test_conform_leaves_the_table_it_was_given_alone():
    table = pd.DataFrame({"image_id": ["a"], "n": ["3"], "rate": [1.0]})

    schema.conform(table, COLUMNS, "small")

    assert table["n"].tolist() == ["3"]


def test_conform_names_the_first_missing_column_and_the_table():
    with pytest.raises(ZapError, match="A small table needs the column n, which is not there"):
        schema.conform(pd.DataFrame({"image_id": ["a"]}), COLUMNS, "small")


@pytest.mark.parametrize("value", ["many", None, float("nan")])
def test_conform_refuses_a_value_that_cannot_take_the_type(value):
    table = pd.DataFrame({"image_id": ["a"], "n": [value], "rate": [0.5]})

    with pytest.raises(ZapError, match="small table has the wrong type"):
        schema.conform(table, COLUMNS, "small")


def test_an_empty_table_takes_its_types():
    table = schema.conform(pd.DataFrame(columns=list(COLUMNS)), COLUMNS, "small")

    assert [str(dtype) for dtype in table.dtypes] == ["str", "int64", "float32"]


def test_a_split_table_is_part_of_a_catalogue_and_its_split():
    assert set(schema.SPLIT) - set(schema.CATALOG) == {
        "label", "catalog_label", "split", "drop_reason",
    }  # fmt: skip
