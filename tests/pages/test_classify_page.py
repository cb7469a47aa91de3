"""Classify: photos through ONNX Runtime, and a sentence for each file that is none."""

import io
from collections.abc import Callable

import pytest
from app_driver import App
from PIL import Image

from zapcls.data import pixels
from zapcls.workspace.runs import Run


def build_png(color: str, size: tuple[int, int] = (60, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "PNG")
    return buffer.getvalue()


def upload(app: App, *files: tuple[str, bytes]) -> App:
    app.file_uploader(key="photos").set_value([(*file, "image/png") for file in files])
    return app.run()


def test_each_photo_gets_the_answer_of_the_model(
    finished: Run, open_page: Callable[..., App]
) -> None:
    app = open_page("classify")
    assert "Sold as" not in app.said
    upload(app, ("red.png", build_png("#ff8888")), ("blue.png", build_png("#8888ff")))
    # The fake model's margin is 0.2 of the difference of the means of red and blue: over 0.999.
    assert [text for text in app.said.splitlines() if "Sold as" in text] == [
        "### Sold as women's, 100 %",
        "### Sold as men's, 100 %",
    ]
    assert "red.png" in app.said
    assert "blue.png" in app.said
    assert not app.error


def test_the_camera_s_photo_is_answered_too(
    finished: Run, open_page: Callable[..., App], jpeg: Callable[..., bytes]
) -> None:
    app = open_page("classify")
    assert not app.camera_input  # off until asked for
    app.toggle(key="use_camera").set_value(True).run()
    app.camera_input[0].upload("shot.jpg", jpeg(color="#8888ff"), "image/jpeg")
    app.run()
    assert "### Sold as men's, 100 %" in app.said
    assert "camera photo" in app.said


def test_the_run_of_the_answer_is_named(finished: Run, open_page: Callable[..., App]) -> None:
    said = open_page("classify").said
    assert "Answered by ✓ resnet10t" in said
    assert "not the wearer" in said
    assert "Photos stay in memory on this machine." in said


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.jpg", b"these are words, not a picture"),
        ("cut.png", build_png("red", (300, 300))[:-200]),
        ("empty.jpg", b""),
    ],
)
def test_what_is_no_picture_gets_a_sentence(
    finished: Run, open_page: Callable[..., App], name: str, content: bytes
) -> None:
    app = upload(open_page("classify"), (name, content), ("good.png", build_png("red")))
    [error] = app.error
    assert error.value.startswith("A photo must be a whole picture file")
    assert name in error.value
    assert "Sold as women's" in app.said  # the others are still answered


def test_a_giant_photo_is_refused_before_it_is_decoded(
    finished: Run, open_page: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "MAX_IMAGE_PX", 1000)
    monkeypatch.setattr(pixels, "_flatten", lambda image: pytest.fail("it was decoded"))
    app = upload(open_page("classify"), ("giant.png", build_png("red", (100, 100))))
    [error] = app.error
    assert "100 x 100 px" in error.value


def test_a_damaged_model_is_a_sentence(finished: Run, open_page: Callable[..., App]) -> None:
    finished.onnx_path.write_bytes(b"not a model")
    app = upload(open_page("classify"), ("red.png", build_png("red")))
    [error] = app.error
    assert "must be a whole ONNX model" in error.value
