import errno
import io
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zapcls.config import build_config
from zapcls.data import color, pixels
from zapcls.errors import Stopped, ZapError
from zapcls.workspace import arrays
from zapcls.workspace.color_labels import open_color_labels
from zapcls.workspace.layout import Workspace
from zapcls.workspace.splits import read_split
from zapcls.workspace.store import find_store, list_stores

PROJECT = Path(__file__).parents[2]
N_MANY, CHUNK = 300, 256  # photos; how many are read between two looks at the stop sign
IS_DAMAGED = r"must hold 24 photos of 32 px and their table, but is damaged or of another"


def paint(level, side=32):
    """The bytes of a photo of one grey; of one side, all have the same size."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (level,) * 3).save(buffer, "BMP")
    return buffer.getvalue()


def paint_object(shade):
    """The bytes of a photo of one object on a white ground."""
    image = Image.new("RGB", (32, 32), "white")
    image.paste(shade, (6, 10, 26, 24))
    buffer = io.BytesIO()
    image.save(buffer, "BMP")
    return buffer.getvalue()


def build_row(number, level, side=32):
    row = {"CID": f"{number + 100}-1", "Gender": "Women" if number % 2 else "Men"}
    return row | {"photo": paint(level, side)}


def name_photo(number):
    return f"{number + 100}.1.jpg"


@pytest.fixture
def rows():
    return [build_row(number, 10 * number) for number in range(24)]


@pytest.fixture
def many_dir(write_catalogue, tmp_path):
    """A catalogue of 300 photos: row i is of the grey i % 256, but the eighth is no picture."""
    many = [build_row(number, number % 256) for number in range(N_MANY)]
    many[7]["photo"] = b"no picture"
    return write_catalogue(tmp_path / "many", many)


@pytest.fixture
def copy_catalogue(data_dir, rows, write_catalogue, tmp_path):
    """Return a function that writes another catalogue of these very photos and some new ones."""

    def copy(*new, old=rows):
        folder = shutil.copytree(data_dir, tmp_path / "copy")
        return write_catalogue(folder, [*new, *({**row, "photo": None} for row in old)])

    return copy


@pytest.fixture
def decoded(monkeypatch):
    """The names of the photos that are decoded, as it happens."""
    names, decode = [], pixels.read_image

    def watch(file, **options):
        names.append(file.name)
        return decode(file, **options)

    monkeypatch.setattr(pixels, "read_image", watch)
    return names


@pytest.fixture
def described(monkeypatch):
    """The rows whose color is named, as it happens."""
    seen, describe = [], color.describe_colors

    def watch(pixels, progress, rows):
        seen.extend(rows.tolist())
        return describe(pixels, progress, rows)

    monkeypatch.setattr(color, "describe_colors", watch)
    return seen


def read_greys(store):
    """The grey of each row; a photo that is not of one grey is none."""
    values = store.pixels.reshape(len(store.pixels), -1)
    assert (values == values[:, :1]).all()
    return values[:, 0].tolist()


STORE_FILES = ["catalog.parquet", "colors.parquet", "pixels.json", "pixels.npy"]


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


def rewrite(data_dir, number, photo):
    """Write a photo again, a second later than it was."""
    [file] = data_dir.rglob(name_photo(number))
    later = file.stat().st_mtime_ns + 1_000_000_000
    file.write_bytes(photo)
    os.utime(file, ns=(later, later))


def stop_at(phase, done, error=None):
    """A progress that is interrupted at this step."""

    def interrupt(title, step, total):
        if (title, step) == (phase, done):
            raise error or Stopped("Stopped as asked.")

    return interrupt


def fill_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("error", [Stopped("Stopped as asked."), KeyboardInterrupt()])
def test_an_interrupted_build_goes_on_where_it_ended(build, workspace, many_dir, decoded, error):
    with pytest.raises(type(error)):
        build(many_dir, progress=stop_at("Reading photos", CHUNK, error))
    assert len(decoded) == CHUNK
    decoded.clear()
    phases = []

    store = build(many_dir, progress=lambda phase, *_: phases.append(phase))

    todo = (7, *range(CHUNK, N_MANY))  # what could not be read is tried again
    assert sorted(decoded) == [name_photo(number) for number in todo]
    assert (store.facts["decoded"], store.facts["rows"]) == (45, 300)
    greys = [number % 256 for number in range(N_MANY)]
    greys[7] = 255
    assert read_greys(store) == greys
    assert store.read_catalog()["image_problem"][7] == "image unreadable"
    assert list(dict.fromkeys(phases)) == ["Reading photos", "Naming colors"]
    assert list_names(store.path) == STORE_FILES
    assert list_names(workspace.store_dir) == [
        f".{store.catalogue_id}.lock",
        ".folders",
        store.catalogue_id,
    ]


def test_photos_that_another_store_holds_are_copied(
    build, copy_catalogue, rows, write_catalogue, data_dir, decoded, described
):
    rows[5]["photo"] = b"no picture"  # it is tried again
    build(write_catalogue(data_dir, rows))
    decoded.clear(), described.clear()
    folder = copy_catalogue(build_row(50, 111), build_row(51, 222), old=rows[::-1])
    rewrite(folder, 3, paint(99))

    store = build(folder)

    assert sorted(decoded) == [name_photo(number) for number in (3, 5, 50, 51)]
    assert described == [0, 1, 20, 22]
    assert (store.facts["decoded"], store.facts["rows"]) == (4, 26)
    greys = [10 * number for number in range(24)]
    greys[3], greys[5] = 99, 255
    assert read_greys(store) == [111, 222, *greys[::-1]]
    assert store.read_catalog()["image_problem"][20] == "image unreadable"
    decoded.clear()
    assert build(folder).facts == store.facts  # of the same build
    assert decoded == []


def test_copied_colors_are_those_that_would_be_named(
    build, write_catalogue, copy_catalogue, rows, data_dir, tmp_path
):
    rows[2]["photo"], rows[3]["photo"] = paint_object("black"), paint_object((200, 0, 0))
    write_catalogue(data_dir, rows)
    folder = copy_catalogue(build_row(50, 111), old=rows[::-1])
    alone = build(folder, Workspace(tmp_path / "alone"))
    build()

    store = build(folder)

    assert store.read_colors()["color"][21:23].tolist() == ["red", "black"]
    pd.testing.assert_frame_equal(store.read_colors(), alone.read_colors())


def test_a_catalogue_of_known_photos_alone_decodes_none(
    build, copy_catalogue, rows, decoded, described
):
    build()
    decoded.clear(), described.clear()

    store = build(copy_catalogue(old=rows[4:16]))

    assert (decoded, described, store.facts["decoded"]) == ([], [], 0)
    assert read_greys(store) == list(range(40, 160, 10))
    assert store.read_colors()["image_id"].equals(store.read_catalog()["image_id"])


def test_photos_kept_at_another_side_are_decoded(build, copy_catalogue, decoded, described):
    build()
    decoded.clear(), described.clear()

    store = build(copy_catalogue(*(build_row(50 + i, 111, side=40) for i in range(25))))

    assert store.side == 40
    assert len(decoded) == len(described) == store.facts["decoded"] == 49
    assert read_greys(store)[24:28] == [111, 0, 10, 20]


def cut_pixels(store):
    file = store.path / "pixels.npy"
    file.write_bytes(file.read_bytes()[:3000])


def swap_pixels(store):
    values = np.load(store.path / "pixels.npy")
    np.save(store.path / "pixels.npy", values[::-1])


@pytest.mark.parametrize("damage", [cut_pixels, swap_pixels])
def test_nothing_is_copied_from_a_store_that_is_damaged(build, copy_catalogue, damage):
    damage(build())

    store = build(copy_catalogue(build_row(50, 111)))

    assert store.facts["decoded"] == 25
    assert read_greys(store) == [111, *range(0, 240, 10)]


@pytest.mark.parametrize("names", [["pixels.npy"], ["pixels.npy", "pixels.json"]])
def test_a_pixel_file_of_another_catalogue_is_a_sentence_and_mended_by_opening(
    build, workspace, write_catalogue, rows, tmp_path, names
):
    store = build()
    rows[0] |= {"CID": "99-1", "photo": paint(1)}
    other = build(write_catalogue(tmp_path / "other", rows))
    for name in names:
        shutil.copy(other.path / name, store.path / name)

    with pytest.raises(ZapError, match=IS_DAMAGED):
        find_store(workspace, store.catalogue_id)
    assert read_greys(build()) == read_greys(find_store(workspace, store.catalogue_id))


@pytest.mark.parametrize("name", ["pixels.npy", "pixels.json", "catalog.parquet", "colors.parquet"])
def test_a_store_that_is_cut_is_built_anew_and_keeps_what_took_work(build, workspace, name):
    store = build()
    whole = read_greys(store), store.read_catalog(), store.read_colors()
    [image_id, *_] = store.read_catalog()["image_id"]
    open_color_labels(store).answer(image_id, "red")
    for folder in ("checks", "bodies"):
        (store.path / folder / "any").mkdir(parents=True)
    file = store.path / name
    file.write_bytes(file.read_bytes()[:-9])

    mended = build()

    assert read_greys(mended) == whole[0]
    pd.testing.assert_frame_equal(mended.read_catalog(), whole[1])
    pd.testing.assert_frame_equal(mended.read_colors(), whole[2])
    assert open_color_labels(mended).read()["image_id"].tolist() == [image_id]
    assert (mended.path / "checks" / "any").is_dir()
    assert (mended.path / "bodies" / "any").is_dir()
    assert not list(workspace.store_dir.glob(".*damaged"))


def test_what_took_work_is_brought_back_after_a_kill_in_between(build, workspace):
    store = build()
    damaged = store.path.with_name(f".{store.path.name}.damaged")
    (damaged / "checks").mkdir(parents=True)

    build()

    assert (store.path / "checks").is_dir()
    assert not damaged.exists()


def test_the_fingerprint_is_of_the_first_and_the_last_photo_too(build, workspace, many_dir):
    store = build(many_dir)
    values = np.load(store.path / "pixels.npy")

    for row in (0, N_MANY - 1):
        changed = values.copy()
        changed[row, 0, 0, 0] ^= 1
        np.save(store.path / "pixels.npy", changed)
        with pytest.raises(ZapError, match="is damaged or of another catalogue"):
            find_store(workspace, store.catalogue_id)


def test_a_full_disk_is_a_sentence_and_nothing_is_left_behind(
    build, workspace, many_dir, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", fill_disk, raising=False)
        patch.setattr(pd.DataFrame, "to_parquet", fill_disk)
        patch.setattr(arrays.shutil, "disk_usage", lambda _: SimpleNamespace(free=400_000))
        with pytest.raises(ZapError, match=r"pixels\.npy needs 1 MB in .*, but 0 MB are free"):
            build(many_dir)

        left = {path.name for path in workspace.store_dir.iterdir() if path.is_dir()}
        assert left <= {".folders"}  # what is known of the folder's files

    assert build(many_dir).facts["decoded"] == 300


def test_a_stop_while_naming_colors_leaves_a_store_without_them(
    build, workspace, many_dir, decoded, described
):
    with pytest.raises(Stopped):
        build(many_dir, progress=stop_at("Naming colors", 100))
    [stopped] = list_stores(workspace)
    assert not stopped.has_colors
    assert stopped.facts["decoded"] == 300
    assert read_greys(find_store(workspace, stopped.catalogue_id))[255:258] == [255, 0, 1]
    decoded.clear(), described.clear()

    store = build(many_dir)

    assert store.facts == stopped.facts  # of the same build
    assert store.has_colors
    assert decoded == []
    assert described == list(range(300))
    assert store.read_colors()["image_id"].equals(store.read_catalog()["image_id"])


def test_colors_can_be_left_for_later(build, decoded, described):
    store = build(with_colors=False)
    assert not store.has_colors
    assert described == []
    decoded.clear()

    assert not build(with_colors=False).has_colors
    assert build().has_colors
    assert build(with_colors=False).has_colors
    assert decoded == []


def test_colors_and_a_split_whose_write_is_interrupted_are_made_again(build, monkeypatch):
    store = build(with_colors=False)

    def interrupt(self, target):
        raise KeyboardInterrupt

    for write in (build, lambda: read_split(store, build_config())):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", interrupt)
            with pytest.raises(KeyboardInterrupt):
                write()

    assert len(read_split(store, build_config())) == 24
    assert len(build().read_colors()) == 24
    assert list_names(store.path) == [*STORE_FILES, "splits"]
