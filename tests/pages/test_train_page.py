"""Train: the form is the config, a start is a run, a run is watched and stopped."""

import dataclasses
from collections.abc import Callable
from typing import Any

import fake_run
import pytest
from app_driver import App

from zapcls.config import PRESETS, TrainConfig, build_config
from zapcls.ui import cache
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace, choose_data
from zapcls.workspace.runs import Run, list_runs

FIELDS = [
    "arch", "image_size", "weights", "frozen_epochs", "frozen_lr", "unfrozen_epochs",
    "unfrozen_lr", "batch_size", "split", "augmentation", "seed", "device", "precision",
]  # fmt: skip


def read_form(app: App, preset: str) -> dict[str, Any]:
    """Read what the fields of the form show."""
    shown = [*app.selectbox, *app.number_input, *app.text_input]
    values = {widget.key: widget.value for widget in shown}
    return {name: values[f"{name}-{preset}"] for name in FIELDS}


def as_written(config: TrainConfig) -> dict[str, Any]:
    """Write a config as the form's fields do."""
    rates = {
        name: rate if isinstance(rate, str) else f"{rate:g}"
        for name, rate in (("frozen_lr", config.frozen_lr), ("unfrozen_lr", config.unfrozen_lr))
    }
    return {name: getattr(config, name) for name in FIELDS} | rates


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_fills_every_field(
    workspace: Workspace, open_page: Callable[..., App], launched: list[Job], preset: str
) -> None:
    app = open_page("train")
    if preset != "first-try":  # what newcomers have
        app.choose("preset", preset)
    assert read_form(app, preset) == as_written(build_config(preset))
    app.click("start")
    assert Run(launched[0].path).train_config == build_config(preset)


def test_real_photos_start_with_the_quick_look(
    workspace: Workspace, open_page: Callable[..., App], tmp_path
) -> None:
    choose_data(workspace, tmp_path)
    assert open_page("train").button_group(key="preset").value == "quick"


def test_changed_fields_are_the_config_that_starts(
    workspace: Workspace,
    open_page: Callable[..., App],
    launched: list[Job],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "devices", lambda: {"cpu": "", "cuda": "an accelerator"})
    changes = {
        "arch": "resnet18", "image_size": 96, "frozen_epochs": 2, "frozen_lr": "0.01",
        "unfrozen_epochs": 3, "unfrozen_lr": "suggested", "batch_size": 16, "split": "random",
        "augmentation": "none", "seed": 4, "device": "cuda", "precision": "fp32",
    }  # fmt: skip
    app = open_page("train").choose("preset", "quick")
    for name, value in changes.items():
        app.choose(f"{name}-quick", value)
    assert "resnet18 · 96 px · batch 16 · ImageNet weights · random split · seed 4" in app.said
    app.click("start")
    [run] = list_runs(workspace)
    expected = dataclasses.replace(build_config("quick"), **(changes | {"frozen_lr": 0.01}))
    assert run.train_config == expected
    assert [job.path for job in launched] == [run.path]
    assert f"Training {run.run_id}" in app.said
    assert app.query_params["run"] == run.run_id


def test_what_was_entered_is_kept_over_pages(
    workspace: Workspace, open_page: Callable[..., App]
) -> None:
    app = open_page("train").choose("seed-first-try", 11).choose("unfrozen_lr-first-try", "0.3")
    app.switch_page("pages/data.py").run()
    app.switch_page("pages/train.py").run()
    form = read_form(app, "first-try")
    assert (form["seed"], form["unfrozen_lr"]) == (11, "0.3")


@pytest.mark.parametrize("text", ["fast", "", "1,5"])
def test_a_rate_that_is_no_number_is_one_sentence(
    workspace: Workspace, open_page: Callable[..., App], launched: list[Job], text: str
) -> None:
    app = open_page("train").choose("unfrozen_lr-first-try", text)
    assert [error.value for error in app.error] == [
        f"A learning rate must be 'suggested' or a number such as 0.002, got {text!r}."
    ]
    app.choose("unfrozen_lr-first-try", "0.004")
    assert not app.error
    app.click("start")
    assert Run(launched[0].path).train_config == build_config("first-try")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("unfrozen_lr", "-1", "unfrozen_lr must be 'suggested' or a number"),
        ("unfrozen_lr", "nan", "unfrozen_lr must be 'suggested' or a number"),
        ("frozen_epochs", 2, "frozen_epochs must be 0 when weights is 'none'"),
        ("unfrozen_epochs", 0, "frozen_epochs + unfrozen_epochs must be 1 or more, got 0."),
        ("weights", "file", "weights must be 'imagenet', 'none' or the path of a .safetensors"),
    ],
)
def test_settings_out_of_range_are_one_sentence_at_the_start(
    workspace: Workspace,
    open_page: Callable[..., App],
    launched: list[Job],
    field: str,
    value: object,
    sentence: str,
) -> None:
    app = open_page("train").choose(f"{field}-first-try", value).click("start")
    [error] = app.error
    assert error.value.startswith(sentence)
    assert launched == []
    assert list_runs(workspace) == []


def test_a_weights_file_reaches_the_config(
    workspace: Workspace, open_page: Callable[..., App], launched: list[Job], tmp_path
) -> None:
    path = tmp_path / "body.safetensors"
    app = open_page("train").choose("preset", "quick").choose("weights-quick", "file")
    app.choose("weights_path-quick", str(path)).click("start")
    assert [error.value for error in app.error] == [
        f"The weights file must exist on this machine, got {path}. Check the path."
    ]
    assert launched == []
    path.touch()
    app.click("start")
    assert Run(launched[0].path).train_config.weights == str(path)


def test_stop_asks_the_job_and_says_so(workspace: Workspace, open_page: Callable[..., App]) -> None:
    run = fake_run.add_run(workspace, minute=1)
    with fake_run.hold_running(run):
        app = open_page("train").click("stop")
        assert run.stop_path.is_file()
        assert "Stopping; the best weights so far are kept." in app.said
        assert not [button for button in app.button if button.key == "stop"]


def test_the_curves_so_far_are_drawn(workspace: Workspace, open_page: Callable[..., App]) -> None:
    run = fake_run.add_stopped(workspace, weights=True)
    app = open_page("train")
    keys = [chart.proto.id.rsplit("-None-")[-1] for chart in app.get("plotly_chart")]
    assert len(keys) == 2
    assert all(run.run_id in key for key in keys)
