"""Photos of each format and kind become sRGB, upright, on white."""

import io
from pathlib import Path

import numpy as np
import pytest
from icc import build_cmyk_profile, build_gray_profile, build_rgb_profile
from PIL import Image, ImageCms

from zapcls.data.photo import decode_image
from zapcls.data.pixels import square


def encode(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def build_noise(width, height, seed=0):
    """Return an RGB image of random pixels: no two rows or columns are alike."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def build_row(mode, *pixels):
    image = Image.new(mode, (len(pixels), 1))
    image.putdata(pixels)
    return image


def build_palette():
    image = build_row("P", 0, 1, 2)
    image.putpalette([255, 0, 0, 0, 0, 255, 7, 8, 9])
    return image


def build_numbers(*samples):
    return Image.fromarray(np.array([samples], dtype=np.float32))


RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
GREY_16 = Image.fromarray(np.array([[0, 257 * 100, 65535]], dtype=np.uint16))
LONG = np.array([[0, 1 << 19, 1 << 20]], dtype=np.int32)
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
        (GREY_16, "PNG", {"transparency": 257 * 100}, [(0,) * 3, WHITE, WHITE]),
        # Numbers with a fraction are of 0..1, of 0..255 or of 0..65535; what is none is black.
        (build_numbers(0, 0.5, 1), "TIFF", {}, [(0,) * 3, (127,) * 3, WHITE]),
        (build_numbers(-9, 100, 255), "TIFF", {}, [(0,) * 3, (100,) * 3, WHITE]),
        (build_numbers(np.nan, np.inf, 65535), "TIFF", {}, [(0,) * 3, WHITE, WHITE]),
        (Image.fromarray(LONG), "TIFF", {}, [(0,) * 3, (127,) * 3, WHITE]),
        (build_row("1", 1, 0), "PNG", {}, [WHITE, (0,) * 3]),
        (build_row("L", 77, 0), "PNG", {}, [(77,) * 3, (0,) * 3]),
        (build_row("RGB", RED), "GIF", BLUE_FRAME, [RED]),
        (build_row("RGB", RED), "WEBP", {**BLUE_FRAME, "lossless": True}, [RED]),
        (build_row("RGB", RED), "PNG", BLUE_FRAME, [RED]),
        (build_row("CMYK", (0, 255, 255, 0)), "TIFF", {}, [RED]),
        (build_row("LAB", (128, 128, 128)), "TIFF", {}, [(119,) * 3]),
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


HEIC = Path(__file__).with_name("turned-p3.heic")  # 64 x 48 px in Display P3, turned by its camera


def test_a_heic_photo_is_turned_once_and_its_colors_become_srgb():
    for source in (HEIC, HEIC.read_bytes()):
        photo = decode_image(source)
        assert photo.size == (48, 64)
        assert np.allclose(photo.getpixel((44, 3)), BLUE, atol=3)  # at the left before it is turned
        # (200, 60, 80) of Display P3: redder than sRGB's.
        assert np.allclose(photo.getpixel((24, 32)), (218, 37, 74), atol=4)


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
WIDE = build_rgb_profile()


@pytest.mark.parametrize(
    ("image", "kind", "profile", "expected"),
    [
        (build_row("RGB", (100, 150, 120)), "PNG", WIDE, (83, 153, 118)),
        (build_row("RGBA", (100, 150, 120, 255)), "PNG", WIDE, (83, 153, 118)),
        (build_row("RGB", (100, 150, 120)), "PNG", SRGB, (100, 150, 120)),
        (build_row("RGB", (100, 150, 120)), "PNG", WIDE[:200], (100, 150, 120)),  # it is cut
        (build_row("RGB", (100, 150, 120)), "PNG", build_cmyk_profile((0.1, 0.2, 0.1)),
         (100, 150, 120)),  # of other pixels
        (build_row("L", 100), "PNG", build_gray_profile(1.0), (168,) * 3),
        (build_row("CMYK", (0, 255, 255, 0)), "TIFF", build_cmyk_profile((0.1, 0.2, 0.1)),
         (0, 46, 27)),
    ],
)  # fmt: skip
def test_colors_become_srgb_as_the_profile_says(image, kind, profile, expected):
    photo = decode_image(encode(image, kind, icc_profile=profile))

    assert np.allclose(photo.getpixel((0, 0)), expected, atol=1)


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_large_photo_with_a_profile_is_reduced_and_converted(mode):
    profile = WIDE if mode == "RGB" else build_cmyk_profile((0.1, 0.2, 0.1))
    content = encode(build_gradient(mode, 900, 700), "JPEG", icc_profile=profile)

    whole, reduced = decode_image(content), decode_image(content, side=64)

    assert np.abs(square(whole, 64).astype(int) - square(reduced, 64)).mean() < 1
