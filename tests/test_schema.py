import pandas as pd
import pytest

from zapcls import schema
from zapcls.errors import ZapError

COLUMNS = {"image_id": "str", "n": "int64", "rate": "float32"}


def test_conform_orders_casts_and_drops_columns():
    table = pd.DataFrame({"rate": [0.5, 1], "extra": [1, 2], "n": ["3", "4"], "image_id": [7, 8]})

    conformed = schema.conform(table, COLUMNS, "small")

    assert conformed.to_dict("list") == {"image_id": ["7", "8"], "n": [3, 4], "rate": [0.5, 1]}
    assert table["n"].tolist() == ["3", "4"]
    empty = schema.conform(pd.DataFrame(columns=list(COLUMNS)), COLUMNS, "small")
    for columns in (conformed, empty):
        assert columns.dtypes.astype(str).to_dict() == COLUMNS


def test_conform_names_the_first_missing_column_and_the_table():
    with pytest.raises(ZapError, match="A small table needs the column n, which is not there"):
        schema.conform(pd.DataFrame({"image_id": ["a"]}), COLUMNS, "small")


@pytest.mark.parametrize("value", ["many", None, float("nan")])
def test_conform_refuses_a_value_that_cannot_take_the_type(value):
    table = pd.DataFrame({"image_id": ["a"], "n": [value], "rate": [0.5]})

    with pytest.raises(ZapError, match="small table has the wrong type"):
        schema.conform(table, COLUMNS, "small")
