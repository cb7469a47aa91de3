"""Train: the form is the config, a start is a run, a run is watched and stopped."""

import dataclasses

import fake_run
import pytest
from filelock import FileLock

from zapcls.config import PRESETS, build_config
from zapcls.ui import cache, messages, run_picker
from zapcls.workspace import jobs
from zapcls.workspace.layout import choose_data
from zapcls.workspace.runs import Run, list_runs
from zapcls.workspace.worker import Reporter

FIELDS = [
    "target", "arch", "image_size", "weights", "frozen_epochs", "frozen_lr", "unfrozen_epochs",
    "unfrozen_lr", "unfrozen_part", "batch_size", "split", "augmentation", "seed", "device",
    "precision", "views", "start_size", "compile", "hue_jitter", "grayscale_share",
    "recolor_share", "color_weights", "last_layer",
]  # fmt: skip
COLOR = FIELDS[-5:]
RARE = ["views", "start_size", "device", "precision", "compile"]


def read_form(app, preset):
    """Read what the fields of the form show."""
    shown = [*app.selectbox, *app.number_input, *app.text_input]
    values = {widget.key: widget.value for widget in shown}
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


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_fills_every_field(workspace, open_page, launched, preset):
    app = open_page("train")
    if preset != "first-try":  # what newcomers have
        app.choose("preset", preset)
    assert read_form(app, preset) == as_written(build_config(preset))
    app.click("start")
    assert Run(launched[0].path).train_config == build_config(preset)


def test_real_photos_start_with_the_quick_look(workspace, open_page, tmp_path):
    choose_data(workspace, tmp_path)
    assert open_page("train").button_group(key="preset").value == "quick"


def test_changed_fields_are_the_config_that_starts(workspace, open_page, launched, monkeypatch):
    monkeypatch.setattr(cache, "devices", lambda: {"cpu": "", "cuda": "an accelerator"})
    changes = {
        "arch": "resnet18", "image_size": 96, "frozen_epochs": 2, "frozen_lr": "0.01",
        "unfrozen_epochs": 3, "unfrozen_lr": "suggested", "batch_size": 16, "split": "random",
        "augmentation": "none", "seed": 4, "device": "cuda", "precision": "fp32",
        "unfrozen_part": "last_stage", "views": 4, "start_size": 64, "compile": "yes",
        "hue_jitter": 0.1, "grayscale_share": 0.25, "recolor_share": 0.5,
        "color_weights": "balanced", "last_layer": "balanced",
    }  # fmt: skip
    app = open_page("train").choose("preset", "quick")
    for name, value in changes.items():
        app.choose(f"{name}-quick", value)
    said = (
        "resnet18 · 96 px · batch 16 · ImageNet weights · last stage · random split · seed 4"
        " · hues turned by up to 10 % of the circle · 25 % of the photos in gray · 50 % of the "
        "photos recolored · balanced color weights · balanced last layer"
    )
    assert said in app.said
    app.click("start")
    [run] = list_runs(workspace)
    expected = dataclasses.replace(build_config("quick"), **(changes | {"frozen_lr": 0.01}))
    assert run.train_config == expected
    assert [job.path for job in launched] == [run.path]
    assert f"Training {run.run_id}" in app.said
    assert app.query_params["run"] == run.run_id


def test_the_line_above_the_form_says_what_the_form_says_now(workspace, open_page):
    assert "seed 5" in open_page("train").choose("seed-first-try", 5).said


@pytest.mark.parametrize(("label", "names"), [("More", RARE), ("Less color", COLOR)])
def test_what_few_people_change_is_folded_away(workspace, open_page, label, names):
    group = next(e for e in open_page("train").expander if e.label == label)
    fields = [*group.selectbox, *group.number_input]
    assert sorted(field.key for field in fields) == sorted(f"{name}-first-try" for name in names)
    assert all(field.help for field in fields if label == "Less color")
    assert not group.text_input


