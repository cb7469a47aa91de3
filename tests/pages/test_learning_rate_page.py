"""Learning rate: the finder is launched, its suggestions shown, one taken to the training form."""

import fake_run
import pandas as pd
import pytest

from zapcls.errors import ZapError
from zapcls.workspace.layout import choose_data, write_json
from zapcls.workspace.runs import Run
from zapcls.workspace.worker import Reporter


def test_the_finder_runs_with_the_settings_of_the_form(workspace, open_page, launched):
    app = open_page("train").choose("preset", "laptop").choose("seed-laptop", 7)
    app.switch_page("pages/learning_rate.py").run()
    words = "128 px · batch 64 · ImageNet weights · last stage · product split"
    assert f"tf_efficientnet_lite0 · {words}" in app.said
    assert "seed 7" in app.said
    app.choose("phase", "unfrozen").click("find")
    [job] = launched
    assert (job.kind, job.config["phase"]) == ("lr_find", "unfrozen")
    assert job.config["train"]["arch"] == "tf_efficientnet_lite0"
    assert job.config["train"]["seed"] == 7
    assert job.config["data_dir"] == str(workspace.drawings_dir)
    assert "Find the learning rate" not in app.said  # it is watched now
    assert "Starting" in app.said


def test_a_curve_is_drawn_and_one_of_its_suggestions_fills_the_form(workspace, open_page):
    fake_run.add_curve(workspace, "frozen", preset="first-try")
    app = open_page("learning_rate")
    picked = app.button_group(key="suggestion")
    assert picked.value == "valley"
    assert picked.options == [
        "valley · 2.1e-3", "slide · 9.5e-3", "steep · 1.1e-3", "minimum · 4.7e-2"
    ]  # fmt: skip
    [traces] = app.charts()
    assert [trace["name"] for trace in traces] == [
        "quartiles", *["single seeds"] * 3, "median", "valley", "slide", "steep", "minimum"
    ]  # fmt: skip
    assert "3 seeds, valleys 1.0e-3 to 2.1e-3." in app.said.splitlines()
    assert app.button_group(key="phase").options[0] == "head only (frozen)"
    assert "steep: where the loss falls fastest." in app.choose("suggestion", "steep").said
    chosen = app.session_state["training_settings"]["frozen_lr"]
    assert chosen == pytest.approx(fake_run.SUGGESTIONS["steep"], rel=0.01)


def test_train_with_this_fills_the_field_of_its_phase_alone(workspace, open_page, launched):
    fake_run.add_curve(workspace, "frozen", weights="imagenet")
    app = open_page("train").choose("preset", "blog-2019")  # both of its rates are 'suggested'
    app.switch_page("pages/learning_rate.py").run()
    app.choose("suggestion", "minimum").click("use")
    assert app.title[0].value == "Train"
    assert app.text_input(key="frozen_lr-blog-2019").value == "0.047"
    assert app.text_input(key="unfrozen_lr-blog-2019").value == "suggested"
    app.click("start")
    config = Run(launched[0].path).train_config
    assert (config.frozen_lr, config.unfrozen_lr) == (0.047, "suggested")


def test_the_curves_of_runs_and_finders_are_listed_the_newest_first(finished, workspace, open_page):
    job = fake_run.add_curve(workspace, "frozen", arch="resnet18", weights="imagenet")
    app = open_page("learning_rate")
    assert app.selectbox(key="curve").options == [
        f"resnet18, head only (frozen) · {job.job_id}",
        f"resnet10t, whole network (unfrozen) · {finished.run_id}",
    ]
    # What an older version found is left out.
    write_json(finished.path / "lr_suggestions.json", {"unfrozen": fake_run.SUGGESTIONS})
    assert len(app.run().selectbox(key="curve").options) == 1
    assert "Its learning-rate curves" not in open_page("results").said


