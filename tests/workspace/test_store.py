import threading

import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.config import build_config
from zapcls.errors import RunBusy, Stopped, ZapError
from zapcls.workspace import store_build
from zapcls.workspace.splits import read_split
from zapcls.workspace.store import find_store, find_store_of, list_stores

WHITE = 255


def list_files(folder):
    """Every file below a folder with the time of its last change."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_each_row_of_pixels_is_the_photo_of_that_row(build, rows, data_dir):
    store = build()

    table, facts = store.read_catalog(), store.facts
    assert table["image_id"].tolist() == [row["CID"] for row in rows]
    assert (store.pixels.dtype, store.pixels.shape) == (np.uint8, (24, 32, 32, 3))
    greys = store.pixels.reshape(24, -1).astype(float).mean(axis=1)
    assert greys.tolist() == pytest.approx([10 * number for number in range(24)], abs=2)
    assert facts["data_dir"] == str(data_dir)
    assert facts["image_root"] == str(data_dir / "ut-zap50k-images")
    assert (facts["rows"], facts["side"], facts["is_drawn"]) == (24, 32, False)
    assert facts["images_per_s"] > 0
    photo = store.find_image(table["image_path"][3])
    assert photo.name == "103.1.jpg"
    assert photo.is_file()
    names = {attribute.name: "str" for attribute in store.attributes}
    assert {"brand", "gender", "sub_category"} < set(names)
    assert table.dtypes.astype(str).to_dict() == schema.CATALOG | names
    colors = store.read_colors()
    assert colors.dtypes.astype(str).to_dict() == schema.COLORS
    assert colors["image_id"].equals(table["image_id"])


def test_a_store_is_built_once_and_opened_without_a_write(build, monkeypatch):
    first = build()
    before = list_files(first.path)

    monkeypatch.setattr(store_build, "build", None)
    monkeypatch.setattr(store_build, "name_colors", None)
    again = build()

    assert again == first
    assert list_files(first.path) == before


def test_a_missing_or_unreadable_photo_is_dropped_with_a_white_row(
    build, write_catalogue, rows, tmp_path
):
    rows[3]["photo"] = None
    rows[5]["photo"] = rows[5]["photo"][:200]
    rows[9]["photo"] = b"<html>not found</html>"
    folder = write_catalogue(tmp_path / "other", rows)

    store = build(folder)

    table = store.read_catalog()
    problems = table.loc[table["image_problem"] != "", "image_problem"]
    assert problems.to_dict() == {
        3: "image missing", 5: "image unreadable", 9: "image unreadable"
    }  # fmt: skip
    assert (store.pixels[[3, 5, 9]] == WHITE).all()
    assert store.pixels[4].mean() == pytest.approx(40, abs=2)
    assert store.read_colors()["color"][5] == ""
    before = list_files(store.path)
    assert build(folder).read_catalog().equals(table)
    assert list_files(store.path) == before


def test_no_readable_photo_at_all_leaves_no_store(
    build, workspace, write_catalogue, rows, tmp_path, refuses
):
    for row in rows:
        row["photo"] = b"no picture"
    folder = write_catalogue(tmp_path / "zap", rows)

    with refuses("needs photos", "none of its 24 files is a picture"):
        build(folder)

    assert list_stores(workspace) == []


@pytest.mark.parametrize("error", [Stopped("Stopped as asked."), KeyboardInterrupt()])
def test_an_interrupted_build_leaves_nothing_that_looks_whole(build, workspace, data_dir, error):
    def interrupt(title, *_, **__):
        if title == "Reading photos":
            raise error

    with pytest.raises(type(error)):
        build(progress=interrupt)

    assert list_stores(workspace) == []
    assert find_store_of(workspace, data_dir) is None

    store = build()
    names = {path.name for path in workspace.store_dir.iterdir()}
    assert names == {".folders", f".{store.catalogue_id}.lock", store.catalogue_id}
    assert store.pixels[23].mean() == pytest.approx(230, abs=2)


@pytest.mark.parametrize("keep", [0, 60, 3000, None])
def test_a_pixel_file_that_is_cut_or_gone_is_a_sentence_and_made_again(build, workspace, keep):
    store = build()
    file = store.path / "pixels.npy"
    content = file.read_bytes()
    file.unlink()
    if keep is not None:
        file.write_bytes(content[:keep])

    with pytest.raises(ZapError, match=r"must hold 24 photos of 32 px.*data folder"):
        find_store(workspace, store.catalogue_id)
    assert build().pixels.shape == (24, 32, 32, 3)


def test_a_moved_data_folder_keeps_the_store_and_its_photos_are_found(
    build, workspace, data_dir, tmp_path
):
    first = build()
    moved = data_dir.rename(tmp_path / "moved")

    store = build(moved)

    assert store.catalogue_id == first.catalogue_id
    assert find_store_of(workspace, moved) == store
    assert store.find_image(store.read_catalog()["image_path"][0]).is_file()


def test_a_store_that_another_process_builds_is_busy(build):
    is_building, may_go_on = threading.Event(), threading.Event()

    def wait(title, *_, **__):
        if title == "Reading photos":
            is_building.set()
            may_go_on.wait(300)

    builder = threading.Thread(target=build, kwargs={"progress": wait})
    builder.start()
    try:
        assert is_building.wait(300)
        with pytest.raises(RunBusy, match="another is building"):
            build()
    finally:
        may_go_on.set()
        builder.join(30)

    assert build().pixels[23].mean() == pytest.approx(230, abs=2)


def test_a_split_is_made_once_and_kept_in_a_file_of_its_own(build):
    store = build()
    split = read_split(store, build_config())
    before = list_files(store.path / "splits")

    again = read_split(store, build_config())

    pd.testing.assert_frame_equal(again, split)
    assert list_files(store.path / "splits") == before
    assert split.dtypes.astype(str).to_dict() == schema.SPLIT
    assert split["image_id"].equals(store.read_catalog()["image_id"])
    assert set(split["split"]) == {"train", "tune", "valid"}
    for settings in ({"seed": 1}, {"split": "random"}):
        read_split(store, build_config(**settings))
    assert len(list_files(store.path / "splits")) == 3


def test_a_split_needs_enough_products_of_each_class(build, refuses):
    store = build()

    with refuses("Each of the classes Women, Girls needs photos", "Girls has none"):
        read_split(store, build_config(classes=("Women", "Girls")))
    assert not (store.path / "splits").exists()


def test_an_unknown_store_is_a_sentence(workspace):
    assert list_stores(workspace) == []
    with pytest.raises(ZapError, match=r"0123456789ab is not in .*Data page"):
        find_store(workspace, "0123456789ab")
