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

from zapcls.data import color, pixels
from zapcls.data.sources import read_catalogue
from zapcls.errors import Stopped, ZapError
from zapcls.workspace import arrays
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store
from zapcls.workspace.store import find_store, list_stores

PROJECT = Path(__file__).parents[2]
N_MANY, CHUNK = 300, 256  # photos; how many are read between two looks at the stop sign
IS_DAMAGED = r"pixels\.npy must hold 24 photos of 32 px, but is damaged or of another catalogue"


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
    """A catalogue of 300 photos; the photo of row i is of the grey i % 256."""
    many = [build_row(number, number % 256) for number in range(N_MANY)]
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
    names, decode = [], pixels._decode_image

    def watch(file, **options):
        names.append(file.name)
        return decode(file, **options)

    monkeypatch.setattr(pixels, "_decode_image", watch)
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


def build(workspace, data_dir, **options):
    return open_store(workspace, read_catalogue(data_dir), **options)


def read_greys(store):
    """The grey of each row; a photo that is not of one grey is none."""
    values = store.pixels.reshape(len(store.pixels), -1)
    assert (values == values[:, :1]).all()
    return values[:, 0].tolist()


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
def test_an_interrupted_build_goes_on_where_it_ended(workspace, many_dir, decoded, error):
    with pytest.raises(type(error)):
        build(workspace, many_dir, progress=stop_at("Reading photos", CHUNK, error))
    assert len(decoded) == CHUNK
    decoded.clear()

    store = build(workspace, many_dir)

    assert sorted(decoded) == [name_photo(number) for number in range(CHUNK, N_MANY)]
    assert (store.facts["decoded"], store.facts["rows"]) == (44, 300)
    assert read_greys(store) == [number % 256 for number in range(N_MANY)]


def test_a_photo_that_could_not_be_read_is_tried_again_when_the_build_goes_on(
    workspace, write_catalogue, decoded, tmp_path
):
    many = [build_row(number, number % 256) for number in range(N_MANY)]
    many[7]["photo"] = b"no picture"
    folder = write_catalogue(tmp_path / "zap", many)
    with pytest.raises(Stopped):
        build(workspace, folder, progress=stop_at("Reading photos", CHUNK))

    store = build(workspace, folder)

    assert store.facts["decoded"] == 45
    assert decoded.count(name_photo(7)) == 2
    assert store.read_catalog()["image_problem"][7] == "image unreadable"
    assert read_greys(store)[6:9] == [6, 255, 8]


def test_a_finished_store_holds_nothing_of_its_build(workspace, data_dir):
    store = build(workspace, data_dir)

    assert list_names(store.path) == [
        "catalog.parquet",
        "colors.parquet",
        "pixels.json",
        "pixels.npy",
    ]
    assert list_names(workspace.store_dir) == [
        f".{store.catalogue_id}.lock",
        ".folders",
        store.catalogue_id,
    ]


def test_photos_that_another_store_holds_are_copied(
    workspace, data_dir, copy_catalogue, rows, decoded, described
):
    build(workspace, data_dir)
    decoded.clear(), described.clear()
    new = [build_row(50, 111), build_row(51, 222)]

    store = build(workspace, copy_catalogue(*new, old=rows[::-1]))

    assert sorted(decoded) == [name_photo(50), name_photo(51)]
    assert described == [0, 1]
    assert (store.facts["decoded"], store.facts["rows"]) == (2, 26)
    assert read_greys(store) == [111, 222, *range(230, -1, -10)]


def test_copied_colors_are_those_that_would_be_named(
    workspace, write_catalogue, copy_catalogue, rows, data_dir, tmp_path
):
    rows[2]["photo"], rows[3]["photo"] = paint_object("black"), paint_object((200, 0, 0))
    write_catalogue(data_dir, rows)
    folder = copy_catalogue(build_row(50, 111), old=rows[::-1])
    alone = build(Workspace(tmp_path / "alone"), folder)
    build(workspace, data_dir)

    store = build(workspace, folder)

    assert store.read_colors()["color"][21:23].tolist() == ["red", "black"]
    pd.testing.assert_frame_equal(store.read_colors(), alone.read_colors())


