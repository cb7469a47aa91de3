"""Color bias, the remedies: the button, the figures of the table, what cannot be tried."""

import pandas as pd
import pytest
from app_driver import OPEN
from fake_run import add_finished

from zapcls.analysis.remedies import summarize_remedies
from zapcls.findings.remedy_settings import REMEDIES, SEEDS
from zapcls.workspace.run_tables import write_derived


@pytest.fixture
def pretrained(workspace):
    """A finished run whose network started from trained weights."""
    return add_finished(workspace, minute=40, weights="imagenet")


@pytest.fixture
def found(pretrained):
    """What one remedy does, which lowers the flips and nothing else, written into the run."""
    n = pd.Series(range(30))
    keys = [(option, seed) for option in ("plain", "gray") for seed in (0, 1)]
    answers = pd.concat(
        pd.DataFrame(
            {
                "option": option, "seed": seed, "image_id": split + n.astype(str),
                "product_id": split + "-p" + n.astype(str), "split": split, "color": "red",
                "label": "Women", "wrong": n % 5 == seed,
            }
        )
        for option, seed in keys for split in ("tune", "valid")
    )  # fmt: skip
    edits = answers[answers["split"] == "valid"].assign(
        to="blue",
        flipped=lambda table: table.index < table["option"].map({"plain": 20, "gray": 2}),
        flipped_control=lambda table: table.index < 4,
    )
    table = summarize_remedies(answers, edits, "plain")
    write_derived(pretrained, "trade", lambda folder: table.to_parquet(folder / "trade.parquet"))


def find_charts(app):
    """List the charts of remedies."""
    return [chart for chart in app.charts() if any(t.get("name") == "Plain" for t in chart)]


def test_before_the_job_remedies_are_chosen_and_one_button_trains_them(
    pretrained, open_page, launched
):
    app = open_page("color_bias", **OPEN).choose("remedies", [])
    assert not find_charts(app)
    assert app.button(key="trade").disabled

    app.choose("remedies", ["gray"]).choose("remedy_seeds", 5).click("trade")

    [job] = launched
    assert (job.config["options"], job.config["seeds"]) == (["plain", "gray"], 5)


def test_a_network_that_started_at_random_is_told_so(finished, open_page):
    app = open_page("color_bias", **OPEN)

    assert "must start from trained weights" in app.said
    assert "trade" not in [button.key for button in app.button]


def test_the_figures_are_those_of_the_table_and_others_can_be_trained(
    found, pretrained, open_page, launched
):
    app = open_page("color_bias", **OPEN)

    assert "**Half in gray** lowers the share of answers that the hue flips" in app.said
    worst, flips = find_charts(app)
    assert [t["y"] for t in flips if t.get("name") == "Half in gray"] == [[pytest.approx(2 / 30)]]
    assert [t["y"] for t in worst if t.get("name") == "Plain"] == [[pytest.approx(0.2)]]
    table = next(f.value for f in app.dataframe if "remedy" in f.value.columns)
    assert list(table["remedy"]) == ["Plain", "Half in gray"]
    app.click("trade")
    [job] = launched
    assert job.config == {
        "kind": "trade", "run": str(pretrained.path), "target": pretrained.target,
        "options": list(REMEDIES), "seeds": SEEDS,
    }  # fmt: skip
