"""A hand-made catalogue of 24 products, each photo of a grey of its own."""

import pytest

from zapcls.data.sources import read_catalogue
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store

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


@pytest.fixture
def build(workspace, data_dir):
    """Return a function that opens the store of a data folder, of `data_dir` unless another."""

    def build(folder=data_dir, home=workspace, **options):
        return open_store(home, read_catalogue(folder), **options)

    return build