def test_a_catalogue_of_known_photos_alone_decodes_none(
    workspace, data_dir, copy_catalogue, rows, decoded, described
):
    build(workspace, data_dir)
    decoded.clear(), described.clear()

    store = build(workspace, copy_catalogue(old=rows[4:16]))

    assert (decoded, described, store.facts["decoded"]) == ([], [], 0)
    assert read_greys(store) == list(range(40, 160, 10))
    assert store.read_colors()["image_id"].equals(store.read_catalog()["image_id"])


def test_a_photo_written_at_another_time_is_decoded(
    workspace, data_dir, copy_catalogue, decoded, described
):
    build(workspace, data_dir)
    folder = copy_catalogue(build_row(50, 111))
    rewrite(folder, 3, paint(99))
    decoded.clear(), described.clear()

    store = build(workspace, folder)

    assert sorted(decoded) == [name_photo(3), name_photo(50)]
    assert described == [0, 4]
    assert read_greys(store)[:5] == [111, 0, 10, 20, 99]


def test_photos_kept_at_another_side_are_decoded(
    workspace, data_dir, copy_catalogue, decoded, described
):
    build(workspace, data_dir)
    decoded.clear(), described.clear()

    store = build(workspace, copy_catalogue(*(build_row(50 + i, 111, side=40) for i in range(25))))

    assert store.side == 40
    assert len(decoded) == len(described) == store.facts["decoded"] == 49
    assert read_greys(store)[24:28] == [111, 0, 10, 20]


def test_a_photo_that_the_other_store_could_not_read_is_tried_again(
    workspace, write_catalogue, rows, copy_catalogue, decoded, data_dir
):
    rows[5]["photo"] = b"no picture"
    build(workspace, write_catalogue(data_dir, rows))
    decoded.clear()

    store = build(workspace, copy_catalogue(build_row(50, 111)))

    assert sorted(decoded) == [name_photo(5), name_photo(50)]
    assert read_greys(store) == [111, 0, 10, 20, 30, 40, 255, *range(60, 240, 10)]
    assert store.read_catalog()["image_problem"][6] == "image unreadable"


def cut_pixels(store):
    file = store.path / "pixels.npy"
    file.write_bytes(file.read_bytes()[:3000])


def swap_pixels(store):
    values = np.load(store.path / "pixels.npy")
    np.save(store.path / "pixels.npy", values[::-1])


@pytest.mark.parametrize("damage", [cut_pixels, swap_pixels])
def test_nothing_is_copied_from_a_store_that_is_damaged(
    workspace, data_dir, copy_catalogue, damage
):
    damage(build(workspace, data_dir))

    store = build(workspace, copy_catalogue(build_row(50, 111)))

    assert store.facts["decoded"] == 25
    assert read_greys(store) == [111, *range(0, 240, 10)]


def test_a_store_built_again_is_then_opened_as_it_is(workspace, data_dir, decoded):
    build(workspace, data_dir)
    rewrite(data_dir, 3, paint(200))
    store = build(workspace, data_dir)
    decoded.clear()

    again = build(workspace, data_dir)

    assert decoded == []
    assert again.facts == store.facts  # of the same build


def test_the_color_of_a_photo_written_again_is_named_again(
    workspace, write_catalogue, data_dir, rows
):
    rows[3]["photo"] = paint_object("black")
    build(workspace, write_catalogue(data_dir, rows))
    rewrite(data_dir, 3, paint_object((200, 0, 0)))

    assert build(workspace, data_dir).read_colors()["color"][3] == "red"


def test_a_pixel_file_of_another_catalogue_is_a_sentence(
    workspace, data_dir, write_catalogue, tmp_path
):
    store = build(workspace, data_dir)
    darker = [build_row(number, 10 * number + 1) for number in range(24)]
    darker[0]["CID"] = "99-1"
    other = build(workspace, write_catalogue(tmp_path / "other", darker))
    shutil.copy(other.path / "pixels.npy", store.path / "pixels.npy")

    for reopen in (
        lambda: build(workspace, data_dir),
        lambda: find_store(workspace, store.catalogue_id),
    ):
        with pytest.raises(ZapError, match=IS_DAMAGED):
            reopen()


