"""`train` and `lr-find`: what they start with, and what they refuse before anything is made."""

import pytest

from zapcls.__main__ import main
from zapcls.config import build_config
from zapcls.workspace import devices
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.runs import list_runs

pytestmark = pytest.mark.usefixtures("workspace_dir")


def test_the_presets_are_starting_points(monkeypatch, tmp_path, workspace_dir, write_catalogue):
    monkeypatch.setattr("zapcls.work.perform", lambda job, workspace, watch: None)
    rows = [{"CID": f"{n}-1", "Gender": ("Women", "Men")[n % 2]} for n in range(20)]
    folder = write_catalogue(tmp_path / "zap", rows)
    data = ["--data", str(folder)]
    for words in (
        ["train"],
        ["train", *data],
        ["train", "--preset", "blog-2019", "--seed", "7", "--frozen-lr", "suggested"],
        ["train", *data, "--unfrozen-lr", "0.01", "--classes", "Boys, Girls", "--split", "random"],
    ):
        assert main(words) == 0

    made = list_runs(open_workspace())
    configs = {(run.train_config.arch, run.train_config.seed): run for run in made}
    assert len(made) == 4
    [drawn] = [run for run in made if run.train_config == build_config("first-try")]
    assert drawn.data_dir == workspace_dir / "data" / "drawings"
    blog = configs["resnet50", 7].train_config
    assert (blog.image_size, blog.frozen_lr) == (224, "suggested")
    photos = [run.train_config for run in made if run.data_dir == folder]
    assert {config.arch for config in photos} == {"tf_efficientnet_lite0"}
    changed = next(config for config in photos if config.split == "random")
    assert (changed.unfrozen_lr, changed.classes) == (0.01, ("Boys", "Girls"))


@pytest.mark.parametrize("command", ["train", "lr-find"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--image-size", 7], "image_size must be a whole number 32..512 px, got 7"),
        (["--classes", "Women"], "classes must be at least two"),
        (["--weights", "body.pth"], "weights must be"),
    ],
)
def test_a_setting_out_of_range_starts_nothing(refused, workspace_dir, command, options, words):
    assert words in refused(command, *options)
    assert not workspace_dir.exists()


def test_a_training_on_nothing_starts_nothing(refused, tmp_path, workspace_dir):
    said = refused("train", "--data", tmp_path / "nowhere", "--json")
    assert "The data folder or file must exist" in said
    assert not workspace_dir.exists()


def test_a_frozen_random_network_has_no_rate_to_find(refused, workspace_dir):
    options = ["--weights", "none", "--frozen-epochs", "0", "--unfrozen-epochs", "1"]

    assert "a frozen random network learns nothing" in refused(
        "lr-find", "--phase", "frozen", *options
    )
    assert not workspace_dir.exists()


@pytest.mark.parametrize("command", ["train", "lr-find"])
def test_a_second_training_is_refused_before_anything_is_made(refused, workspace_dir, command):
    workspace = open_workspace(workspace_dir)
    devices.remember_auto(workspace, "cpu")
    with devices.hold(workspace, "cpu", "the first"):
        for device in ("cpu", "auto"):
            assert "the first is using it" in refused(command, "--device", device, code=1)
    assert list_runs(workspace) == []
    assert not workspace.jobs_dir.exists()
