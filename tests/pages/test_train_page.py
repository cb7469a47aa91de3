"""Train: the form is the config, a start is a run, a run is watched and stopped."""

import re

import fake_run
import pytest
from filelock import FileLock

from zapcls.blocks.charts import CLASS_COLORS
from zapcls.config import PRESETS, build_config
from zapcls.ui import cache, messages, run_picker
from zapcls.workspace import devices, jobs
from zapcls.workspace.layout import choose_data, write_json
from zapcls.workspace.runs import Run, list_runs
from zapcls.workspace.worker import Reporter

FIELDS = [
    "target", "arch", "image_size", "weights", "frozen_epochs", "frozen_lr", "unfrozen_epochs",
    "unfrozen_lr", "unfrozen_part", "batch_size", "split", "augmentation", "seed", "device",
    "precision", "views", "start_size", "compile", "hue_jitter", "grayscale_share",
    "recolor_share", "color_weights", "last_layer", "class_weights",
    "mixup", "averaging", "answer_views",
]  # fmt: skip
COLOR = ["hue_jitter", "grayscale_share", "recolor_share", "color_weights", "last_layer"]
RARE = [
    "views", "rare", "cells", "start_size", "device", "precision", "compile", "mixup", "averaging",
    "answer_views",
]  # fmt: skip


def read_form(app, preset):
    """Read what the fields of the form show."""
    shown = [*app.selectbox, *app.number_input, *app.text_input]
    values = {widget.key: widget.value for widget in shown}
    values |= {widget.key: ",".join(widget.value) for widget in app.multiselect}
    # Where there is no choice of the part, its field is another one.
    values.setdefault(f"unfrozen_part-{preset}", values.get(f"only_unfrozen_part-{preset}"))
    return {name: values[f"{name}-{preset}"] for name in FIELDS}


def as_written(config):
    """Write a config as the form's fields do."""
    rates = {
        name: rate if isinstance(rate, str) else f"{rate:g}"
        for name, rate in (("frozen_lr", config.frozen_lr), ("unfrozen_lr", config.unfrozen_lr))
    }
    return {name: getattr(config, name) for name in FIELDS} | rates


def test_a_preset_fills_every_field_and_what_is_rare_is_folded(workspace, open_page, tmp_path):
    app = open_page("train")
    assert app.button_group(key="preset").value == "first-try"  # what newcomers have
    for preset in (*(name for name in PRESETS if name != "first-try"), "first-try"):
        app.choose("preset", preset)
        assert read_form(app, preset) == as_written(build_config(preset))
    for label, names in (("Advanced", RARE), ("Reduce color bias", COLOR)):
        group = next(e for e in app.expander if e.label == label)
        fields = [*group.selectbox, *group.number_input, *group.text_input]
        assert sorted(field.key for field in fields) == sorted(
            f"{name}-first-try" for name in names
        )
        assert all(field.help for field in fields)
    choose_data(workspace, tmp_path)  # photos
    assert open_page("train").button_group(key="preset").value == "laptop"


def test_the_next_step_is_the_one_that_was_shown_though_the_url_is_an_older_one(
    finished, workspace, open_page
):
    child = fake_run.add_finished(workspace, minute=1)
    config = child.config | {"parent": finished.run_id}
    write_json(child.path / "config.json", config)
    app = open_page("train", run=child.run_id)
    button = app.button(key="next_step")
    assert button.label == "Compare with the run before"
    button.click()
    app.query_params["run"] = finished.run_id
    app.run()
    assert app.title[0].value == "Compare"
    assert app.query_params["run"] == child.run_id
    assert app.query_params["with"] == finished.run_id


def test_after_a_finish_the_form_is_folded_until_it_is_asked_for(finished, open_page):
    assert "preset" not in [choice.key for choice in open_page("train").button_group]
    assert open_page("train", open_form="true").button_group(key="preset").value == "first-try"


def test_changed_fields_are_the_config_that_starts(workspace, open_page, launched, monkeypatch):
    monkeypatch.setattr(cache, "devices", lambda: {"cpu": "", "cuda": "an accelerator"})
    changes = {
        "arch": "resnet18", "image_size": 96, "frozen_epochs": 2, "frozen_lr": "0.01",
        "unfrozen_epochs": 3, "unfrozen_lr": "suggested", "batch_size": 16, "split": "random",
        "augmentation": "none", "seed": 4, "device": "cuda", "precision": "fp32",
        "unfrozen_part": "last_stage", "views": 4, "start_size": 64, "compile": "yes",
        "hue_jitter": 0.1, "grayscale_share": 0.25, "recolor_share": 0.5,
        "color_weights": "balanced", "last_layer": "balanced", "class_weights": "balanced",
        "mixup": 1.0, "averaging": "yes", "answer_views": 1,
    }  # fmt: skip
    app = open_page("train").choose("preset", "laptop")
    for name, value in changes.items():
        app.choose(f"{name}-laptop", value)
    said = (
        "resnet18 · 96 px · batch 16 · ImageNet weights · last stage · random split · "
        "balanced class weights · mixup 1 · averaged weights · seed 4 · "
        "hues turned by up to 10 % of the circle · 25 % of the photos in gray · "
        "50 % of the photos recolored · balanced color weights · balanced last layer"
    )
    assert said in app.said
    app.click("start")
    [run] = list_runs(workspace)
    expected = build_config("laptop", **(changes | {"frozen_lr": 0.01}))
    assert run.train_config == expected
    assert [job.path for job in launched] == [run.path]
    assert f"Training {run.run_id}" in app.said
    assert app.query_params["run"] == run.run_id


