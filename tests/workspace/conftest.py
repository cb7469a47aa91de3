"""A hand-made catalogue of 24 products, each photo of a grey of its own."""

import pytest

from zapcls.workspace.layout import Workspace

N = 24


def build_row(number, jpeg):
    """The photo of row i is of the grey 10 i: a row out of place shows."""
    row = {"CID": f"{number + 100}-1", "Gender": "Women" if number % 2 else "Men"}
    return row | {"photo": jpeg((32, 32), (10 * number,) * 3)}


@pytest.fixture
def rows(jpeg):
    return [build_row(number, jpeg) for number in range(N)]


@pytest.fixture
def data_dir(write_catalogue, rows, tmp_path):
    return write_catalogue(tmp_path / "zap", rows)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")
