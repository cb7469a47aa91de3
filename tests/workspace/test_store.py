import shutil
import threading

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from zapcls import schema
from zapcls.config import build_config
from zapcls.data.sources import read_catalogue
from zapcls.errors import RunBusy, Stopped, ZapError
from zapcls.workspace import opening, store_build
from zapcls.workspace.opening import open_store
from zapcls.workspace.store import find_store, find_store_of, list_stores, read_split

WHITE = 255


def build(workspace, data_dir, **options):
    return open_store(workspace, read_catalogue(data_dir), **options)


def list_files(folder):
    """Every file below a folder with the time of its last change."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_each_row_of_pixels_is_the_photo_of_that_row(workspace, data_dir, rows):
    store = build(workspace, data_dir)

    table = store.read_catalog()
    assert table["image_id"].tolist() == [row["CID"] for row in rows]
    assert store.pixels.shape == (24, 32, 32, 3)
    assert store.pixels.dtype == np.uint8
    greys = store.pixels.reshape(24, -1).astype(float).mean(axis=1)
    assert greys.tolist() == pytest.approx([10 * number for number in range(24)], abs=2)


def test_a_store_says_what_it_was_built_from(workspace, data_dir):
    store = build(workspace, data_dir)

    facts = store.facts
    assert facts["data_dir"] == str(data_dir)
    assert facts["image_root"] == str(data_dir / "ut-zap50k-images")
    assert (facts["rows"], facts["side"], facts["is_drawn"]) == (24, 32, False)
    assert facts["images_per_s"] > 0
    photo = store.find_image(store.read_catalog()["image_path"][3])
    assert photo.name == "103.1.jpg"
    assert photo.is_file()


def test_the_tables_are_as_the_schema_says(workspace, data_dir):
    store = build(workspace, data_dir)

    names = {attribute.name: "str" for attribute in store.attributes}
    assert {"brand", "gender", "sub_category"} < set(names)
    assert store.read_catalog().dtypes.astype(str).to_dict() == schema.CATALOG | names
    colors = store.read_colors()
    assert colors.dtypes.astype(str).to_dict() == schema.COLORS
    assert colors["image_id"].equals(store.read_catalog()["image_id"])


def test_a_store_is_built_once_and_opened_without_a_write(workspace, data_dir, monkeypatch):
    first = build(workspace, data_dir)
    before = list_files(first.path)

    monkeypatch.setattr(store_build, "build", None)
    monkeypatch.setattr(store_build, "name_colors", None)
    again = build(workspace, data_dir)

    assert again == first
    assert list_files(first.path) == before


def test_a_missing_photo_leaves_a_white_row(workspace, write_catalogue, rows, tmp_path):
    rows[5]["photo"] = None
    store = build(workspace, write_catalogue(tmp_path / "zap", rows))

    assert store.read_catalog()["image_problem"][5] == "image missing"
    assert (store.pixels[5] == WHITE).all()
    assert store.pixels[4].mean() == pytest.approx(40, abs=2)
    assert store.pixels[6].mean() == pytest.approx(60, abs=2)


def test_an_unreadable_photo_is_dropped_with_a_white_row(
    workspace, write_catalogue, rows, tmp_path
):
    rows[5]["photo"] = rows[5]["photo"][:200]
    rows[9]["photo"] = b"<html>not found</html>"
    store = build(workspace, write_catalogue(tmp_path / "zap", rows))

    table = store.read_catalog()
    problems = table.loc[table["image_problem"] != "", "image_problem"]
    assert problems.to_dict() == {5: "image unreadable", 9: "image unreadable"}
    assert (store.pixels[[5, 9]] == WHITE).all()
    assert store.pixels[6].mean() == pytest.approx(60, abs=2)
    assert store.read_colors()["color"][5] == ""


def test_an_unreadable_photo_stays_dropped_when_the_store_is_opened_again(
    workspace, write_catalogue, rows, tmp_path
):
    rows[5]["photo"] = rows[5]["photo"][:200]
    folder = write_catalogue(tmp_path / "zap", rows)
    before = list_files(build(workspace, folder).path)

    store = build(workspace, folder)

    assert store.read_catalog()["image_problem"][5] == "image unreadable"
    assert list_files(store.path) == before


def test_no_readable_photo_at_all_leaves_no_store(
    workspace, write_catalogue, rows, tmp_path, refuses
):
    for row in rows:
        row["photo"] = b"no picture"
    folder = write_catalogue(tmp_path / "zap", rows)

    with refuses("needs photos", "none of its 24 files is a picture"):
        build(workspace, folder)

    assert list_stores(workspace) == []


@pytest.mark.parametrize("error", [Stopped("Stopped as asked."), KeyboardInterrupt()])
def test_an_interrupted_build_leaves_nothing_that_looks_whole(workspace, data_dir, error):
    def interrupt(title, *_, **__):
        if title == "Reading photos":
            raise error

    with pytest.raises(type(error)):
        build(workspace, data_dir, progress=interrupt)

    assert list_stores(workspace) == []
    assert find_store_of(workspace, data_dir) is None

    store = build(workspace, data_dir)
    names = {path.name for path in workspace.store_dir.iterdir()}
    assert names == {".folders", f".{store.catalogue_id}.lock", store.catalogue_id}
    assert store.pixels[23].mean() == pytest.approx(230, abs=2)


@pytest.mark.parametrize("keep", [0, 60, 3000])
def test_a_truncated_pixel_file_is_a_sentence(workspace, data_dir, keep):
    store = build(workspace, data_dir)
    content = (store.path / "pixels.npy").read_bytes()
    (store.path / "pixels.npy").write_bytes(content[:keep])

    for reopen in (
        lambda: build(workspace, data_dir),
        lambda: find_store(workspace, store.catalogue_id),
    ):
        with pytest.raises(ZapError, match=r"pixels\.npy must hold 24 photos of 32 px.*Delete"):
            reopen()

    shutil.rmtree(store.path)
    assert build(workspace, data_dir).pixels.shape == (24, 32, 32, 3)


def test_a_pixel_file_that_is_gone_is_a_sentence(workspace, data_dir):
    store = build(workspace, data_dir)
    (store.path / "pixels.npy").unlink()

    with pytest.raises(ZapError, match="is damaged"):
        build(workspace, data_dir)


def test_other_photos_are_another_store(workspace, data_dir, write_catalogue, rows, jpeg):
    first = build(workspace, data_dir)
    rows[0]["photo"] = jpeg((40, 40), "red")
    write_catalogue(data_dir, rows)

    store = build(workspace, data_dir)

    assert store.catalogue_id != first.catalogue_id
    assert {item.catalogue_id for item in list_stores(workspace)} == {
        first.catalogue_id,
        store.catalogue_id,
    }


def test_a_moved_data_folder_keeps_the_store_and_its_photos_are_found(
    workspace, data_dir, tmp_path
):
    first = build(workspace, data_dir)
    moved = data_dir.rename(tmp_path / "moved")

    store = build(workspace, moved)

    assert store.catalogue_id == first.catalogue_id
    assert find_store_of(workspace, moved) == store
    assert store.find_image(store.read_catalog()["image_path"][0]).is_file()


def test_a_store_that_another_process_builds_is_busy(workspace, data_dir, monkeypatch):
    monkeypatch.setattr(opening, "FileLock", lambda path, timeout: FileLock(path, timeout=0))
    is_building, may_go_on = threading.Event(), threading.Event()

    def wait(title, *_, **__):
        if title == "Reading photos":
            is_building.set()
            may_go_on.wait(30)

    builder = threading.Thread(target=build, args=(workspace, data_dir), kwargs={"progress": wait})
    builder.start()
    try:
        assert is_building.wait(30)
        with pytest.raises(RunBusy, match="another is building"):
            build(workspace, data_dir)
    finally:
        may_go_on.set()
        builder.join(30)

    assert build(workspace, data_dir).pixels[23].mean() == pytest.approx(230, abs=2)


def test_a_split_is_made_once_and_kept(workspace, data_dir):
    store = build(workspace, data_dir)
    split = read_split(store, build_config())
    before = list_files(store.path / "splits")

    again = read_split(store, build_config())

    pd.testing.assert_frame_equal(again, split)
    assert list_files(store.path / "splits") == before
    assert split.dtypes.astype(str).to_dict() == schema.SPLIT
    assert split["image_id"].equals(store.read_catalog()["image_id"])
    assert set(split["split"]) == {"train", "tune", "valid"}


def test_a_split_whose_write_is_interrupted_leaves_no_file_that_looks_whole(
    workspace, data_dir, monkeypatch
):
    store = build(workspace, data_dir)

    def write_half(self, path):
        path.write_bytes(b"PAR1")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_parquet", write_half)
        with pytest.raises(KeyboardInterrupt):
            read_split(store, build_config())

    assert len(read_split(store, build_config())) == 24


def test_each_way_of_splitting_has_a_file_of_its_own(workspace, data_dir):
    store = build(workspace, data_dir)
    for mode, seed in (("product", 0), ("product", 1), ("random", 0)):
        read_split(store, build_config(split=mode, seed=seed))

    assert len(list_files(store.path / "splits")) == 3


def test_a_split_needs_enough_products_of_each_class(workspace, data_dir, refuses):
    store = build(workspace, data_dir)

    with refuses("Each of the classes Women, Girls needs photos", "Girls has none"):
        read_split(store, build_config(classes=("Women", "Girls")))
    assert not (store.path / "splits").exists()


def test_an_unknown_store_is_a_sentence(workspace):
    assert list_stores(workspace) == []
    with pytest.raises(ZapError, match=r"0123456789ab is not in .*Data page"):
        find_store(workspace, "0123456789ab")
