"""The settings in words: one line, and where a curve was taken under others than the form's."""

import pytest

from zapcls.config import SETTINGS, TrainConfig, build_config
from zapcls.ui import settings_form

QUICK = TrainConfig().to_json()


@pytest.mark.parametrize("phase", ["frozen", "unfrozen"])
def test_the_same_settings_have_no_difference(phase):
    """Nor has a curve of before a setting was there, which was taken under its default."""
    older = {name: QUICK[name] for name in QUICK if name not in ("views", "unfrozen_part")}
    assert settings_form.compare_settings(QUICK, QUICK, phase) == []
    assert settings_form.compare_settings(older, QUICK, phase) == []


LAST_STAGE = {"unfrozen_part": "last_stage"}
HUES = "hues turned by up to 5 % of the circle"
# What a curve was taken under, and what is said of it beside the plain form.
DIFFERENCES = [
    ("frozen", {"image_size": 160}, "at 160 px, the form says 128 px"),
    ("frozen", {"arch": "resnet18"}, "with resnet18, the form says tf_efficientnet_lite0"),
    ("frozen", {"batch_size": 32}, "with batches of 32, the form says batches of 64"),
    ("unfrozen", {"weights": "none"}, "from a random start, the form says ImageNet weights"),
    ("unfrozen", {"weights": "/here/body.safetensors"},
     "from body.safetensors, the form says ImageNet weights"),
    ("unfrozen", {"augmentation": "standard"},
     "with random flips, turns, zoom and light, the form says random flips"),
    ("unfrozen", {"split": "random"}, "on the random split, the form says the product split"),
    ("frozen", {"target": "toe_style"}, "for toe style, the form says gender"),
    ("frozen", {"classes": ["Girls", "Boys"]}, "on Girls and Boys, the form says Women and Men"),
    ("frozen", {"classes": []}, "on all classes, the form says Women and Men"),
    ("frozen", {"views": 4}, "with 4 views of each photo, the form says 2 views of each photo"),
    ("unfrozen", {"views": 4}, ""),  # the whole network sees the photos themselves
    ("unfrozen", LAST_STAGE, "for the last stage, the form says the whole network"),
    ("frozen", LAST_STAGE, ""),
    ("frozen", {"hue_jitter": 0.05},
     f"with {HUES}, the form says hues turned by up to 0 % of the circle"),
    ("unfrozen", {"grayscale_share": 0.15},
     "with 15 % of the photos in gray, the form says 0 % of the photos in gray"),
    ("frozen", {"color_weights": "balanced"},
     "with balanced color weights, the form says equal color weights"),
    ("unfrozen", {"class_weights": "balanced"},
     "with balanced class weights, the form says equal class weights"),
    ("frozen", {"last_layer": "balanced"}, ""),
    ("frozen", {"seed": 9, "frozen_epochs": 7, "precision": "bf16", "device": "cpu"}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("phase", "changes", "clause"), DIFFERENCES)
def test_a_curve_of_other_settings_than_the_form_s_names_them(phase, changes, clause):
    said = [f"taken {clause}"] if clause else []
    assert settings_form.compare_settings(QUICK | changes, QUICK, phase) == said


def test_views_matter_to_the_last_stage_and_files_of_one_name_are_told_apart():
    taken = QUICK | LAST_STAGE | {"views": 4}
    assert len(settings_form.compare_settings(taken, QUICK | LAST_STAGE, "unfrozen")) == 1
    taken, chosen = (QUICK | {"weights": f"/{age}/body.safetensors"} for age in ("old", "new"))
    assert settings_form.compare_settings(taken, chosen, "frozen") == [
        "taken from /old/body.safetensors, the form says /new/body.safetensors"
    ]


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"target": "sub_category"}, "predicts sub-category · tf_efficientnet_lite0 · 128 px"),
        ({"weights": "/body.safetensors"}, "batch 64 · weights from a file · product split"),
        (LAST_STAGE, "ImageNet weights · last stage · product split"),
        ({"hue_jitter": 0.05, "last_layer": "balanced"}, f"seed 0 · {HUES} · balanced last layer"),
        ({"recolor_share": 1}, "seed 0 · 100 % of the photos recolored"),
        ({"color_weights": "balanced"}, "seed 0 · balanced color weights"),
    ],
)
def test_the_line_says_what_few_people_change_only_where_it_is_changed(changes, clause):
    plain = "tf_efficientnet_lite0 · 128 px · batch 64 · ImageNet weights · product split · seed 0"
    assert settings_form.describe_settings(QUICK) == plain
    assert clause in settings_form.describe_settings(QUICK | changes)


def test_a_field_is_titled_by_what_is_unfrozen():
    laptop = build_config("laptop").to_json()
    setting = SETTINGS["unfrozen_epochs"]
    assert settings_form.title_setting(setting, QUICK) == "Epochs, whole network"
    assert settings_form.title_setting(setting, laptop) == "Epochs, last stage"