def list_labels(app):
    return {field.label for field in [*app.number_input, *app.text_input]}


@pytest.mark.parametrize(
    ("name", "value", "before"),
    [("arch", "resnet10t", "mobilenet_v2"), ("weights", "none", "imagenet")],
)
def test_the_last_stage_is_offered_where_it_can_be_cut_off(
    workspace, open_page, launched, name, value, before
):
    app = open_page("train").choose("preset", "quick")
    assert app.field("unfrozen_part-quick").options == ["whole network", "last stage"]
    whole = {"Epochs, head only", "Epochs, whole network", "Learning rate, whole network"}
    assert whole <= list_labels(app)

    app.choose("unfrozen_part-quick", "last_stage")
    assert {"Epochs, last stage", "Learning rate, last stage"} <= list_labels(app)
    assert not {"Epochs, whole network", "Learning rate, whole network"} & list_labels(app)

    app.choose(f"{name}-quick", value)
    only = app.field("only_unfrozen_part-quick")
    assert (only.options, only.disabled) == (["whole network"], True)
    assert whole <= list_labels(app)
    assert "last stage" not in app.said
    app.choose("frozen_epochs-quick", 0).choose(f"{name}-quick", before)
    assert app.field("unfrozen_part-quick").value == "all"  # not what it was before
    app.choose(f"{name}-quick", value).click("start")
    assert Run(launched[0].path).train_config.unfrozen_part == "all"


def test_another_target_has_all_its_classes(workspace, open_page, launched):
    app = open_page("train").choose("target-first-try", "closure")
    assert app.session_state["training_settings"]["classes"] == []
    app.choose("target-first-try", "gender")
    assert app.session_state["training_settings"]["classes"] == ["Women", "Men"]
    app.choose("target-first-try", "category")
    assert "predicts category" in app.said
    app.click("start")
    assert Run(launched[0].path).train_config == build_config("first-try", target="category")


def test_what_was_entered_is_kept_over_pages(workspace, open_page):
    app = open_page("train").choose("seed-first-try", 11).choose("unfrozen_lr-first-try", "0.3")
    app.switch_page("pages/data.py").run()
    app.switch_page("pages/train.py").run()
    form = read_form(app, "first-try")
    assert (form["seed"], form["unfrozen_lr"]) == (11, "0.3")


@pytest.mark.parametrize("text", ["fast", "", "1,5"])
def test_a_rate_that_is_no_number_is_one_sentence(workspace, open_page, launched, text):
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
        (
            "weights",
            ".safetensors",
            "weights must be 'imagenet', 'none' or the path of a .safetensors",
        ),
        ("start_size", 96, "start_size must be 0 or 32..64 px (image_size), got 96."),
    ],
)
def test_settings_out_of_range_are_one_sentence_at_the_start(
    workspace, open_page, launched, field, value, sentence
):
    app = open_page("train").choose(f"{field}-first-try", value).click("start")
    [error] = app.error
    assert error.value.startswith(sentence)
    assert launched == []
    assert list_runs(workspace) == []


def test_more_changed_photos_than_there_are_are_one_sentence(workspace, open_page, launched):
    app = open_page("train").choose("grayscale_share-first-try", 0.6)
    app.choose("recolor_share-first-try", 0.5).click("start")
    [error] = app.error
    assert error.value.startswith("grayscale_share + recolor_share must be at most 1")
    assert "got 1.1" in error.value
    assert launched == []


def test_a_weights_file_reaches_the_config(workspace, open_page, launched, tmp_path):
    path = tmp_path / "body.safetensors"
    app = open_page("train").choose("preset", "quick").choose("weights-quick", ".safetensors")
    app.choose("weights-quick-path", str(path)).click("start")
    assert [error.value for error in app.error] == [
        f"The weights file must exist on this machine, got {path}. Check the path."
    ]
    assert launched == []
    path.touch()
    app.click("start")
    assert Run(launched[0].path).train_config.weights == str(path)


