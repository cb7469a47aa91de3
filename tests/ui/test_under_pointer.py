"""The sheet of photos of which one is shown under the pointer."""

import base64
import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from zapcls.ui import under_pointer
from zapcls.ui.under_pointer import TILE_PX, count_columns, draw_sheet


@pytest.fixture
def store(tmp_path):
    """Seven photos, each of one gray."""
    pixels = np.full((7, 40, 40, 3), 30, np.uint8) * np.arange(1, 8)[:, None, None, None]
    return SimpleNamespace(pixels=pixels.astype(np.uint8), path=tmp_path)


def test_each_photo_is_the_tile_at_its_place(store):
    rows = (6, 0, 3, 2, 5)
    uri = draw_sheet.__wrapped__(store, rows)

    kind, _, content = uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(content)), formats=["JPEG"]))
    columns = count_columns(len(rows))
    assert sheet.shape == (2 * TILE_PX, columns * TILE_PX, 3)
    for place, row in enumerate(rows):
        top, left = place // columns * TILE_PX, place % columns * TILE_PX
        tile = sheet[top : top + TILE_PX, left : left + TILE_PX]
        assert tile.mean() == pytest.approx(30 * (row + 1), abs=2)


@pytest.mark.parametrize("n", [0, under_pointer.MOST + 1])
def test_of_none_or_too_many_photos_there_is_no_sheet(n, store, monkeypatch):
    monkeypatch.setattr(under_pointer, "draw_sheet", lambda *_: pytest.fail("a sheet was drawn"))
    names = [str(place) for place in range(n)]

    under_pointer.show_under_pointer("map", names, range(n), store)
