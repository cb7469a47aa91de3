"""The settings in words: where a curve was taken under others than the form's."""

import pytest

from zapcls.config import TrainConfig, build_config
from zapcls.ui import setting_words


def test_the_same_settings_have_no_difference() -> None:
    settings = build_config("quick").to_json()
    for phase in ("frozen", "unfrozen"):
        assert setting_words.find_differences(settings, settings, phase) == []


def test_a_curve_of_before_a_setting_was_there_has_its_default() -> None:
    chosen = TrainConfig().to_json()
    taken = {key: value for key, value in chosen.items() if key not in ("views", "unfrozen_part")}
    assert setting_words.find_differences(taken, chosen, "frozen") == []


def test_views_matter_where_a_frozen_body_shows_them() -> None:
    chosen = TrainConfig(unfrozen_part="last_stage").to_json()
    clause = ["taken with 4 views of each photo, the form says 2 views of each photo"]
    for phase in ("frozen", "unfrozen"):
        assert setting_words.find_differences(chosen | {"views": 4}, chosen, phase) == clause
    whole = chosen | {"unfrozen_part": "all"}
    assert setting_words.find_differences(whole | {"views": 4}, whole, "unfrozen") == []


def test_weights_files_of_one_name_are_told_apart_by_their_folders() -> None:
    chosen = TrainConfig(weights="/new/body.safetensors").to_json()
    taken = chosen | {"weights": "/old/body.safetensors"}
    assert setting_words.find_differences(taken, chosen, "frozen") == [
        "taken from /old/body.safetensors, the form says /new/body.safetensors"
    ]
    taken = chosen | {"weights": "/old/head.safetensors"}
    assert setting_words.find_differences(taken, chosen, "frozen") == [
        "taken from head.safetensors, the form says body.safetensors"
    ]


def test_classes_are_named() -> None:
    chosen = TrainConfig().to_json()
    taken = chosen | {"classes": ["Girls", "Boys"]}
    assert setting_words.find_differences(taken, chosen, "frozen") == [
        "taken on Girls and Boys, the form says Women and Men"
    ]


def test_only_a_torchvision_network_with_weights_has_a_last_stage_to_train() -> None:
    quick = TrainConfig().to_json()
    assert setting_words.can_train_last_stage(quick)
    assert setting_words.can_train_last_stage(quick | {"weights": "/body.safetensors"})
    assert not setting_words.can_train_last_stage(quick | {"weights": "none"})
    assert not setting_words.can_train_last_stage(quick | {"arch": "resnet10t"})


COLOR = {
    "hue_jitter": (0.05, "hues turned by up to 5 % of the circle"),
    "grayscale_share": (0.15, "15 % of the photos in gray"),
    "recolor_share": (1, "100 % of the photos recolored"),
    "color_weights": ("balanced", "balanced color weights"),
    "last_layer": ("balanced", "balanced last layer"),
}


def test_what_is_done_against_the_color_is_said_where_anything_is() -> None:
    plain = TrainConfig().to_json()
    assert setting_words.describe_color(plain) == []
    assert setting_words.describe(plain).endswith("seed 0")
    for name, (value, said) in COLOR.items():
        assert setting_words.describe_color(plain | {name: value}) == [said]
    line = setting_words.describe(plain | {"hue_jitter": 0.1, "last_layer": "balanced"})
    assert line.endswith("seed 0 · hues turned by up to 10 % of the circle · balanced last layer")


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("hue_jitter", "hues turned by up to 0 % of the circle"),
        ("grayscale_share", "0 % of the photos in gray"),
        ("recolor_share", "0 % of the photos recolored"),
        ("color_weights", "equal color weights"),
    ],
)
def test_a_curve_depends_on_what_is_done_against_the_color(name: str, clause: str) -> None:
    value, said = COLOR[name]
    plain = TrainConfig().to_json()
    for phase in ("frozen", "unfrozen"):
        assert setting_words.find_differences(plain, plain | {name: value}, phase) == [
            f"taken with {clause}, the form says {said}"
        ]


def test_no_curve_depends_on_how_the_last_layer_ends() -> None:
    plain = TrainConfig().to_json()
    balanced = plain | {"last_layer": "balanced"}
    assert setting_words.find_differences(plain, balanced, "frozen") == []
