"""The whole loop in a browser, to a better network: find wrong labels, fix them, retrain, compare.

The drawings have so many labels planted wrong that a network that is told the right ones must err
less on the photos that nobody reviewed, under what is drawn on them.
"""

import re
import subprocess
import sys

import pytest
from app_server import open_page, serve
from playwright.sync_api import expect

from zapcls.data import sample
from zapcls.data.sources.drawings import read_truth
from zapcls.evidence import open_evidence
from zapcls.workspace import jobs
from zapcls.workspace.layout import Workspace
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.runs import list_runs

N, WRONG_SHARE = 500, 0.25
TIMEOUT_MS = 600_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A workspace whose drawings have a quarter of their labels planted wrong, and one run."""
    workspace = Workspace(tmp_path_factory.mktemp("loop") / "workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "WRONG_LABEL_SHARE", WRONG_SHARE)
        sample.draw_catalogue(workspace.drawings_dir, N, seed=0)
    where = ["--workspace", str(workspace.path), "--preset", "first-try", "--image-size", "128"]
    subprocess.run([sys.executable, "-m", "zapcls", "train", *where], check=True)
    return workspace


@pytest.fixture(scope="module")
def served(shelf):
    with serve(shelf) as address:
        yield address


def count_errors(run, workspace):
    """Count the photos of valid that a run gets wrong under what is drawn on them."""
    table = read_predictions(run, workspace)
    table = table[(table["split"] == "valid") & (table["label"] != "")]
    table = table.merge(read_truth(run.data_dir)[["image_id", "true_label"]], on="image_id")
    return int((table["prediction"] != table["true_label"]).sum())


def find_product(run, workspace):
    """Find a suspect of train whose label was planted wrong, of a product with several photos."""
    issues = open_evidence(run, workspace).check.read_issues()
    issues = issues[issues["is_suspect"]].merge(
        read_truth(run.data_dir)[["image_id", "true_label", "wrong_label"]], on="image_id"
    )
    table = read_predictions(run, workspace)
    counts = table["product_id"].value_counts()
    issues = issues.merge(table[["image_id", "split"]], on="image_id")
    is_one = issues["wrong_label"].astype(bool) & (issues["split"] == "train")
    is_one &= issues["product_id"].map(counts) > 1
    chosen = issues[is_one].sort_values("label_quality").iloc[0]
    return chosen, int(counts[chosen["product_id"]])


def mark_all_suspects(page):
    """Mark the suspects of train as the light table suggests, a screen at a time, until all are."""
    left = page.get_by_role("radio", name=re.compile(r"^train [1-9]\d*"))
    expect(left).to_be_visible()
    while left.is_visible():
        page.locator(".light-table .cell").first.click()
        page.keyboard.press("Escape")
        page.keyboard.press("Control+a")
        expect(page.get_by_text(re.compile(r"^[1-9]\d* chosen"))).to_be_visible()
        page.get_by_role("button", name=re.compile("^Should be")).click()
        expect(page.get_by_text("0 chosen", exact=True)).to_be_visible()


def test_labels_that_are_found_and_fixed_make_a_better_network(page, served, shelf):
    [run] = list_runs(shelf)
    page.goto(f"{served}/errors?run={run.run_id}&view=Suspects&suspects_in=train")
    page.get_by_role("button", name=re.compile("Check the labels")).click()
    expect(page.get_by_text("labels are suspected")).to_be_visible(timeout=TIMEOUT_MS)

    planted, photos = find_product(run, shelf)
    page.goto(f"{served}/errors?run={run.run_id}&view=Suspects&image={planted['image_id']}")
    page.get_by_text(f"All {photos} photos of the product").click()
    right = {"Women": "women's", "Men": "men's"}[planted["true_label"]]
    page.get_by_role("button", name=f"Should be {right}").click()
    expect(page.get_by_text(f"Marked: should be {right} ({photos} photos)").first).to_be_visible()

    page.goto(f"{served}/errors?run={run.run_id}&view=Suspects&suspects_in=train")
    mark_all_suspects(page)

    open_page(page, "Review")
    page.get_by_role("button", name="Retrain", exact=True).click()
    expect(page.get_by_text(re.compile(r"^Done\. "))).to_be_visible(timeout=TIMEOUT_MS)
    child = list_runs(shelf)[0]
    assert jobs.read_status(child).state == "done"
    assert child.parent_id == run.run_id
    told = read_predictions(child, shelf)
    of_product = told[told["product_id"] == planted["product_id"]]
    assert set(of_product["label"]) == {planted["true_label"]}

    page.get_by_role("button", name="Compare with the run before").click()
    n_valid = run.rates["splits"]["valid"]["n"]  # what was reviewed is in train
    headline = page.get_by_role("heading", name=f"On {n_valid:,} photos that nobody reviewed")
    expect(headline).to_be_visible()
    assert count_errors(child, shelf) < count_errors(run, shelf)
    assert page.get_by_test_id("stException").count() == 0
