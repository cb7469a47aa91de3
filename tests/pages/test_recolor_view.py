"""Color bias, the shoe recolored: the job's button, the figures of the analysis, the strips."""

import pytest
from app_driver import OPEN
from fake_run import ask_recolored

from zapcls.analysis.metrics import labelled
from zapcls.analysis.recoloring import find_flips, pair_edits, summarize_controls, summarize_flips
from zapcls.data.task import Task
from zapcls.errors import RunBusy, Stopped
from zapcls.evidence import open_evidence
from zapcls.ui import recolor_view
from zapcls.ui.verdict_view import choose_turned
from zapcls.work.recolor import recolor
from zapcls.workspace import devices, jobs
from zapcls.workspace.layout import Workspace
from zapcls.workspace.run_tables import read_derived, read_predictions, write_derived
from zapcls.workspace.runs import Run


@pytest.fixture(scope="module")
def answers(finished_dir):
    """What the run says of some photos recolored, asked once."""
    return ask_recolored(Run(finished_dir), Workspace(finished_dir.parents[1]))


@pytest.fixture
def found(answers, finished):
    """The same, written into the run."""
    write_derived(finished, "recolor", lambda path: answers.to_parquet(path / "recolor.parquet"))
    return answers


@pytest.fixture
def pairs(found, finished, workspace):
    return pair_edits(found, read_predictions(finished, workspace))


def test_before_the_job_there_is_one_button(finished, open_page, launched):
    open_page("color_bias", **OPEN).click("recolor")

    [job] = launched
    assert job.config == {"kind": "recolor", "run": str(finished.path), "target": finished.target}


@pytest.mark.slow
def test_the_job_asks_the_run_about_all_its_valid_photos_and_holds_the_processor(
    finished, workspace
):
    told = []

    def perform(ends=None):
        def watch(phase, done, total, **detail):
            told.append((phase, done, total, devices.find_holder(workspace, "cpu")))
            if ends is not None and done == 3:
                raise ends

        recolor(job, workspace, watch)

    job = jobs.create(workspace.jobs_dir, "recolor", {"run": str(finished.path)})
    with pytest.raises(Stopped):
        perform(Stopped("Stopped as asked."))
    assert read_derived(finished, "recolor") is None

    perform()
    found = read_derived(finished, "recolor")
    photos = labelled(read_predictions(finished, workspace), "valid").query("color != ''")
    assert set(found["image_id"]) == set(photos["image_id"])
    assert told[-1] == ("Recoloring photos", len(photos), len(photos), job.job_id)
    before = found[found["edit"] == "identity"].set_index("image_id")["prediction"]
    assert before.isin(["Women", "Men"]).all()

    with devices.hold(workspace, "cpu", "another"), pytest.raises(RunBusy, match="another"):
        perform()


def test_the_figures_are_those_of_the_analysis(found, pairs, open_page):
    summary = summarize_flips(pairs)
    total = summary[(summary["edit"] == "hue") & (summary["to"] == "all")].iloc[0]
    women = summary[(summary["edit"] == "hue") & (summary["label"] == "Women")].set_index("to")
    color = women.index[0]

    app = open_page("color_bias", **OPEN, claim_color=color)

    assert total["flips"] > 0
    assert f"**{total['flips']:,} of {total['n']:,}** recolored photos" in app.said
    row = women.loc[color]
    assert f"Women's shoes turned {color}: **{row['flips']:,} of {row['n']:,}**" in app.said
    flips = find_flips(found)
    assert (
        f"**{flips['flips'].sum():,} of {len(flips):,}** photos get a different answer" in app.said
    )
    tables = [frame.value for frame in app.dataframe]
    controls = next(table for table in tables if "mean change, CIELAB" in table)
    rates = summarize_controls(pairs).set_index("edit")
    assert len(controls) == len(rates)
    assert controls["photos"].iloc[0] == rates.loc["identity", "n"]
    turned = next(table for table in tables if "turned" in table)
    assert len(turned) == (summary["edit"] == "hue").sum()
    drawn = [t for chart in app.charts() for t in chart if t.get("name") == "a random hue"]
    assert len(drawn) == 1
    assert len(drawn[0]["y"]) == len(women)

    total = summary[(summary["edit"] == "color") & (summary["to"] == "all")].iloc[0]
    said = app.choose("edit", "color").said
    assert f"**{total['flips']:,} of {total['n']:,}** recolored photos" in said
    assert "the same lightness alone" in said


def test_the_verdict_has_its_photos_once_the_job_is_done_too(finished, answers, open_page):
    before = open_page("color_bias").list_keys("why-")
    write_derived(finished, "recolor", lambda path: answers.to_parquet(path / "recolor.parquet"))
    assert len(open_page("color_bias").list_keys("why-")) > len(before)


def test_the_verdict_shows_photos_as_they_were_turned_whose_answer_changed_first(
    pairs, finished, workspace
):
    hue = pairs[pairs["edit"] == "hue"]
    to, label = hue.loc[hue["flipped"], ["to", "label"]].iloc[0]
    turned = hue[(hue["to"] == to) & (hue["label"] == label)]

    chosen = choose_turned(open_evidence(finished, workspace), to, label)

    assert set(chosen["image_id"]) <= set(turned["image_id"])
    changed = turned.loc[turned["flipped"], "image_id"]
    n = min(len(chosen), turned.loc[turned["flipped"], "product_id"].nunique())
    assert n
    assert set(chosen["image_id"].head(n)) <= set(changed)
    assert chosen["product_id"].is_unique


def test_a_strip_counts_the_answers_that_change():
    versions = [
        recolor_view.Shown("black", "", "", "Men", 0.9),
        recolor_view.Shown("pink", "color", "", "Women", 0.62),
        recolor_view.Shown("blue", "hue", "", "Men", 0.8),
    ]
    task = Task("gender", ("Women", "Men"))
    assert recolor_view.count_changes(versions, task) == "Still men's in 1 of 2 colors"
    said = [recolor_view.describe(version, versions[0], task) for version in versions]
    assert said == ["black (as it is)  \nmen's, 90 %", "pink ◐  \n**≠ women's, 62 %**",
                    "blue  \nmen's, 80 %"]  # fmt: skip
    same = [versions[0], versions[2]]
    assert recolor_view.count_changes(same, task) == "Still men's in all 1 colors"
    assert "none is recolored" in recolor_view.count_changes(versions[:1], task)
