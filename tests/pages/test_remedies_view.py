"""Color bias, the remedies: the button, the figures of the table, what cannot be tried."""

import pandas as pd
import pytest
from fake_run import add_finished, hold_running

from zapcls.analysis.remedies import summarize_remedies
from zapcls.findings.remedy_settings import REMEDIES, SEEDS
from zapcls.workspace import jobs
from zapcls.workspace.layout import write_json
from zapcls.workspace.run_tables import write_derived


@pytest.fixture
def pretrained(workspace):
    """A finished run whose network started from trained weights."""
    return add_finished(workspace, minute=40, weights="imagenet")


@pytest.fixture
def found(pretrained):
    return add_remedies(pretrained)


def add_remedies(run, products=30):
    """Write what one remedy does, which lowers the flips and nothing else."""
    keys = [(option, seed) for option in ("plain", "gray") for seed in (0, 1)]
    answers = pd.DataFrame(
        {
            "option": option, "seed": seed, "image_id": f"{split}{n}",
            "product_id": f"{split}-p{n}", "split": split, "color": "red", "label": "Women",
            "wrong": n % 5 == seed,
        }
        for option, seed in keys for split in ("tune", "valid") for n in range(products)
    )  # fmt: skip
    edits = pd.DataFrame(
        {
            "option": option, "seed": seed, "image_id": f"valid{n}", "product_id": f"valid-p{n}",
            "to": "blue", "flipped": n < (20 if option == "plain" else 2), "flipped_control": n < 4,
        }
        for option, seed in keys for n in range(products)
    )  # fmt: skip
    table = summarize_remedies(answers, edits, "plain")
    write_derived(run, "trade", lambda folder: table.to_parquet(folder / "trade.parquet"))
    return table


def find_charts(app):
    """List the charts of remedies."""
    return [chart for chart in app.charts() if any(t.get("name") == "Plain" for t in chart)]


def test_before_the_job_there_are_remedies_and_one_button(pretrained, open_page, launched):
    app = open_page("color_bias")

    assert not find_charts(app)
    app.click("trade")
    [job] = launched
    config = {"run": str(pretrained.path), "options": list(REMEDIES), "seeds": SEEDS}
    assert (job.kind, job.config) == ("trade", {"kind": "trade", **config})


def test_what_was_chosen_is_what_is_trained(pretrained, open_page, launched):
    app = open_page("color_bias").choose("remedies", ["gray"]).choose("remedy_seeds", 5)

    app.click("trade")

    [job] = launched
    assert (job.config["options"], job.config["seeds"]) == (["plain", "gray"], 5)


def test_without_a_remedy_there_is_nothing_to_train(pretrained, open_page):
    app = open_page("color_bias").choose("remedies", [])

    assert app.button(key="trade").disabled


def test_a_network_that_started_at_random_is_told_so(finished, open_page):
    app = open_page("color_bias")

    assert "must start from trained weights" in app.said
    assert "trade" not in [button.key for button in app.button]


def test_a_job_at_work_is_watched(pretrained, workspace, open_page):
    job = jobs.create(workspace.jobs_dir, "trade", {"run": str(pretrained.path)})

    with hold_running(job):
        app = open_page("color_bias")

    assert f"stop-{job.job_id}" in [button.key for button in app.button]
    assert "trade" not in [button.key for button in app.button]


def test_why_the_last_one_failed_is_told_beside_the_button(pretrained, workspace, open_page):
    job = jobs.create(workspace.jobs_dir, "trade", {"run": str(pretrained.path)})
    write_json(job.path / "status.json", {"state": "failed", "message": "The disk is full."})

    app = open_page("color_bias")

    assert "The disk is full." in app.said
    assert "trade" in [button.key for button in app.button]


def test_the_figures_are_those_of_the_table(found, open_page):
    app = open_page("color_bias")

    assert "**Half in gray** lowers the share of answers that the hue flips" in app.said
    worst, flips = find_charts(app)
    assert [t["y"] for t in flips if t.get("name") == "Half in gray"] == [[pytest.approx(2 / 30)]]
    assert [t["y"] for t in worst if t.get("name") == "Plain"] == [[pytest.approx(0.2)]]
    table = next(f.value for f in app.dataframe if "remedy" in f.value.columns)
    assert list(table["remedy"]) == ["Plain", "Half in gray"]


def test_without_a_large_group_there_is_one_chart(pretrained, open_page):
    add_remedies(pretrained, products=19)

    app = open_page("color_bias")

    assert len(find_charts(app)) == 1


def test_other_remedies_can_be_trained_after_it(found, open_page, launched):
    app = open_page("color_bias")

    app.click("trade")

    assert [job.kind for job in launched] == ["trade"]
