"""Learning rate: the finder is launched, its suggestions shown, one taken to the training form."""

from collections.abc import Callable

import fake_run
import pytest
from app_driver import App

from zapcls.errors import ZapError
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import Run


def test_the_finder_runs_with_the_settings_of_the_form(
    workspace: Workspace, open_page: Callable[..., App], launched: list[Job]
) -> None:
    app = open_page("train").choose("preset", "quick").choose("seed-quick", 7)
    app.switch_page("pages/learning_rate.py").run()
    assert "mobilenet_v2 · 128 px · batch 64 · ImageNet weights · product split · seed 7" in (
        app.said
    )
    app.choose("phase", "unfrozen").click("find")
    [job] = launched
    assert (job.kind, job.config["phase"]) == ("lr_find", "unfrozen")
    assert job.config["train"]["arch"] == "mobilenet_v2"
    assert job.config["train"]["seed"] == 7
    assert job.config["data_dir"] == str(workspace.drawings_dir)
    assert "Find the learning rate" not in app.said  # it is watched now
    assert "Starting" in app.said


def test_a_phase_without_epochs_is_not_offered(
    workspace: Workspace, open_page: Callable[..., App]
) -> None:
    phases = open_page("learning_rate").button_group(key="phase")
    assert phases.options == ["whole network (unfrozen)"]  # the first try has no frozen epoch


def test_the_four_suggestions_of_a_curve(
    workspace: Workspace, open_page: Callable[..., App]
) -> None:
    fake_run.add_curve(workspace)
    app = open_page("learning_rate")
    picked = app.button_group(key="suggestion")
    assert picked.value == "valley"
    assert picked.options == [
        "valley · 2.1e-03", "slide · 9.5e-03", "steep · 1.1e-03", "minimum · 4.7e-02"
    ]  # fmt: skip
    assert "steep: where the loss falls fastest." in app.choose("suggestion", "steep").said


@pytest.mark.parametrize(
    ("phase", "suggestion", "written"),
    [("unfrozen", "valley", "0.0021"), ("frozen", "minimum", "0.047")],
)
def test_train_with_this_fills_the_field_of_its_phase_alone(
    workspace: Workspace,
    open_page: Callable[..., App],
    launched: list[Job],
    phase: str,
    suggestion: str,
    written: str,
) -> None:
    fake_run.add_curve(workspace, phase)
    app = open_page("train").choose("preset", "blog-2019")  # both of its rates are 'suggested'
    app.switch_page("pages/learning_rate.py").run()
    app.choose("suggestion", suggestion).click("use")
    assert app.title[0].value == "Train"
    other = {"frozen": "unfrozen", "unfrozen": "frozen"}[phase]
    assert app.text_input(key=f"{phase}_lr-blog-2019").value == written
    assert app.text_input(key=f"{other}_lr-blog-2019").value == "suggested"
    app.click("start")
    config = Run(launched[0].path).train_config
    assert getattr(config, f"{phase}_lr") == float(written)
    assert getattr(config, f"{other}_lr") == "suggested"


def test_the_curves_of_runs_and_finders_are_listed_the_newest_first(
    finished: Run, workspace: Workspace, open_page: Callable[..., App]
) -> None:
    job = fake_run.add_curve(workspace, "frozen", arch="resnet18", weights="imagenet")
    app = open_page("learning_rate")
    assert app.selectbox(key="curve").options == [
        f"resnet18, head only (frozen) · {job.job_id}",
        f"resnet10t, whole network (unfrozen) · {finished.run_id}",
    ]


def test_a_running_finder_is_watched(workspace: Workspace, open_page: Callable[..., App]) -> None:
    job = fake_run.add_finder(workspace)
    with fake_run.hold_running(job):
        app = open_page("learning_rate")
        assert "epoch 2 of 8 · batch 3 of 5 · 120 images/s" in app.said
        assert "Find the learning rate" not in app.said
        assert f"{job.job_id} is running; one at a time." in open_page("train").said


def test_a_failed_finder_says_why(workspace: Workspace, open_page: Callable[..., App]) -> None:
    job = fake_run.add_finder(workspace)
    job.log_path.write_text("what torch had to say\n")
    why = "The learning-rate finder gave no usable curve. Give a number."
    fake_run.perform(job, workspace, ZapError(why), weights=False)
    app = open_page("learning_rate")
    assert [error.value for error in app.error] == [why]
    assert "what torch had to say" in app.said
    assert "Find the learning rate" in app.said


def test_choosing_a_suggestion_fills_the_form(
    workspace: Workspace, open_page: Callable[..., App]
) -> None:
    fake_run.add_curve(workspace, "unfrozen")
    app = open_page("learning_rate").choose("suggestion", "minimum")
    chosen = app.session_state["training_settings"]["unfrozen_lr"]
    assert chosen == pytest.approx(fake_run.SUGGESTIONS["minimum"], rel=0.01)
