"""Classify: photos through ONNX Runtime, and a sentence for each file that is none."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, PngImagePlugin
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import local_script_runner

from zapcls.answer.limits import LIMITS
from zapcls.answer.many import ANSWERS, COLUMNS, ZIP, write_csv
from zapcls.data import photo
from zapcls.ui import uploads
from zapcls.ui.messages import escape
from zapcls.workspace import jobs
from zapcls.workspace.layout import read_json, write_json


def build_png(color, size=(60, 40)):
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "PNG")
    return buffer.getvalue()


def upload(app, *files):
    app.file_uploader(key="photos").set_value([(*file, "image/png") for file in files])
    return app.run()


def test_each_photo_gets_the_answer_of_the_model_that_is_named(finished, open_page):
    app = open_page("classify")
    assert "Looks like" not in app.said
    for words in ("Answered by ✓ resnet10t", "not the wearer", "Photos stay in memory on this"):
        assert words in app.said
    upload(app, ("red.png", build_png("#ff8888")), ("blue.png", build_png("#8888ff")))
    # The fake model's margin is 0.2 of the difference of the means of red and blue: over 0.999.
    said = [line for line in app.said.splitlines() if "Looks like" in line or "png" in line]
    assert said == [
        "### Looks like women's: over 99.9 %", "### Looks like men's: over 99.9 %",
        r"red\.png, as the model saw it", r"blue\.png, as the model saw it",
    ]  # fmt: skip
    assert not app.error


def test_a_visitor_without_a_photo_tries_one_that_the_run_never_saw(finished, open_page, valid):
    app = open_page("classify")
    offered = app.list_keys()
    chosen = valid[valid["image_id"].isin(offered)]
    assert len(chosen) == len(offered) == chosen["product_id"].nunique() == 6
    image = chosen.iloc[0]
    app.click(f"open-{image['image_id']}")
    label = {"Women": "women's", "Men": "men's"}[image["label"]]
    assert f"Sold as {label}, as the model saw it" in app.said.replace("\\", "")
    assert app.said.count("Looks like") == 1
    assert open_page("classify", image="there is none").said.count("Looks like") == 0


def test_each_answer_says_whether_it_can_be_relied_on(finished, open_page, own_store):
    store, limits = own_store, read_json(finished.path / LIMITS)
    thresholds = limits["targets"]["gender"]["thresholds"]
    thresholds["0.05"] = {"Women": None, "Men": None}
    thresholds["0.2"] = {"Women": 0.5, "Men": 0.5}
    write_json(finished.path / LIMITS, limits)
    buffer = io.BytesIO()
    Image.fromarray(store.pixels[0]).save(buffer, "PNG")

    app = upload(open_page("classify"), ("shoe.png", buffer.getvalue()))
    assert "Not sure.** More than 5 % of such answers are wrong" in app.said
    app.select_slider(key="risk").set_value(0.2).run()
    assert "**Sure.** At most 20 % of such answers are wrong" in app.said

    app = upload(open_page("classify"), ("green.png", build_png("#00ff00")))
    assert "does not look like a shoe" in app.said
    assert "ure.**" not in app.said


def test_a_person_can_say_that_the_classes_are_as_frequent_as_each_other(finished, open_page):
    limits = read_json(finished.path / LIMITS)
    limits["targets"]["gender"]["shares"] = {"Women": 0.9, "Men": 0.1}
    write_json(finished.path / LIMITS, limits)
    app = upload(open_page("classify"), ("gray.png", build_png("#817f80")))
    assert "### Looks like women's: 5" in app.said  # of two classes, hardly decided

    app.segmented_control(key="prior").set_value("even").run()

    assert "### Looks like men's: 8" in app.said


def test_where_the_classes_were_about_as_frequent_nobody_is_asked_for_a_prior(finished, open_page):
    limits = read_json(finished.path / LIMITS)
    limits["targets"]["gender"]["shares"] = {"Women": 0.51, "Men": 0.49}
    write_json(finished.path / LIMITS, limits)
    assert not [pick for pick in open_page("classify").segmented_control if pick.key == "prior"]


def draw_far(box):
    """Draw a small red object on white, as PNG."""
    photo, buffer = Image.new("RGB", (200, 200), "white"), io.BytesIO()
    photo.paste((255, 0, 0), box)
    photo.save(buffer, "PNG")
    return buffer.getvalue()


def find_sliders(app):
    return [slider for slider in app.slider if slider.key.startswith(("across-0", "down-0"))]


def test_the_part_that_is_looked_at_is_the_object_s_and_can_be_moved(finished, open_page):
    limits = read_json(finished.path / LIMITS) | {"closeness": {"small": 0.6, "usual": 0.8}}
    write_json(finished.path / LIMITS, limits)

    app = upload(open_page("classify"), ("far.png", draw_far((120, 120, 160, 160))))

    assert [slider.value for slider in find_sliders(app)] == [(55, 85), (55, 85)]
    close = next(line for line in app.said.splitlines() if "Looks like" in line)
    find_sliders(app)[0].set_value((0, 60)).run()
    assert close not in app.said  # half of the red is cut off
    find_sliders(app)[0].set_value((40, 45)).run()
    assert not app.exception

    upload(app, ("other.png", draw_far((40, 120, 80, 160))))
    assert [slider.value for slider in find_sliders(app)] == [(15, 45), (55, 85)]


def test_a_run_of_an_older_version_is_offered_an_evaluation(finished, open_page):
    (finished.path / LIMITS).unlink()
    app = upload(open_page("classify"), ("red.png", build_png("red")))
    assert "evaluated by an older version" in app.info[0].value
    assert app.button(key="evaluate").label == "Evaluate it"
    assert "Looks like women's" in app.said
    assert "ure.**" not in app.said


@pytest.fixture
def held(monkeypatch):
    """The uploads that the server holds of the session: over all runs of the app, as a real one."""
    manager = MemoryUploadedFileManager("/mock/upload")
    monkeypatch.setattr(local_script_runner, "MemoryUploadedFileManager", lambda _: manager)
    return manager.file_storage["test session id"]


def test_uploads_are_let_go_of_when_the_page_is_left_or_no_longer_names_them(
    finished, open_page, held
):
    photos = [(f"{color}.png", build_png(color)) for color in ("red", "blue")]
    app = upload(open_page("classify"), *photos)
    assert [file.name for file in held.values()] == ["red.png", "blue.png"]

    upload(app, ("green.png", build_png("green")))
    assert [file.name for file in held.values()] == ["green.png"]
    held["on its way"] = held[next(iter(held))]  # it came in while the page ran
    app.run()
    assert len(held) == 2

    app.switch_page("pages/results.py").run()
    assert [*held] == ["on its way"]


def test_a_zip_is_let_go_of_once_its_job_has_it(finished, open_page, held, launched):
    app = open_page("classify")
    app.file_uploader(key="zip").set_value(("many.zip", b"PK", "application/zip")).run()
    assert len(held) == 1
    app.click("classify")
    assert not held
    [job] = launched
    assert (job.path / ZIP).read_bytes() == b"PK"


def test_the_table_of_the_last_zip_is_shown_where_it_is_unfolded(finished, open_page, workspace):
    config = {"run": str(finished.path), "target": "gender", "name": "many.zip"}
    job = jobs.create(workspace.jobs_dir, "classify", config)
    write_csv(job.path / ANSWERS, COLUMNS, iter([dict.fromkeys(COLUMNS, "")]))
    write_json(job.path / "status.json", {"state": "done"})
    assert not open_page("classify").dataframe
    app = open_page("classify", open_many="true")
    assert len(app.dataframe[0].value) == 1
    assert "1 photo classified" in app.said


def test_what_is_no_picture_gets_a_sentence(finished, open_page):
    broken = {
        "notes.jpg": b"these are words, not a picture",
        "cut.png": build_png("red", (300, 300))[:-200],
        "empty.jpg": b"",
    }
    app = upload(open_page("classify"), *broken.items(), ("good.png", build_png("red")))
    for error, name in zip(app.error, broken, strict=True):
        assert error.value.startswith("A photo must be a whole picture file")
        assert escape(name) in error.value
    assert "Looks like women's" in app.said  # the others are still answered


def test_a_name_of_an_upload_is_a_name_and_no_markdown(finished, open_page):
    name = "![x](https://elsewhere.example/a) .png"
    app = upload(open_page("classify"), (name, build_png("red")), (name, b"no picture"))

    assert "![x]" not in app.said
    assert escape(name) in app.said
    assert "![x]" not in app.error[0].value


def test_a_giant_photo_is_refused_before_it_is_decoded(finished, open_page, monkeypatch):
    monkeypatch.setattr(photo, "MAX_IMAGE_PX", 1000)
    giant, app = build_png("red", (100, 100)), open_page("classify")
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("it was decoded"))
    upload(app, ("giant.png", giant))
    [error] = app.error
    assert "100 x 100 px" in error.value


def test_the_same_photo_may_be_uploaded_twice_and_taken_by_the_camera_too(
    finished, open_page, jpeg
):
    photo = ("red.jpg", jpeg(color="red"))
    app = open_page("classify")
    assert not app.camera_input  # off until asked for
    app.toggle(key="use_camera").set_value(True).run()
    app.camera_input[0].upload(*photo, "image/jpeg")
    upload(app, photo, photo)
    assert app.said.count("### Looks like women's: 100 %") == 3
    assert "camera photo" in app.said


def test_more_photos_than_a_page_answers_are_named(finished, open_page, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_PHOTOS", 2)
    photos = [(f"{place}.png", build_png("red")) for place in range(4)]
    app = upload(open_page("classify"), *photos)
    warning, *_ = app.warning  # the others say that a red square is no shoe
    assert "2 photos at a time, but 4 are uploaded" in warning.value
    assert app.said.count("### Looks like women's") == 2


def test_a_rerun_decodes_nothing_again_but_asks_a_model_that_changed(
    finished, open_page, monkeypatch
):
    opened = []
    open_image = Image.open

    def watch(stream, **options):
        if "formats" in options:  # Streamlit opens what the page draws
            opened.append(stream)
        return open_image(stream, **options)

    monkeypatch.setattr(Image, "open", watch)
    app = upload(open_page("classify"), ("red.png", build_png("red")), ("cut.png", b"\x89PNG"))
    at_first = len(opened)
    app.run()
    assert len(opened) == at_first > 0
    assert "### Looks like women's" in app.said
    assert escape("cut.png") in app.error[0].value

    finished.onnx_path.write_bytes(b"not a model")
    assert "must be a whole ONNX model" in app.run().error[0].value


def test_one_photo_is_decoded_at_a_time(finished, monkeypatch):
    at_work, most = [], []
    load = PngImagePlugin.PngImageFile.load

    def watch(image):
        at_work.append(image)
        time.sleep(0.02)  # time for another to begin
        most.append(len(at_work))
        at_work.remove(image)
        return load(image)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", watch)
    photos = [build_png("red", (60, 40 + place)) for place in range(6)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda photo: uploads.answer_upload(finished, photo, "red.png"), photos))
    assert set(most) == {1}
