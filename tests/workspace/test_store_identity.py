"""Which store a data folder is: another photo or label is another one; what was made stays."""

import hashlib
import os
import shutil

import pytest

from zapcls.config import build_config
from zapcls.data.sources import read_catalogue
from zapcls.errors import ZapError
from zapcls.workspace.color_labels import open_color_labels
from zapcls.workspace.layout import read_json, write_json
from zapcls.workspace.opening import open_store
from zapcls.workspace.splits import read_split
from zapcls.workspace.store import find_store, find_store_of, list_stores


def build(workspace, data_dir, steps=None):
    def watch(*step):
        if steps is not None:
            steps.append(step)

    return open_store(workspace, read_catalogue(data_dir), watch)


def list_files(store):
    """Every file of a store with a hash of what it holds and the time of its last change."""
    return {
        path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in store.path.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def worked(workspace, data_dir):
    """A store that work went into: a split, a label check, features, colors named by eye."""
    store = build(workspace, data_dir)
    read_split(store, build_config())
    for name in ("checks/one/check.json", "bodies/one/pooled-plain.npy"):
        (store.path / name).parent.mkdir(parents=True)
        (store.path / name).write_text("{}")
    for image_id in ("103-1", "104-1"):
        open_color_labels(store).answer(image_id, "black")
    return store


def relabel(data_dir, write_catalogue, rows):
    rows[0]["Gender"], rows[2]["Gender"] = "Women", "Men;Women"
    return write_catalogue(data_dir, [row | {"photo": None} for row in rows])


def test_a_copy_with_other_labels_is_another_store_and_the_first_stays_as_it_was(
    workspace, data_dir, worked, write_catalogue, rows, tmp_path
):
    before = list_files(worked)
    copy = relabel(shutil.copytree(data_dir, tmp_path / "copy"), write_catalogue, rows)

    store = build(workspace, copy)

    assert store.catalogue_id != worked.catalogue_id
    assert list_files(worked) == before
    assert (find_store_of(workspace, data_dir), find_store_of(workspace, copy)) == (worked, store)
    assert store.facts["decoded"] == 0
    labels = [read_split(each, build_config())["label"].tolist()[:3] for each in (worked, store)]
    assert labels == [["Men", "Women", "Men"], ["Women", "Women", ""]]
    assert open_color_labels(store).read()["image_id"].tolist() == ["103-1", "104-1"]


def test_a_folder_whose_labels_change_and_change_back_has_its_first_store_again(
    workspace, data_dir, worked, write_catalogue, rows
):
    before = [dict(row) for row in rows]
    other = build(workspace, relabel(data_dir, write_catalogue, rows))
    assert find_store_of(workspace, data_dir) == other != worked

    assert build(workspace, write_catalogue(data_dir, before)) == worked
    assert find_store_of(workspace, data_dir) == worked


def test_a_time_of_change_changes_nothing(workspace, data_dir, worked):
    before = list_files(worked)
    for photo in data_dir.rglob("*.jpg"):
        os.utime(photo, ns=(0, 1_700_000_000_000_000_000))

    assert build(workspace, data_dir) == worked
    assert list_files(worked) == before


def test_a_photo_written_again_is_another_store_and_the_first_stays_as_it_was(
    workspace, data_dir, worked, jpeg
):
    before = list_files(worked)
    [photo] = data_dir.rglob("103.1.jpg")
    size = photo.stat().st_size
    photo.write_bytes(jpeg((32, 32), (205, 205, 205)).ljust(size, b"\0")[:size])

    store = build(workspace, data_dir)

    assert photo.stat().st_size == size
    assert list_files(worked) == before
    assert store.facts["decoded"] == 1
    assert store.pixels[3].mean() == pytest.approx(205, abs=2)
    assert worked.pixels[3].mean() == pytest.approx(30, abs=2)
    assert open_color_labels(store).read()["image_id"].tolist() == ["104-1"]
    assert {each.catalogue_id for each in list_stores(workspace)} == {
        worked.catalogue_id,
        store.catalogue_id,
    }


def test_a_file_is_read_again_only_once_it_changed(workspace, data_dir, worked):
    [photo] = data_dir.rglob("103.1.jpg")
    again: list = []
    build(workspace, data_dir, again)
    os.utime(photo, ns=(0, 1_700_000_000_000_000_000))
    changed: list = []
    build(workspace, data_dir, changed)

    assert again == []
    assert changed == [("Looking at the photos", 0, 1)]


def test_a_store_of_an_older_version_is_a_sentence_and_built_anew(workspace, data_dir, worked):
    facts = read_json(worked.path / "pixels.json")
    del facts["version"]
    old = worked.path.rename(workspace.store_dir / "0123456789ab")
    write_json(old / "pixels.json", facts)

    with pytest.raises(ZapError, match=r"0123456789ab was written by an older version.*Data page"):
        find_store(workspace, "0123456789ab")
    assert list_stores(workspace) == []
    assert find_store_of(workspace, data_dir) is None

    assert build(workspace, data_dir).facts["decoded"] == 24
    assert old.is_dir()
