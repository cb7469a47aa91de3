"""Color bias, the remedies: the button, the figures of the table, what cannot be tried."""

from dataclasses import replace

import pandas as pd
import pytest
from app_driver import OPEN
from fake_run import add_finished

from zapcls.analysis.remedies import summarize_remedies
from zapcls.findings.remedy_settings import REMEDIES, SEEDS
from zapcls.ui import remedies_view
from zapcls.workspace.run_tables import read_split, write_derived
from zapcls.workspace.runs import Run

LOWER, HIGHER, CHANCE = (-0.04, -0.06, -0.02, 0.01), (0.04, 0.02, 0.06, 0.01), (0.0, -1, 1, 1.0)


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


def test_each_remedy_has_a_row_and_one_click_trains_with_it(found, pretrained, open_page, launched):
    app = open_page("color_bias", **OPEN)
    assert "**Half in gray**  \nhelps" in app.said

    app.click("train-gray")

    [job] = launched
    child = Run(job.path)
    assert child.parent_id == pretrained.run_id
    assert child.train_config == replace(pretrained.train_config, grayscale_share=0.5)
    pd.testing.assert_frame_equal(read_split(child), read_split(pretrained))


@pytest.mark.parametrize(
    ("flip", "worst", "error", "said"),
    [
        (LOWER, CHANCE, CHANCE, "helps"),
        (CHANCE, LOWER, HIGHER, "helps, but errs more"),
        (CHANCE, CHANCE, HIGHER, "errs more"),
        (HIGHER, CHANCE, CHANCE, "no clear effect"),
        (CHANCE, CHANCE, LOWER, "helps"),
    ],
)
def test_a_row_says_in_a_word_whether_a_remedy_helps(flip, worst, error, said):
    columns = ("difference", "difference_low", "difference_high", "p_holm")
    found = zip(("flip", "worst group", "error"), (flip, worst, error), strict=True)
    rows = {measure: dict(zip(columns, change, strict=True)) for measure, change in found}

    assert remedies_view.judge(rows) == said
