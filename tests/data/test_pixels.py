import io
import warnings

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from zapcls.data.photo import decode_image
from zapcls.data.pixels import choose_side, decode_all, square
from zapcls.errors import Stopped


def encode(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


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


def build_row(mode, *pixels):
    image = Image.new(mode, (len(pixels), 1))
    image.putdata(pixels)
    return image


def build_palette():
    image = build_row("P", 0, 1, 2)
    image.putpalette([255, 0, 0, 0, 0, 255, 7, 8, 9])
    return image


RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
GREY_16 = Image.fromarray(np.array([[0, 257 * 100, 65535]], dtype=np.uint16))
BLUE_FRAME = {"save_all": True, "append_images": [build_row("RGB", BLUE)]}


@pytest.mark.parametrize(
    ("image", "kind", "options", "expected"),
    [
        # Transparent parts are laid on white; 51 is a fifth opaque.
        (
            build_row("RGBA", (*RED, 255), (*RED, 0), (0, 0, 0, 51)),
            "PNG", {}, [RED, WHITE, (204,) * 3],
        ),
        (build_row("LA", (10, 255), (10, 0)), "PNG", {}, [(10,) * 3, WHITE]),
        (build_palette(), "PNG", {}, [RED, BLUE, (7, 8, 9)]),
        (build_palette(), "PNG", {"transparency": 1}, [RED, WHITE, (7, 8, 9)]),
        (GREY_16, "PNG", {}, [(0,) * 3, (100,) * 3, WHITE]),
        (build_row("1", 1, 0), "PNG", {}, [WHITE, (0,) * 3]),
        (build_row("L", 77, 0), "PNG", {}, [(77,) * 3, (0,) * 3]),
        (build_row("RGB", RED), "GIF", BLUE_FRAME, [RED]),
        (build_row("CMYK", (0, 255, 255, 0)), "TIFF", {}, [RED]),
    ],
)  # fmt: skip
def test_each_mode_becomes_rgb(image, kind, options, expected, tmp_path):
    image.save(tmp_path / "shoe", kind, **options)

    for source in (tmp_path / "shoe", (tmp_path / "shoe").read_bytes()):
        decoded = decode_image(source)
        assert decoded.mode == "RGB"
        assert [tuple(pixel) for pixel in np.asarray(decoded)[0].tolist()] == expected


@pytest.mark.parametrize(
    ("orientation", "corner"),  # where the upright picture's top left pixel is in the file
    [(1, (0, 0)), (2, (1, 0)), (3, (1, 1)), (4, (0, 1)), (6, (0, 1)), (8, (1, 0))],
)
def test_a_photo_is_turned_upright_as_its_camera_says(orientation, corner):
    image = Image.new("RGB", (30, 20), "white")
    x, y = corner[0] * 29, corner[1] * 19
    image.putpixel((x, y), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = orientation

    decoded = decode_image(encode(image, exif=exif))

    assert decoded.size == ((20, 30) if orientation in (6, 8) else (30, 20))
    assert decoded.getpixel((0, 0)) == (255, 0, 0)


def build_gradient(mode, width, height):
    """Return a smooth picture of some mode: transparent at the left where the mode allows it."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    if mode == "I;16":
        return Image.fromarray((x * 65535).astype(np.uint16))
    image = Image.fromarray((np.dstack([x, y, 1 - x]) * 255).astype(np.uint8))
    if mode == "RGBA":
        image.putalpha(Image.fromarray((x * 255).astype(np.uint8)))
    return image.convert(mode) if mode in ("L", "CMYK") else image


LARGE = [
    ("JPEG", "RGB", {}), ("JPEG", "L", {}), ("JPEG", "CMYK", {}), ("PNG", "RGBA", {}),
    ("JPEG", "RGB", {"progressive": True}), ("PNG", "I;16", {}), ("WEBP", "RGB", {}),
    ("MPO", "RGB", {"save_all": True, "append_images": [Image.new("RGB", (8, 8))]}),
    ("TIFF", "RGB", {}), ("AVIF", "RGB", {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "mode", "options"), LARGE)
@pytest.mark.parametrize("turn", [1, 6])
def test_a_large_photo_is_reduced_early_and_looks_the_same(kind, mode, options, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    content = encode(build_gradient(mode, 1300, 700), kind, exif=exif, **options)

    whole, reduced = decode_image(content), decode_image(content, side=64)

    assert max(whole.size) == 1300
    assert max(reduced.size) == 64
    difference = np.abs(square(whole, 64).astype(int) - square(reduced, 64))
    assert difference.mean() < 1
    assert np.quantile(difference, 0.99) <= 4


@pytest.mark.parametrize(("kind", "mode", "options"), LARGE)
def test_a_photo_of_less_than_six_times_the_side_keeps_every_pixel(kind, mode, options):
    for size in ((136, 102), (815, 400)):
        content = encode(build_gradient(mode, *size), kind, **options)
        assert decode_image(content, side=136) == decode_image(content)


def test_strips_of_a_large_picture_are_converted_alike():
    image = build_noise(1500, 700).quantize(64)
    content = encode(image, transparency=3)
    shown = np.asarray(image.convert("RGB")).copy()
    shown[np.asarray(image) == 3] = 255

    assert np.array_equal(np.asarray(decode_image(content)), shown)


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
