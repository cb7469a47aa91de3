"""The whole main job in a real browser on the drawn catalogue: train, watch, look, classify."""

import re
import shutil
from pathlib import Path

import pytest
from app_server import open_page
from PIL import ExifTags, Image
from playwright.sync_api import expect
from skimage import data

from zapcls.analysis.mistakes import Filter, find_images
from zapcls.workspace import jobs
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.runs import list_runs

TRAINING_TIMEOUT_MS = 600_000

pytestmark = pytest.mark.slow


def count_exceptions(page):
    return page.get_by_test_id("stException").count()


def test_a_newcomer_trains_watches_and_understands(page, address, workspace):
    page.goto(address)
    page.get_by_role("button", name="Train now").click()
    expect(page.get_by_role("heading", level=1, name="Train")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()

    # Reloading the tab loses nothing: the page finds the running job again.
    page.reload()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_text("images/s")).to_be_visible(timeout=TRAINING_TIMEOUT_MS)
    done = page.get_by_text(re.compile(r"^Done\. "))
    expect(done).to_be_visible(timeout=TRAINING_TIMEOUT_MS)

    run = list_runs(workspace)[0]
    assert jobs.read_status(run).state == "done"
    valid = run.rates["splits"]["valid"]
    assert valid["error_rate"] < run.rates["guess_error_rate"]

    open_page(page, "Errors")
    expect(page.get_by_text(f"{valid['errors']} of {valid['n']}")).to_be_visible()
    page.locator("[class*=st-key-open-] button").first.click()
    expect(page.get_by_text(re.compile(r"image \d+-\d+ · product"))).to_be_visible()
    page.keyboard.press("Escape")
    assert count_exceptions(page) == 0


def test_a_bar_opens_exactly_its_images(page, address, workspace):
    page.goto(address)
    open_page(page, "Color bias")
    page.get_by_text("Error rate by color and label").click()
    chart = page.get_by_test_id("stPlotlyChart").first
    bars = chart.locator(".bars .point path")
    expect(bars.first).to_be_attached()
    bar = max(bars.all(), key=height_of)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] * 0.9)

    expect(page.get_by_role("heading", level=1, name="Errors")).to_be_visible()
    page.wait_for_url(re.compile(r"[?&]color=\w+"))
    color = re.search(r"[?&]color=(\w+)", page.url)
    label = re.search(r"[?&]label=(\w+)", page.url)
    assert color is not None
    assert label is not None
    table = read_predictions(list_runs(workspace)[0], workspace)
    wanted = Filter(color=(color.group(1),), label=(label.group(1),))
    expect(page.get_by_text(f"{len(find_images(table, wanted))} photos")).to_be_visible()
    assert count_exceptions(page) == 0


def height_of(bar):
    box = bar.bounding_box()
    return box["height"] if box else 0.0


@pytest.fixture
def six_files(workspace, tmp_path):
    """A drawing as three kinds of file, once turned by its camera, a phone's photo, and no shoe."""
    drawing = Image.open(next(workspace.drawings_dir.rglob("*.jpg"))).convert("RGB")
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    drawing.save(tmp_path / "shoe.png")
    drawing.save(tmp_path / "shoe.webp", lossless=True)
    drawing.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=turned, quality=95)
    shutil.copy(Path(__file__).parents[1] / "data" / "turned-p3.heic", tmp_path / "phone.heic")
    Image.fromarray(data.coffee()).save(tmp_path / "coffee.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"this is no picture")
    names = "shoe.png", "shoe.webp", "turned.jpg", "phone.heic", "coffee.jpg", "broken.jpg"
    return [tmp_path / name for name in names]


def test_a_visitor_classifies_photos_and_finds_what_is_like_one(page, address, six_files):
    page.goto(address)
    open_page(page, "Classify")
    page.locator("input[type=file]").first.set_input_files(six_files)
    said = page.get_by_role("heading", name=re.compile(r"Looks like (wo)?men's"))
    expect(said).to_have_count(5)
    for file in six_files[:-1]:
        expect(page.get_by_text(f"{file.name}, as the model saw it")).to_be_visible()
    expect(page.get_by_text("A photo must be a whole picture file")).to_be_visible()
    first, *same = (said.nth(place).inner_text() for place in range(3))
    assert [text.split(":")[0] for text in same] == [first.split(":")[0]] * 2
    expect(page.get_by_text("This does not look like a shoe").last).to_be_visible()
    assert count_exceptions(page) == 0

    page.get_by_role("button", name="More like it").first.click()
    expect(page.get_by_role("heading", level=1, name="Similar")).to_be_visible()
    expect(page.get_by_text("shoe.png").first).to_be_visible()
    assert count_exceptions(page) == 0


def test_every_page_opens_by_its_address(page, address):
    pages = ["classify", "data", "learning_rate", "train", "results", "errors", "color_bias"]
    for path in ["", *pages, "review", "compare", *(f"errors?view={v}" for v in ("Slices", "Map"))]:
        page.goto(f"{address}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        assert count_exceptions(page) == 0
