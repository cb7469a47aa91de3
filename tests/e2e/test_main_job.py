"""The whole main job in a real browser on the drawn catalogue: train, watch, look, classify."""

import re

import pytest
from playwright.sync_api import expect

from zapcls.analysis.mistakes import Filter, find_images
from zapcls.workspace import jobs
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.runs import list_runs

TRAINING_TIMEOUT_MS = 600_000

pytestmark = pytest.mark.slow


def open_page(page, title):
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


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


def test_a_visitor_classifies_a_photo_and_a_broken_file(page, address, workspace, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"this is no picture")
    photo = next(workspace.drawings_dir.rglob("*.jpg"))
    open_page(page, "Classify")
    page.locator("input[type=file]").first.set_input_files([photo, broken])
    expect(page.get_by_role("heading", name=re.compile(r"Looks like (wo)?men's"))).to_be_visible()
    expect(page.get_by_text("A photo must be a whole picture file")).to_be_visible()
    assert count_exceptions(page) == 0


def test_every_page_opens_by_its_address(page, address):
    pages = ["classify", "data", "learning_rate", "train", "results", "errors", "color_bias"]
    for path in ["", *pages, "review", "compare", *(f"errors?view={v}" for v in ("Slices", "Map"))]:
        page.goto(f"{address}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        assert count_exceptions(page) == 0