def list_labels(app):
    return {field.label for field in [*app.number_input, *app.text_input]}


def test_the_last_stage_is_offered_where_it_can_be_cut_off(workspace, open_page, launched):
    app = open_page("train").choose("preset", "laptop").choose("unfrozen_part-laptop", "all")
    assert app.field("unfrozen_part-laptop").options == [
        "whole network", "last stage", "last two stages"
    ]  # fmt: skip
    whole = {"Epochs, head only", "Epochs, whole network", "Learning rate, whole network"}
    assert whole <= list_labels(app)

    app.choose("unfrozen_part-laptop", "last_stage")
    assert {"Epochs, last stage", "Learning rate, last stage"} <= list_labels(app)
    assert not {"Epochs, whole network", "Learning rate, whole network"} & list_labels(app)

    app.choose("weights-laptop", "none")
    only = app.field("only_unfrozen_part-laptop")
    assert (only.options, only.disabled) == (["whole network"], True)
    assert whole <= list_labels(app)
    assert "weights · last stage" not in app.said
    app.choose("frozen_epochs-laptop", 0).choose("weights-laptop", "bundled")
    assert app.field("unfrozen_part-laptop").value == "all"  # not what it was before
    app.choose("weights-laptop", "none").choose("unfrozen_lr-laptop", "-1").click("start")
    assert [error.value.partition(",")[0] for error in app.error] == [
        "unfrozen_lr must be 'suggested' or a number above 0 and up to 10"
    ]  # a sentence of the config
    assert list_runs(workspace) == launched == []
    app.choose("unfrozen_lr-laptop", "0.1").click("start")
    assert Run(launched[0].path).train_config.unfrozen_part == "all"


def test_another_target_has_all_its_classes(workspace, open_page, launched):
    app = open_page("train").choose("target-first-try", ["closure"])
    assert app.session_state["training_settings"]["classes"] == []
    app.choose("target-first-try", ["gender"])
    assert app.session_state["training_settings"]["classes"] == ["Women", "Men"]
    app.choose("target-first-try", ["category"]).choose("seed-first-try", 11)
    assert "predicts category" in app.said
    app.switch_page("pages/data.py").run()
    app.switch_page("pages/train.py").run()  # what was entered is kept over pages
    assert app.field("seed-first-try").value == 11
    app.click("start")
    assert Run(launched[0].path).train_config == build_config(
        "first-try", target="category", seed=11
    )


def test_a_rate_that_is_no_number_is_one_sentence(workspace, open_page):
    app = open_page("train")
    for text in ("fast", "", "1,5"):
        assert [error.value for error in app.choose("unfrozen_lr-first-try", text).error] == [
            f"A learning rate must be 'suggested' or a number such as 0.002, got {text!r}."
        ]
    assert not app.choose("unfrozen_lr-first-try", "0.004").error


def test_a_weights_file_reaches_the_config(workspace, open_page, launched, tmp_path):
    path = tmp_path / "body.safetensors"
    app = open_page("train").choose("preset", "laptop").choose("weights-laptop", ".safetensors")
    app.choose("weights-laptop-path", str(path)).click("start")
    assert [error.value for error in app.error] == [
        f"The weights file must exist on this machine, got {path}. Check the path."
    ]
    assert launched == []
    path.touch()
    app.click("start")
    assert Run(launched[0].path).train_config.weights == str(path)


def test_the_frozen_network_s_features_are_watched_and_stopped(workspace, open_page):
    run = fake_run.add_run(workspace, minute=1)
    with fake_run.hold_running(run):
        phase = "Computing the frozen network's features, plain"
        Reporter(run)(phase, 1_200, 4_000, images_per_s=236.4, seconds_left=11.8)
        app = open_page("train")
        assert f"**{phase}**" in app.said
        assert "236 images/s · 1,200 of 4,000 · 12 s left in this phase" in app.said
        app.click(f"stop-{run.run_id}")
        assert run.stop_path.is_file()
        assert "Stopping; the best weights so far are kept." in app.said
        assert not [button for button in app.button if button.label == "Stop"]


def list_bars(app):
    """The bars of each photo that is watched: height and color."""
    bars = (
        re.findall(r"height: (\d+)%; background: (#\w+)", part.proto.body)
        for part in app.get("html")
    )
    return [found for found in bars if found]


def test_the_answers_to_eight_photos_are_watched(workspace, open_page):
    run = fake_run.add_stopped(workspace, minute=1)  # it has gone on for two epochs
    jobs.reopen(run)
    with fake_run.hold_running(run):
        app = open_page("train")
        women, men = CLASS_COLORS[:2]
        moves = {0: [("25", men), ("75", women)], 1: [("25", women), ("75", men)]}
        assert list_bars(app) == [moves[row % 2] for row in fake_run.WATCHED]
        assert messages.escape("Women's: women's 75 %") + " ✓" in app.said
        assert "How 8 shoes of tune are answered" in app.said


