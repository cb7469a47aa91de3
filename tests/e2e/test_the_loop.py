"""The whole loop in a browser: find a planted wrong label, fix it, retrain, see it compared."""

import csv
import re
import subprocess
import sys

import pandas as pd
import pytest
from playwright.sync_api import expect

from zapcls.evidence import open_evidence
from zapcls.workspace import jobs
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.runs import list_runs

TIMEOUT_MS = 600_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(workspace):
    """The run of the main job's test, or one of its own where this file runs alone."""
    if not list_runs(workspace):
        command = [sys.executable, "-m", "zapcls", "train", "--workspace", str(workspace.path)]
        subprocess.run(command, check=True)
    return next(run for run in list_runs(workspace) if run.is_evaluated)


def find_planted(run, workspace):
    """The worst suspect of train whose label was planted wrong."""
    truth = pd.read_csv(workspace.drawings_dir / "truth.csv", dtype={"image_id": str})
    issues = open_evidence(run, workspace).check.read_issues().merge(truth, on="image_id")
    splits = read_predictions(run, workspace)[["image_id", "split"]]
    issues = issues.merge(splits, on="image_id")
    wrong = issues["wrong_label"].astype(bool) & issues["is_suspect"]
    return issues[wrong & (issues["split"] == "train")].iloc[0]


def test_a_wrong_label_is_found_fixed_and_compared(page, address, workspace, run, tmp_path):
    page.goto(f"{address}/errors?run={run.run_id}&view=Suspects")
    check = page.get_by_role("button", name=re.compile("Check the labels"))
    said = page.get_by_text(re.compile(r"labels are suspected"))
    at_work = page.get_by_role("button", name="Stop")  # it follows a training by itself
    expect(check.or_(said).or_(at_work).first).to_be_visible()
    if check.is_visible():
        check.click()
    expect(said).to_be_visible(timeout=TIMEOUT_MS)

    planted = find_planted(run, workspace)
    page.goto(f"{address}/errors?run={run.run_id}&view=Suspects&image={planted['image_id']}")
    right = {"Women": "women's", "Men": "men's"}[planted["true_label"]]
    expect(page.get_by_text("The label check says").first).to_be_visible()
    page.get_by_role("button", name=f"Should be {right}").first.click()
    expect(page.get_by_text(f"Marked: should be {right}").first).to_be_visible()

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Review", exact=True).click()
    expect(page.get_by_text("1 label is wrong")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    download.value.save_as(tmp_path / "reviews.csv")
    with (tmp_path / "reviews.csv").open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["image_id"], row["right_label"]) == (planted["image_id"], planted["true_label"])

    page.get_by_role("button", name="Retrain", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Train")).to_be_visible()
    done = page.get_by_text(re.compile(r"^Done\. "))
    expect(done).to_be_visible(timeout=TIMEOUT_MS)
    child = list_runs(workspace)[0]
    assert jobs.read_status(child).state == "done"
    assert child.parent_id == run.run_id
    told = read_predictions(child, workspace).set_index("image_id")
    assert told.loc[planted["image_id"], "label"] == planted["true_label"]

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Compare", exact=True).click()
    n_valid = run.rates["splits"]["valid"]["n"]  # the reviewed photo is of train
    headline = re.compile(f"{n_valid:,} photos that nobody reviewed")
    expect(page.get_by_role("heading", name=headline)).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
