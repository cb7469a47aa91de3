import warnings

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from zapcls.data.pixels import choose_side, decode_all, square
from zapcls.errors import Stopped


def build_noise(width, height, seed=0):
    """Return an RGB image of random pixels: no two rows or columns are alike."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


@pytest.mark.parametrize("size", [(136, 102), (102, 136), (136, 136)])
def test_a_catalogue_photo_is_padded_with_white_and_no_pixel_changes(size):
    photo = build_noise(*size)
    left, top = ((136 - length) // 2 for length in size)
    expected = np.full((136, 136, 3), 255, np.uint8)
    expected[top : top + size[1], left : left + size[0]] = np.asarray(photo)

    padded = square(photo, 136)

    assert padded.dtype == np.uint8
    assert np.array_equal(padded, expected)


@pytest.mark.parametrize("size", [(300, 150), (75, 150), (20, 10), (50, 1), (1, 1)])
def test_another_size_is_scaled_to_the_side_with_its_aspect_ratio(size):
    padded = square(Image.new("RGB", size), 50)
    dark = (padded == 0).all(axis=2)
    width, height = dark.any(axis=0).sum(), dark.any(axis=1).sum()

    assert padded.shape == (50, 50, 3)
    assert (width, height) == tuple(50 * length // max(size) for length in size)
    assert square(Image.new("RGB", (1000, 1)), 50).shape == (50, 50, 3)  # thinner than a pixel


def write_photos(folder, sizes):
    files = [folder / f"{number}.png" for number in range(len(sizes))]
    for file, size in zip(files, sizes, strict=True):
        Image.new("1", size).save(file)
    return files


@pytest.mark.parametrize(
    ("sizes", "side"),
    [
        ([(200, 200), (136, 102), (102, 136), (135, 102), (200, 100), (10, 136)], 136),
        *(([(long_side, 5)], side) for long_side, side in ((8, 32), (32, 32), (900, 512))),
    ],
)
def test_the_side_is_the_most_frequent_long_side_in_its_range(tmp_path, sizes, side):
    assert choose_side(write_photos(tmp_path, sizes)) == side


def test_the_side_is_chosen_from_the_first_fifty_readable_files(tmp_path):
    small, large = write_photos(tmp_path, [(60, 60), (90, 90)])
    text = tmp_path / "text.jpg"
    text.write_text("no picture")

    assert choose_side([text] * 60 + [small] * 26 + [large] * 1000) == 60


def test_decode_all_fills_a_row_a_file_and_whitens_what_it_cannot_read(tmp_path, jpeg):
    good, broken, text = (tmp_path / name for name in ("good.png", "broken.jpg", "text.jpg"))
    photo = build_noise(40, 40)
    photo.save(good)
    broken.write_bytes(jpeg((40, 40))[:-200])
    text.write_text("no picture")
    gone = tmp_path / "gone.jpg"
    rows = np.zeros((5, 40, 40, 3), np.uint8)
    marked = []

    unreadable = decode_all([broken, good, None, text, gone], rows, np.arange(5), marked.extend)

    assert unreadable == [0, 3, 4]  # a row without a file is missing, not unreadable
    assert marked == [1, 2]
    assert np.array_equal(rows[1], np.asarray(photo))
    assert (rows[[0, 2, 3, 4]] == 255).all()


def test_decode_all_leaves_the_rows_that_it_is_not_asked_for_alone(tmp_path):
    files = write_photos(tmp_path, [(32, 32)] * 5)
    rows = np.full((5, 32, 32, 3), 7, np.uint8)
    marked = []

    decode_all(files, rows, np.array([3, 1]), marked.extend)

    assert marked == [3, 1]
    assert rows[:, 0, 0, 0].tolist() == [7, 0, 7, 0, 7]


def test_decode_all_marks_and_reports_rows_once_they_are_done_and_can_be_stopped():
    rows = np.zeros((600, 32, 32, 3), np.uint8)
    seen, marked = [], []

    def mark(part):
        assert (rows[part] == 255).all()
        marked.append(len(part))

    def stop(phase, done, total, **detail):
        seen.append((done, total))
        if done == 512:
            raise Stopped("Stopped.")

    with pytest.raises(Stopped):
        decode_all([None] * 600, rows, np.arange(600), mark, stop)
    assert marked == [256, 256]
    assert (rows[-1] == 0).all()  # not reached
    decode_all([None] * 600, rows, np.arange(512, 600), mark, lambda *step: seen.append(step[1:]))

    assert marked == [256, 256, 88]
    assert seen == [(0, 600), (256, 600), (512, 600), (0, 88), (88, 88)]


def test_the_threads_of_decode_all_leave_python_s_warning_filters_alone(tmp_path, monkeypatch):
    # The filters are the whole process's: threads that each set and restore them leave them wrong.
    files = write_photos(tmp_path, [(32, 32)] * 8)
    before, seen = warnings.filters, []
    load = PngImagePlugin.PngImageFile.load

    def watch(image):
        seen.append(warnings.filters)
        return load(image)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", watch)
    decode_all(files, np.empty((8, 32, 32, 3), np.uint8), np.arange(8), lambda rows: None)

    assert len(seen) >= 8
    assert all(filters is seen[0] for filters in seen)
    assert warnings.filters is before
