import io
import struct
import zlib

import pytest
from PIL import Image

from zapcls.data import pixels
from zapcls.data.pixels import choose_side, decode_image

NO_PICTURE = "must be a whole picture file such as JPEG or PNG"


def build_chunk(kind, content):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def build_giant_png(width, height):
    """Return a PNG of about a hundred bytes that declares this size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + build_chunk(b"IHDR", header)
        + build_chunk(b"IDAT", zlib.compress(bytes(50)))
        + build_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_a_truncated_jpeg(jpeg, share, refuses):
    photo = jpeg((200, 200), "teal")

    with refuses(NO_PICTURE, "the file is not one or is damaged"):
        decode_image(photo[: int(share * len(photo))])


@pytest.mark.parametrize(
    "content", [b"", b"just a text", b"\xff\xd8\xff\xe0", b"%PDF-1.7\n", bytes(1000), b"GIF89a"]
)
def test_something_that_is_no_picture(content, refuses):
    with refuses(NO_PICTURE):
        decode_image(content)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_truncated_picture_of_another_kind(kind, refuses):
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(buffer, kind)

    with refuses(NO_PICTURE):
        decode_image(buffer.getvalue()[: len(buffer.getvalue()) // 3])


def test_an_error_that_only_some_of_pillow_s_readers_raise(monkeypatch, jpeg, refuses):
    def fail(image):
        raise NotImplementedError("a damaged AVIF raises a RuntimeError, an odd DDS this")

    monkeypatch.setattr(pixels, "_flatten", fail)

    with refuses(NO_PICTURE):
        decode_image(jpeg())


def test_the_sentence_names_the_file(tmp_path, refuses):
    file = tmp_path / "notes.txt"
    file.write_text("no picture")

    with refuses("notes.txt is not one"):
        decode_image(file)
    with refuses("my shoe is not one"):
        decode_image(file, name="my shoe")


def test_a_file_that_is_not_there_and_a_folder(tmp_path, refuses):
    with refuses("gone.jpg", "cannot be found"):
        decode_image(tmp_path / "gone.jpg")
    with refuses(NO_PICTURE):
        decode_image(tmp_path)


@pytest.mark.parametrize("side", [7_072, 9_000, 14_000, 60_000, 2**31 - 1])
def test_giant_dimensions_are_refused_before_any_pixel_is_decoded(side, monkeypatch, refuses):
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("it was decoded"))
    content = build_giant_png(side, side)
    assert len(content) < 200

    with refuses("must have 50 megapixels or less", "Save it smaller"):
        decode_image(content)


def test_the_size_is_named_where_pillow_tells_it(refuses):
    with refuses("my shoe has 10000 x 5001 px"):
        decode_image(build_giant_png(10_000, 5_001), name="my shoe")


def test_the_largest_picture_allowed_is_taken(monkeypatch, jpeg, refuses):
    monkeypatch.setattr(pixels, "MAX_IMAGE_PX", 600)

    assert decode_image(jpeg((30, 20))).size == (30, 20)
    with refuses("31 x 20 px"):
        decode_image(jpeg((31, 20)))


@pytest.mark.parametrize("as_path", [True, False])
def test_too_many_bytes_are_refused_before_the_file_is_opened(
    monkeypatch, tmp_path, jpeg, as_path, refuses
):
    photo = jpeg()
    (tmp_path / "shoe.jpg").write_bytes(photo)
    source = tmp_path / "shoe.jpg" if as_path else photo
    monkeypatch.setattr(pixels, "MAX_FILE_BYTES", len(photo))
    assert decode_image(source).size == (16, 12)

    monkeypatch.setattr(pixels, "MAX_FILE_BYTES", len(photo) - 1)
    monkeypatch.setattr(Image, "open", lambda source: pytest.fail("it was opened"))
    with refuses("MB or less"):
        decode_image(source)


def test_no_readable_file_gives_no_side(tmp_path, refuses):
    text, giant = tmp_path / "text.jpg", tmp_path / "giant.png"
    text.write_text("no picture")
    giant.write_bytes(build_giant_png(60_000, 60_000))

    with refuses("none of its 3 files is a picture"):
        choose_side([text, giant, tmp_path / "gone.jpg"])