def test_before_the_first_epoch_nothing_is_watched(workspace, open_page):
    with fake_run.hold_running(fake_run.add_run(workspace, minute=1)):
        assert "of tune are answered" not in open_page("train").said


def test_a_cut_row_of_a_watched_photo_is_left_out(workspace, open_page):
    run = fake_run.add_stopped(workspace)
    with (run.path / "watched.csv").open("a") as file:
        file.write("unfrozen,3,4,0,1")  # killed as it wrote
    assert [len(bars) for bars in list_bars(open_page("train", run=run.run_id))] == [2] * 8


OVER = "starts over with its own settings, because"
# Settings of the run that ended early, the file that it lacks, and where it goes on.
ENDINGS = [
    ({}, "", "continues after epoch 2 of 8 with its own settings, exactly as it would have."),
    ({"weights": False}, "", f"{OVER} no epoch was finished."),
    ({}, "checkpoint.pt", f"{OVER} it has no checkpoint."),
    ({"unfrozen_epochs": 2}, "", "continues with its evaluation, because all 2 epochs are done."),
]


def check_resumed(run, sentence, workspace, open_page, launched):
    """Resume a run on the page, which says where it goes on; watch it."""
    run.stop_path.touch()
    app = open_page("train")
    named = messages.escape(run_picker.describe_run(run))
    assert f"Resume: {named} {sentence}" in app.said.splitlines()
    keys = [chart.proto.id.rsplit("-None-")[-1] for chart in app.get("plotly_chart")]
    assert [run.run_id in key for key in keys] == ([] if "no epoch" in sentence else [True, True])
    app.click("resume")
    assert [job.path for job in launched] == [run.path]
    assert jobs.read_status(run).state == "queued"
    assert not run.stop_path.exists()
    assert f"Training {run.run_id}" in app.said  # it is watched now
    assert "Resume" not in app.said
    assert list_runs(workspace) == [run]  # the same one, not a new one


@pytest.mark.parametrize("add", [fake_run.add_failed, fake_run.add_lost])
def test_a_run_that_failed_or_was_lost_is_resumed(workspace, open_page, launched, add):
    check_resumed(add(workspace), f"{OVER} no epoch was finished.", workspace, open_page, launched)


@pytest.mark.parametrize(("settings", "lost", "sentence"), ENDINGS)
def test_a_run_that_was_stopped_is_resumed(
    workspace, open_page, launched, settings, lost, sentence
):
    run = fake_run.add_stopped(workspace, **settings)
    if lost:
        (run.path / lost).unlink()
    check_resumed(run, sentence, workspace, open_page, launched)


def test_a_run_is_not_resumed_while_its_device_is_in_use(workspace, open_page):
    fake_run.add_stopped(workspace)
    with devices.hold(workspace, "cpu", "an evaluation"):
        app = open_page("train")
        assert "its best weights are kept" in app.said
        assert "Resume" not in app.said
        assert "an evaluation is running; one at a time." in app.said
    with fake_run.hold_running(fake_run.add_finder(workspace)):
        assert "Resume" not in open_page("train").said
    assert "Resume" in open_page("train").said


def test_a_run_that_was_resumed_elsewhere_meanwhile_is_one_sentence(
    workspace, open_page, launched, monkeypatch
):
    run = fake_run.add_stopped(workspace)
    app = open_page("train")
    reopen = jobs.reopen

    def reopen_twice(job):
        reopen(job)
        reopen(job)

    with FileLock(run.path / "launch.lock"):
        monkeypatch.setattr(jobs, "reopen", reopen_twice)
        app.click("resume")
    assert [error.value for error in app.error] == [
        f"A job can be resumed once it was stopped, failed or lost, but {run.run_id} is queued."
    ]
    assert launched == []


def test_a_run_that_ended_is_moved_to_the_trash(workspace, open_page):
    run = fake_run.add_failed(workspace)
    app = open_page("train").click("delete_run")
    assert run.run_id not in app.said
    assert (workspace.trash_dir / run.run_id).is_dir()


def test_a_run_is_archived_and_brought_back(workspace, open_page):
    run = fake_run.add_failed(workspace)
    app = open_page("train").click("archive_run")
    assert "Archived runs · 1" in app.said
    assert list_runs(workspace) == []
    app.click("restore_run")
    assert list_runs(workspace) == [run]


def test_a_batch_that_did_not_fit_is_told(workspace, open_page):
    told = "A batch of 32 did not fit in memory; the run was trained with 16."
    fake_run.add_finished(workspace, minute=1)
    for page in ("train", "results"):
        said = open_page(page).said
        assert "did not fit" not in said
        assert "Resume" not in said  # it is done
    smaller = fake_run.add_finished(workspace, minute=2, largest_batch=16)
    assert told in open_page("train", run=smaller.run_id).said
    assert told in open_page("results", run=smaller.run_id).said