def test_the_curve_that_was_asked_for_is_shown_when_it_is_there(workspace, open_page, launched):
    old = fake_run.add_curve(workspace)
    app = open_page("learning_rate").click("find")
    [job] = launched
    assert old.job_id in app.selectbox(key="curve").value  # the old one, while it is awaited
    fake_run.perform(job, workspace, None, weights=True)
    app.run()
    assert job.job_id in app.selectbox(key="curve").value
    other = next(title for title in app.selectbox(key="curve").options if old.job_id in title)
    assert app.choose("curve", other).selectbox(key="curve").value == other  # and can be left


def test_a_running_finder_is_watched_and_counts_its_steps_over_all_seeds(workspace, open_page):
    job = fake_run.add_finder(workspace)
    with fake_run.hold_running(job):
        app = open_page("learning_rate")
        assert "epoch 2 of 8 · batch 3 of 5 · 120 images/s" in app.said
        assert "Find the learning rate" not in app.said
        assert f"{job.job_id} is running; one at a time." in open_page("train").said
        detail = {"epoch": 1, "epochs": 2, "batch": 8, "batches": 80, "images_per_s": 540.2}
        Reporter(job)("Finding the head's learning rate", 408, 500, seconds_left=10.9, **detail)
        assert "step 408 of 500 · 540 images/s · 11 s left in this phase" in app.run().said
        assert "epoch" not in app.said


def test_a_failed_finder_says_why(workspace, open_page):
    job = fake_run.add_finder(workspace)
    job.log_path.write_text("what torch had to say\n")
    why = "The learning-rate finder gave no usable curve. Give a number."
    fake_run.perform(job, workspace, ZapError(why), weights=False)
    app = open_page("learning_rate")
    assert [error.value for error in app.error] == [why]
    assert "what torch had to say" in app.said
    assert "Find the learning rate" in app.said


def test_one_seed_is_one_line_and_said_to_be_one(workspace, open_page):
    job = fake_run.add_curve(workspace, valleys=(2.1e-3,))
    path = job.path / "lr_curve.csv"
    for _ in range(2):
        app = open_page("learning_rate")
        [traces] = app.charts()
        names = [trace["name"] for trace in traces]
        assert names == ["median", "valley", "slide", "steep", "minimum"]
        assert len(traces[0]["x"]) > 0
        assert "1 seed, valley 2.1e-3." in app.said.splitlines()
        assert app.warning[0].value.startswith("One seed only")
        # A file of before there were seeds is of one.
        pd.read_csv(path).drop(columns="seed", errors="ignore").to_csv(path, index=False)


def test_a_curve_that_is_a_poor_guide_says_why(workspace, open_page, tmp_path):
    job = fake_run.add_curve(workspace, valleys=(1e-4, 1e-3, 1e-2))
    choose_data(workspace, tmp_path)
    app = open_page("learning_rate")  # its form has the Laptop preset
    [warning] = [warning.value for warning in app.warning]
    for words in (
        "The curve is noisy: the valleys of 3 seeds lie between",
        "taken with resnet10t, the form says tf_efficientnet_lite0",
        "taken at 64 px, the form says 128 px",
        f"taken on drawings, the data in use is {tmp_path.name}",
    ):
        assert words in warning
    (job.path / "lr_curve.csv").unlink()
    assert not app.run().charts()
    assert app.click("use").title[0].value == "Train"  # it can be taken all the same


def test_a_last_stage_is_named_so(workspace, open_page):
    job = fake_run.add_curve(workspace, preset="laptop", unfrozen_part="last_stage")
    app = open_page("train").choose("preset", "laptop").choose("unfrozen_part-laptop", "last_stage")
    app.switch_page("pages/learning_rate.py").run()
    assert app.button_group(key="phase").options == [
        "head only (frozen)", "last stage (unfrozen)"
    ]  # fmt: skip
    assert app.selectbox(key="curve").options == [
        f"tf_efficientnet_lite0, last stage (unfrozen) · {job.job_id}"
    ]
    assert "whole network" not in app.said
    assert not app.warning
