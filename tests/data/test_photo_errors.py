import io
import os
import signal
import socket
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, JpegImagePlugin

from zapcls.data import photo
from zapcls.data.photo import decode_image
from zapcls.data.pixels import choose_side, decode_all

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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_truncated_picture(kind, refuses):
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(buffer, kind)

    for share in (0.02, 0.3, 0.7) if kind == "JPEG" else (0.3,):
        with refuses(NO_PICTURE, "my shoe is not one or is damaged"):
            decode_image(buffer.getvalue()[: int(share * buffer.tell())], "my shoe")


@pytest.mark.parametrize(
    "content", [b"", b"just a text", b"\xff\xd8\xff\xe0", b"%PDF-1.7\n", bytes(1000), b"GIF89a"]
)
def test_something_that_is_no_picture(content, tmp_path, refuses):
    file, giant = tmp_path / "notes.txt", tmp_path / "giant.png"
    file.write_bytes(content)
    giant.write_bytes(build_giant_png(60_000, 60_000))

    with refuses(NO_PICTURE, "notes.txt is not one"):
        decode_image(file)
    with refuses("gone.jpg", "cannot be found"):
        decode_image(tmp_path / "gone.jpg")
    with refuses("none of its 3 files is a picture"):
        choose_side([file, giant, tmp_path / "gone.jpg"])


def test_an_error_that_only_some_of_pillow_s_readers_raise(monkeypatch, jpeg, refuses):
    def fail(image):
        raise RuntimeError("as a damaged AVIF does")

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", fail)
    with refuses(NO_PICTURE):
        decode_image(jpeg())


@pytest.mark.parametrize("kind", ["EPS", "PDF", "PPM", "ICO", "ICNS", "PCX", "TGA", "JPEG2000"])
def test_another_program_or_reader_never_sees_a_file_by_any_name(
    kind, tmp_path, monkeypatch, refuses
):
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("it started"))
    file = tmp_path / "shoe.jpg"
    Image.new("RGB", (64, 64), "red").save(file, kind)

    with refuses(NO_PICTURE, "shoe.jpg is not one"):
        decode_image(file)
    with refuses(NO_PICTURE):
        decode_image(file.read_bytes(), side=32)
    with refuses("none of its 1 files is a picture"):
        choose_side([file])


@pytest.fixture
def irregular(tmp_path):
    """A pipe, a socket and a folder named as photos, and a device; who waits for one is woken."""
    pipe, address, folder = (tmp_path / f"{name}.jpg" for name in ("pipe", "socket", "folder"))
    os.mkfifo(pipe)
    folder.mkdir()
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits for the pipe"))
    signal.alarm(20)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(address))
        yield [pipe, address, folder, Path("/dev/zero")]
    signal.alarm(0)


def test_only_regular_files_are_opened(irregular, tmp_path, refuses):
    for file in irregular:
        with refuses("must be a regular file", file.name):
            decode_image(file)

    good = tmp_path / "good.png"
    Image.new("RGB", (40, 40), "red").save(good)
    rows = np.zeros((5, 40, 40, 3), np.uint8)
    assert choose_side([*irregular, good]) == 40
    assert decode_all([*irregular, good], rows, np.arange(5), lambda rows: None) == [0, 1, 2, 3]
    assert (rows[4] == (255, 0, 0)).all()


@pytest.mark.parametrize("side", [10_001, 14_000, 60_000, 2**31 - 1])
def test_giant_dimensions_are_refused_before_any_pixel_is_decoded(side, monkeypatch, refuses):
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("it was decoded"))
    content = build_giant_png(side, side)
    assert len(content) < 200

    with refuses("A photo must have ", " megapixels or less", "Save it smaller"):
        decode_image(content)


def test_a_photo_as_thin_as_a_line_is_refused(tmp_path, refuses):
    decode_image(write_png(tmp_path, (60, 3)))
    for size in ((61, 3), (1, 1000)):
        with refuses("20 times as long as wide or less", f"{size[0]} x {size[1]} px", "Crop it"):
            decode_image(write_png(tmp_path, size))


def test_formats_that_are_decoded_several_times_over_have_less_pixels(monkeypatch, refuses):
    monkeypatch.setattr(photo, "MAX_HEAVY_PX", 599)
    for kind in ("WEBP", "AVIF", "PNG"):
        buffer = io.BytesIO()
        Image.new("RGB", (30, 20)).save(buffer, kind)
        if kind == "PNG":
            decode_image(buffer.getvalue())
            continue
        with refuses(f"megapixels or less as {kind}", "30 x 20 px"):
            decode_image(buffer.getvalue())


def write_png(folder, size):
    Image.new("RGB", size).save(folder / "shoe.png")
    return folder / "shoe.png"


@pytest.mark.parametrize(
    ("options", "side", "most"),
    [({}, 8, 3), ({"progressive": True}, 8, 1), ({}, None, 1)],
)
def test_photos_that_are_large_in_memory_take_turns(options, side, most, monkeypatch, jpeg):
    monkeypatch.setattr(photo, "_LARGE_PX", 100)
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40)).save(buffer, "JPEG", **options)
    load, at_work, together = JpegImagePlugin.JpegImageFile.load, [], []
    everyone = threading.Barrier(3)

    def watch(image):
        at_work.append(id(image))
        everyone.wait(300) if most > 1 else time.sleep(0.02)  # all at once, or time for another
        together.append(len(at_work))
        at_work.remove(id(image))
        return load(image)

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", watch)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: photo.read_image(buffer.getvalue(), side=side), range(3)))
    assert max(together) == most


def test_too_many_bytes_are_refused_before_the_file_is_opened(monkeypatch, tmp_path, jpeg, refuses):
    content, file = jpeg(), tmp_path / "shoe.jpg"
    file.write_bytes(content)
    monkeypatch.setattr(photo, "MAX_FILE_BYTES", len(content))
    assert decode_image(file).size == decode_image(content).size == (16, 12)

    monkeypatch.setattr(photo, "MAX_FILE_BYTES", len(content) - 1)
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    for source in (file, content):
        with refuses("MB or less"):
            decode_image(source)