def test_stop_asks_the_job_and_says_so(workspace, open_page):
    run = fake_run.add_run(workspace, minute=1)
    with fake_run.hold_running(run):
        app = open_page("train").click("stop")
        assert run.stop_path.is_file()
        assert "Stopping; the best weights so far are kept." in app.said
        assert not [button for button in app.button if button.key == "stop"]


def test_the_curves_so_far_are_drawn(workspace, open_page):
    run = fake_run.add_stopped(workspace, weights=True)
    app = open_page("train")
    keys = [chart.proto.id.rsplit("-None-")[-1] for chart in app.get("plotly_chart")]
    assert len(keys) == 2
    assert all(run.run_id in key for key in keys)


def test_the_frozen_network_s_features_are_watched(workspace, open_page):
    run = fake_run.add_run(workspace, minute=1)
    with fake_run.hold_running(run):
        report = Reporter(run)
        phase = "Computing the frozen network's features, plain"
        report(phase, 1_200, 4_000, images_per_s=236.4, seconds_left=11.8)
        said = open_page("train").said
        assert f"**{phase}**" in said
        assert "236 images/s · 1,200 of 4,000 · 12 s left in this phase · 0 s so far" in said


def end_with_weights(workspace):
    return fake_run.add_stopped(workspace, weights=True)


def end_at_once(workspace):
    return fake_run.add_stopped(workspace, weights=False)


def end_without_a_checkpoint(workspace):
    run = fake_run.add_stopped(workspace, weights=True)
    (run.path / "checkpoint.pt").unlink()
    return run


def end_in_the_evaluation(workspace):
    return fake_run.add_stopped(workspace, weights=True, unfrozen_epochs=2)


OVER = "starts over under its own settings, as"
ENDINGS = [
    (
        end_with_weights,
        "goes on after epoch 2 of 8 under its own settings, exactly as it would have.",
    ),
    (end_at_once, f"{OVER} no epoch was finished."),
    (end_without_a_checkpoint, f"{OVER} it has no checkpoint."),
    (end_in_the_evaluation, "goes on with its evaluation, as all 2 epochs are done."),
    (fake_run.add_failed, f"{OVER} no epoch was finished."),
    (fake_run.add_lost, f"{OVER} no epoch was finished."),
]


@pytest.mark.parametrize(("end", "sentence"), ENDINGS)
def test_a_run_that_ended_early_is_resumed(workspace, open_page, launched, end, sentence):
    run = end(workspace)
    run.stop_path.touch()
    app = open_page("train")
    named = messages.escape(run_picker.describe_run(run))
    assert f"Resume: {named} {sentence}" in app.said.splitlines()
    app.click("resume")
    assert [job.path for job in launched] == [run.path]
    assert jobs.read_status(run).state == "queued"
    assert not run.stop_path.exists()
    assert f"Training {run.run_id}" in app.said  # it is watched now
    assert "Resume" not in app.said
    assert list_runs(workspace) == [run]  # the same one, not a new one


def test_a_finished_run_is_not_resumed(finished, open_page):
    assert "Resume" not in open_page("train").said


def test_a_run_is_not_resumed_while_its_device_is_in_use(workspace, open_page):
    fake_run.add_stopped(workspace)
    with jobs.hold_device(workspace, "cpu", "an evaluation"):
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


def test_a_batch_that_did_not_fit_is_told(workspace, open_page):
    told = "A batch of 32 did not fit in memory; it was trained with 16."
    fake_run.add_finished(workspace, minute=1)
    for page in ("train", "results"):
        assert "did not fit" not in open_page(page).said
    smaller = fake_run.add_finished(workspace, minute=2, largest_batch=16)
    assert told in open_page("train", run=smaller.run_id).said
    assert told in open_page("results", run=smaller.run_id).said