def test_pixels_and_facts_of_another_catalogue_are_a_sentence(
    workspace, data_dir, write_catalogue, rows, tmp_path
):
    store = build(workspace, data_dir)
    rows[0]["CID"] = "99-1"
    other = build(workspace, write_catalogue(tmp_path / "other", rows))
    for name in ("pixels.npy", "pixels.json"):
        shutil.copy(other.path / name, store.path / name)

    with pytest.raises(ZapError, match=IS_DAMAGED):
        find_store(workspace, store.catalogue_id)


def test_the_fingerprint_is_of_the_first_and_the_last_photo_too(workspace, many_dir):
    store = build(workspace, many_dir)
    values = np.load(store.path / "pixels.npy")

    for row in (0, N_MANY - 1):
        changed = values.copy()
        changed[row, 0, 0, 0] ^= 1
        np.save(store.path / "pixels.npy", changed)
        with pytest.raises(ZapError, match="is damaged or of another catalogue"):
            find_store(workspace, store.catalogue_id)


def test_a_full_disk_is_a_sentence_and_nothing_is_left_behind(workspace, many_dir, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", fill_disk, raising=False)
        patch.setattr(pd.DataFrame, "to_parquet", fill_disk)
        patch.setattr(arrays.shutil, "disk_usage", lambda _: SimpleNamespace(free=400_000))
        with pytest.raises(ZapError, match=r"pixels\.npy needs 1 MB in .*, but 0 MB are free"):
            build(workspace, many_dir)

        left = {path.name for path in workspace.store_dir.iterdir() if path.is_dir()}
        assert left <= {".folders"}  # what is known of the folder's files

    assert build(workspace, many_dir).facts["decoded"] == 300


def test_all_photos_are_read_before_a_color_is_named(workspace, many_dir):
    phases = []
    build(workspace, many_dir, progress=lambda phase, *_: phases.append(phase))

    assert list(dict.fromkeys(phases)) == [
        "Looking at the photos",
        "Reading photos",
        "Naming colors",
    ]


def test_a_stop_while_naming_colors_leaves_a_store_without_them(
    workspace, many_dir, decoded, described
):
    with pytest.raises(Stopped):
        build(workspace, many_dir, progress=stop_at("Naming colors", 100))
    [stopped] = list_stores(workspace)
    assert not stopped.has_colors
    assert stopped.facts["decoded"] == 300
    assert read_greys(find_store(workspace, stopped.catalogue_id))[255:258] == [255, 0, 1]
    decoded.clear(), described.clear()

    store = build(workspace, many_dir)

    assert store.facts == stopped.facts  # of the same build
    assert store.has_colors
    assert decoded == []
    assert described == list(range(300))
    assert store.read_colors()["image_id"].equals(store.read_catalog()["image_id"])


def test_colors_can_be_left_for_later(workspace, data_dir, decoded, described):
    store = build(workspace, data_dir, with_colors=False)
    assert not store.has_colors
    assert described == []
    decoded.clear()

    assert not build(workspace, data_dir, with_colors=False).has_colors
    assert build(workspace, data_dir).has_colors
    assert decoded == []


def test_a_store_with_colors_keeps_them_for_those_who_need_none(workspace, data_dir):
    build(workspace, data_dir)

    assert build(workspace, data_dir, with_colors=False).has_colors


def test_colors_whose_write_is_interrupted_are_named_again(workspace, data_dir, monkeypatch):
    build(workspace, data_dir, with_colors=False)

    def write_half(self, path):
        path.write_bytes(b"PAR1")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_parquet", write_half)
        with pytest.raises(KeyboardInterrupt):
            build(workspace, data_dir)

    store = build(workspace, data_dir)
    assert len(store.read_colors()) == 24
    assert list_names(store.path) == [
        "catalog.parquet",
        "colors.parquet",
        "pixels.json",
        "pixels.npy",
    ]
