import io
import warnings

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from zapcls.data.pixels import choose_side, decode_all, decode_image, square
from zapcls.errors import Stopped


def encode(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def build_noise(width, height, seed=0):
    """Return an RGB image of random pixels: no two rows or columns are alike."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def list_pixels(image):
    return [tuple(pixel) for pixel in np.asarray(image).reshape(-1, 3).tolist()]


def read_pixel(source):
    """Decode a picture and return its first pixel."""
    image = decode_image(source)
    assert image.mode == "RGB"
    return image.getpixel((0, 0))


def test_a_catalogue_photo_is_padded_with_white_and_no_pixel_changes():
    photo = build_noise(136, 102)

    padded = square(photo, 136)

    assert padded.shape == (136, 136, 3)
    assert padded.dtype == np.uint8
    assert np.array_equal(padded[17:119], np.asarray(photo))
    assert (padded[:17] == 255).all()
    assert (padded[119:] == 255).all()


def test_a_tall_photo_is_padded_left_and_right():
    padded = square(Image.new("RGB", (40, 60)), 60)

    assert (padded[:, 10:50] == 0).all()
    assert (padded[:, :10] == 255).all()
    assert (padded[:, 50:] == 255).all()


def test_a_square_photo_of_that_side_is_unchanged():
    photo = build_noise(64, 64)

    assert np.array_equal(square(photo, 64), np.asarray(photo))


@pytest.mark.parametrize("size", [(300, 150), (75, 150), (20, 10), (50, 1), (1, 1)])
def test_another_size_is_scaled_to_the_side_with_its_aspect_ratio(size):
    padded = square(Image.new("RGB", size), 50)
    dark = (padded == 0).all(axis=2)
    height, width = dark.any(axis=1).sum(), dark.any(axis=0).sum()

    assert padded.shape == (50, 50, 3)
    assert max(height, width) == 50
    assert (width, height) == (50 * size[0] // max(size), 50 * size[1] // max(size))


@pytest.mark.parametrize("size", [(1000, 1), (1, 1000)])
def test_a_strip_thinner_than_a_pixel_is_no_error(size):
    assert square(Image.new("RGB", size), 50).shape == (50, 50, 3)


def test_transparent_parts_are_laid_on_white():
    image = Image.new("RGBA", (3, 1))
    image.putdata([(255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 51)])  # 51: a fifth opaque

    decoded = decode_image(encode(image))

    assert list_pixels(decoded) == [(255, 0, 0), (255, 255, 255), (204, 204, 204)]


def test_grey_with_transparency_is_laid_on_white():
    image = Image.new("LA", (2, 1))
    image.putdata([(10, 255), (10, 0)])

    decoded = decode_image(encode(image))

    assert list_pixels(decoded) == [(10, 10, 10), (255, 255, 255)]


def test_a_palette_gives_its_colors_and_its_transparent_one_gives_white():
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 0, 255, 7, 8, 9])
    image.putdata([0, 1, 2])

    plain = decode_image(encode(image))
    cut_out = decode_image(encode(image, transparency=1))

    assert list_pixels(plain) == [(255, 0, 0), (0, 0, 255), (7, 8, 9)]
    assert list_pixels(cut_out) == [(255, 0, 0), (255, 255, 255), (7, 8, 9)]


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


def test_sixteen_bits_a_sample_become_eight():
    samples = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)

    decoded = decode_image(encode(Image.fromarray(samples)))

    assert list_pixels(decoded) == [(0, 0, 0), (100, 100, 100), (255, 255, 255)]


def test_cmyk_becomes_rgb():
    red, green, blue = read_pixel(encode(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))

    assert red > 230
    assert max(green, blue) < 40


@pytest.mark.parametrize(
    ("mode", "color", "expected"), [("1", 1, (255,) * 3), ("L", 77, (77,) * 3), ("L", 0, (0,) * 3)]
)
def test_black_and_white_and_grey_become_rgb(mode, color, expected):
    assert read_pixel(encode(Image.new(mode, (4, 4), color))) == expected


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]

    assert read_pixel(encode(frames[0], "GIF", save_all=True, append_images=frames[1:])) == (
        (255, 0, 0)
    )


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
    image = build_noise(1500, 1700).quantize(64)
    content = encode(image, transparency=3)
    shown = np.asarray(image.convert("RGB")).copy()
    shown[np.asarray(image) == 3] = 255

    assert np.array_equal(np.asarray(decode_image(content)), shown)


def test_a_path_and_its_bytes_decode_alike(tmp_path, jpeg):
    photo = jpeg((20, 10), "olive")
    (tmp_path / "shoe.jpg").write_bytes(photo)

    assert decode_image(tmp_path / "shoe.jpg") == decode_image(photo)


def write_photos(folder, sizes):
    files = [folder / f"{number}.png" for number in range(len(sizes))]
    for file, size in zip(files, sizes, strict=True):
        Image.new("1", size).save(file)
    return files


def test_the_side_is_the_most_frequent_long_side(tmp_path):
    sizes = [(200, 200), (136, 102), (102, 136), (135, 102), (200, 100), (10, 136)]

    assert choose_side(write_photos(tmp_path, sizes)) == 136


@pytest.mark.parametrize(("long_side", "expected"), [(8, 32), (32, 32), (512, 512), (900, 512)])
def test_the_side_stays_in_its_range(tmp_path, long_side, expected):
    assert choose_side(write_photos(tmp_path, [(long_side, 5)])) == expected


def test_the_side_is_chosen_from_the_first_fifty_readable_files(tmp_path):
    small, large, text = tmp_path / "s.png", tmp_path / "l.png", tmp_path / "text.jpg"
    Image.new("1", (60, 60)).save(small)
    Image.new("1", (90, 90)).save(large)
    text.write_text("no picture")

    files = [text] * 60 + [small] * 26 + [large] * 1000

    assert choose_side(files) == 60


def ignore_rows(rows):
    """Nobody asks which rows are done."""


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


def test_decode_all_marks_rows_once_they_are_done():
    rows = np.zeros((600, 32, 32, 3), np.uint8)
    marked = []

    def mark(part):
        assert (rows[part] == 255).all()
        marked.append(len(part))

    decode_all([None] * 600, rows, np.arange(600), mark)

    assert marked == [256, 256, 88]


def test_decode_all_reports_from_none_to_all():
    seen = []

    def watch(phase, done, total, **detail):
        seen.append((done, total))

    decode_all(
        [None] * 600, np.empty((600, 32, 32, 3), np.uint8), np.arange(600), ignore_rows, watch
    )

    assert seen[0] == (0, 600)
    assert seen[-1] == (600, 600)
    assert seen == sorted(seen)


def test_a_stop_passes_through_decode_all():
    rows = np.zeros((600, 32, 32, 3), np.uint8)

    def stop(phase, done, total, **detail):
        if done:
            raise Stopped("Stopped.")

    marked = []
    with pytest.raises(Stopped):
        decode_all([None] * 600, rows, np.arange(600), marked.extend, stop)

    assert marked == list(range(256))
    assert (rows[0] == 255).all()
    assert (rows[-1] == 0).all()  # not reached


def test_the_threads_of_decode_all_leave_python_s_warning_filters_alone(tmp_path, monkeypatch):
    # The filters are the whole process's: threads that each set and restore them leave them wrong.
    files = write_photos(tmp_path, [(32, 32)] * 8)
    before = warnings.filters
    seen = []

    load = PngImagePlugin.PngImageFile.load

    def watch(image):
        seen.append(warnings.filters)
        return load(image)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", watch)
    decode_all(files, np.empty((8, 32, 32, 3), np.uint8), np.arange(8), ignore_rows)

    assert len(seen) >= 8
    assert all(filters is seen[0] for filters in seen)
    assert warnings.filters is before
