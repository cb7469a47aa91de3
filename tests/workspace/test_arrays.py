import errno
import os
from types import SimpleNamespace

import numpy as np
import pytest

from zapcls.errors import ZapError, is_disk_full
from zapcls.workspace import arrays
from zapcls.workspace.arrays import FilledArray

SHAPE = (6, 2, 2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "values.npy"


@pytest.fixture
def open_array(path):
    """Return a function that opens the array as the next process does."""
    return lambda: FilledArray(path, SHAPE, np.float32)


def list_filled(array):
    return np.flatnonzero(array.is_filled).tolist()


def fill_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_new_array_takes_all_its_space_and_has_no_row_filled(path):
    array = FilledArray(path, (1000, 10, 10), np.float32)

    assert array.values.shape == (1000, 10, 10)
    assert array.values.dtype == np.float32
    assert list_filled(array) == []
    assert path.stat().st_size == 128 + 1000 * 10 * 10 * 4  # the header of .npy and the values
    if hasattr(os, "posix_fallocate"):
        assert path.stat().st_blocks * 512 >= 400_000


def test_what_one_process_after_another_filled_and_flushed_is_there(open_array, path):
    first = open_array()
    first.fill(np.array([4, 1]), np.array([np.full((2, 2), 40), np.full((2, 2), 10)]))
    assert list_filled(first) == [1, 4]  # at once for the process that fills them
    first.flush()
    second = open_array()
    second.values[5] = 50
    second.mark([5])
    second.flush()
    open_array().fill(np.array([3]), np.ones((1, 2, 2)))  # and killed before it flushes

    last = open_array()
    assert list_filled(last) == [1, 4, 5]
    assert last.values[[0, 1, 2, 4, 5], 1, 1].tolist() == [0, 10, 0, 40, 50]
    path.unlink()
    again = open_array()
    assert list_filled(again) == []
    assert (again.values == 0).all()
    again.drop_marks()
    assert list(path.parent.iterdir()) == [path]


def test_a_process_killed_between_values_and_marks_leaves_no_row_that_looks_filled(
    open_array, monkeypatch
):
    array = open_array()
    array.fill(np.array([3]), np.ones((1, 2, 2)))

    def die(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(np.memmap, "flush", die)
        with pytest.raises(KeyboardInterrupt):
            array.flush()

    assert list_filled(open_array()) == []


@pytest.mark.parametrize(("rows", "expected"), [([0, 1], []), ([0, 1, 2], [0, 1, 2])])
def test_rows_are_flushed_whenever_there_are_enough_of_them(
    open_array, monkeypatch, rows, expected
):
    monkeypatch.setattr(arrays, "_FLUSH_EVERY_BYTES", 3 * 16)  # a row is 2 x 2 x 4 bytes
    array = open_array()

    for row in rows:
        array.mark([row])

    assert list_filled(open_array()) == expected


@pytest.mark.parametrize("n_whole", [0, 1])
def test_a_process_killed_while_the_files_are_made_leaves_none_that_cannot_be_opened(
    open_array, monkeypatch, n_whole
):
    make, made = np.lib.format.open_memmap, []

    def make_or_die(path, *args, **options):
        if len(made) == n_whole:
            path.write_bytes(b"half")
            raise KeyboardInterrupt
        made.append(path)
        return make(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(np.lib.format, "open_memmap", make_or_die)
        with pytest.raises(KeyboardInterrupt):
            open_array()

    assert list_filled(open_array()) == []


@pytest.mark.parametrize(
    ("shape", "dtype"), [((5, 2, 2), np.float32), ((6, 2, 1), np.float32), (SHAPE, np.uint8)]
)
def test_a_file_of_another_shape_or_dtype_is_a_sentence(open_array, path, shape, dtype):
    open_array()

    with pytest.raises(ZapError, match=r"values\.npy must be an array of shape.*Delete the folder"):
        FilledArray(path, shape, dtype)


@pytest.mark.parametrize("name", ["values.npy", "values.filled.npy"])
def test_a_file_that_is_cut_short_is_made_anew(open_array, path, name):
    file = path.with_name(name)

    for keep in (130, 60, 0):
        array = open_array()
        array.fill(np.array([3]), np.ones((1, 2, 2)))
        array.flush()
        file.write_bytes(file.read_bytes()[:keep])
        assert list_filled(open_array()) == []


@pytest.mark.parametrize("step", [(os, "posix_fallocate"), (np.lib.format, "open_memmap")])
def test_a_full_disk_is_a_sentence_that_says_how_much_is_needed(path, monkeypatch, step):
    monkeypatch.setattr(arrays.shutil, "disk_usage", lambda _: SimpleNamespace(free=2_600_000))
    monkeypatch.setattr(*step, fill_disk, raising=False)

    with pytest.raises(ZapError, match=r"^values\.npy needs 4 MB in .*, but 3 MB are free\. Free"):
        FilledArray(path, (1000, 1000), np.float32)

    assert list(path.parent.iterdir()) == []


def test_a_disk_that_fails_otherwise_is_not_called_full(open_array, path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "posix_fallocate", fail, raising=False)

    with pytest.raises(OSError, match="is broken"):
        open_array()
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "no space"), True),
        (OSError(errno.EDQUOT, "quota"), True),
        (OSError(errno.EFBIG, "file too large"), True),
        (OSError(errno.EACCES, "denied"), False),
        (OSError("without a number"), False),
        (ValueError(errno.ENOSPC), False),
    ],
)
def test_a_full_disk_is_told_by_its_number(error, expected):
    assert is_disk_full(error) is expected
