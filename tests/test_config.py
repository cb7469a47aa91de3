import dataclasses
import json

import pytest

from zapcls.config import (
    PRESETS,
    SECTIONS,
    SETTINGS,
    TrainConfig,
    build_config,
    has_stages,
    read_architectures,
)

LR_RULE = "must be 'suggested' or a number above 0 and up to 10"


@pytest.mark.parametrize(
    ("setting", "value", "rule"),
    [
        ("image_size", 31, "must be a whole number 32..512 px"),
        ("image_size", 513, "must be a whole number 32..512 px"),
        ("image_size", 128.0, "must be a whole number 32..512 px"),
        ("image_size", "128", "must be a whole number 32..512 px"),
        ("batch_size", 1, "must be a whole number 2..4096"),
        ("batch_size", 4097, "must be a whole number 2..4096"),
        ("frozen_epochs", -1, "must be a whole number 0..1000"),
        ("frozen_epochs", True, "must be a whole number 0..1000"),
        ("unfrozen_epochs", 1001, "must be a whole number 0..1000"),
        ("seed", -1, "must be a whole number 0..4294967295"),
        ("seed", 2**32, "must be a whole number 0..4294967295"),
        ("views", -1, "must be a whole number 0..16"),
        ("views", 17, "must be a whole number 0..16"),
        ("views", True, "must be a whole number 0..16"),
        ("start_size", -1, "must be a whole number 0..512 px"),
        ("start_size", 64.0, "must be a whole number 0..512 px"),
        ("start_size", 31, "must be 0 or 32..128 px (image_size)"),
        ("start_size", 160, "must be 0 or 32..128 px (image_size)"),
        ("hue_jitter", 0.51, "must be a number 0..0.5"),
        ("hue_jitter", -0.1, "must be a number 0..0.5"),
        ("hue_jitter", "0.1", "must be a number 0..0.5"),
        ("grayscale_share", 1.01, "must be a number 0..1"),
        ("grayscale_share", float("nan"), "must be a number 0..1"),
        ("recolor_share", -1, "must be a number 0..1"),
        ("recolor_share", True, "must be a number 0..1"),
        ("color_weights", "even", "must be one of none, balanced"),
        ("last_layer", "even", "must be one of trained, balanced"),
        ("unfrozen_part", "head", "must be one of all, last_stage"),
        ("compile", "maybe", "must be one of no, yes"),
        ("frozen_lr", 0, LR_RULE),
        ("frozen_lr", -1e-3, LR_RULE),
        ("unfrozen_lr", 10.5, LR_RULE),
        ("unfrozen_lr", float("nan"), LR_RULE),
        ("unfrozen_lr", float("inf"), LR_RULE),
        ("unfrozen_lr", "fast", LR_RULE),
        ("target", "brand,brand", "must be one column or several different ones"),
        ("split", "image", "must be one of product, random"),
        ("device", "tpu", "must be one of auto, cpu, cuda, mps"),
        ("precision", "int8", "must be one of auto, fp32, fp16, bf16"),
        ("augmentation", "wild", "must be one of none, flip, standard"),
        ("arch", "resnet51", "must be a network on the tested list"),
        (
            "weights",
            "random",
            "must be 'bundled', 'imagenet', 'none' or the path of a",
        ),
        (
            "weights",
            "model.pt",
            "must be 'bundled', 'imagenet', 'none' or the path of a",
        ),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_rule(setting, value, rule, refuses):
    with refuses(f"{setting} {rule}", f"got {value!r}."):
        TrainConfig(**{setting: value})


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("image_size", 32),
        ("image_size", 512),
        ("batch_size", 2),
        ("batch_size", 4096),
        ("unfrozen_epochs", 1000),
        ("seed", 2**32 - 1),
        ("frozen_lr", 10),
        ("frozen_lr", 1e-6),
        ("unfrozen_lr", "suggested"),
        ("weights", "body.safetensors"),
        ("views", 0),
        ("views", 16),
        ("start_size", 0),
        ("start_size", 32),
        ("start_size", 128),
        ("unfrozen_part", "last_stage"),
        ("hue_jitter", 0.5),
        ("grayscale_share", 1),
        ("recolor_share", 1.0),
    ],
)
def test_a_value_at_the_edge_of_its_range_is_taken(setting, value):
    assert getattr(TrainConfig(**{setting: value}), setting) == value


@pytest.mark.parametrize(
    ("classes", "shown"), [(("Women",), "'Women'"), (("Men", "Men"), "'Men, Men'")]
)
def test_classes_are_at_least_two_different_names(classes, shown, refuses):
    with refuses("at least two different names, or none for all", f"got {shown}"):
        TrainConfig(target="category", classes=classes)


def test_without_names_gender_has_two_classes_and_other_targets_have_all():
    assert TrainConfig().to_json()["classes"] == ["Women", "Men"]
    assert TrainConfig(classes=()) == TrainConfig()
    assert TrainConfig(target="category").classes == ()
    assert TrainConfig(target="category", classes=["Boots", "Shoes"]).classes == ("Boots", "Shoes")


def test_no_epoch_at_all_is_refused(refuses):
    with refuses("frozen_epochs + unfrozen_epochs must be 1 or more, got 0"):
        TrainConfig(frozen_epochs=0, unfrozen_epochs=0)


def test_random_weights_are_never_frozen(refuses):
    with refuses("frozen_epochs must be 0 when weights is 'none'", "got 2", "Set frozen_epochs"):
        TrainConfig(weights="none", frozen_epochs=2)
    assert TrainConfig(weights="none", frozen_epochs=0).weights == "none"


def test_only_a_network_that_is_a_sequence_has_a_last_stage(refuses):
    assert [arch for arch in read_architectures() if not has_stages(arch)] == ["hrnet_w18_small"]
    with refuses("unfrozen_part must be 'all'", "arch is hrnet_w18_small", "got 'last_stage'"):
        TrainConfig(arch="hrnet_w18_small", weights="imagenet", unfrozen_part="last_stage")


def test_only_the_networks_that_a_package_brings_have_bundled_weights(refuses):
    with refuses("weights 'bundled' are those of tf_efficientnet_lite0, but arch is resnet18"):
        TrainConfig(arch="resnet18", weights="bundled")


def test_a_preset_gives_way_where_the_given_settings_rule_it_out():
    config = build_config("laptop", arch="hrnet_w18_small")
    assert (config.weights, config.unfrozen_part) == ("imagenet", "all")
    assert build_config("laptop", arch="resnet18").unfrozen_part == "last_stage"


def test_the_last_stage_of_a_random_network_is_not_trained_alone(refuses):
    with refuses("unfrozen_part must be 'all' because weights is 'none'", "Set unfrozen_part"):
        TrainConfig(weights="none", frozen_epochs=0, unfrozen_part="last_stage")


def test_a_photo_is_shown_gray_or_recolored(refuses):
    with refuses("grayscale_share + recolor_share must be at most 1", "got 1.1.", "Lower one."):
        TrainConfig(grayscale_share=0.5, recolor_share=0.6)
    assert TrainConfig(grayscale_share=0.9, recolor_share=0.1).recolor_share == 0.1


def test_only_balance_needs_to_know_the_colors():
    changed = TrainConfig(hue_jitter=0.5, grayscale_share=0.5, recolor_share=0.5)
    assert not changed.needs_colors
    assert TrainConfig(color_weights="balanced").needs_colors
    assert TrainConfig(last_layer="balanced").needs_colors


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_is_valid_and_uses_a_listed_network(preset):
    config = build_config(preset)

    assert config.arch in read_architectures()
    assert PRESETS[preset].title
    assert PRESETS[preset].description


def test_presets_are_as_their_names_promise():
    blog, first, laptop = (build_config(name) for name in ("blog-2019", "first-try", "laptop"))

    assert (blog.arch, blog.image_size, blog.batch_size) == ("resnet50", 224, 64)
    assert min(blog.frozen_epochs, blog.unfrozen_epochs) > 0
    assert {first.weights, laptop.weights} == {"bundled"}
    assert build_config() == TrainConfig()


def test_architectures_name_their_library_and_size():
    for facts in read_architectures().values():
        assert facts["library"] in ("torchvision", "timm")
        assert facts["params_m"] > 0
    assert {"resnet18", "resnet50", "mobilenet_v2"} <= set(read_architectures())


def test_build_config_replaces_only_what_is_given():
    config = build_config("blog-2019", image_size=96, seed=3)

    assert (config.image_size, config.seed) == (96, 3)
    assert (config.arch, config.batch_size) == ("resnet50", 64)


def test_build_config_refuses_an_unknown_setting_and_lists_the_known(refuses):
    with refuses("no setting 'epochs'", "frozen_epochs", "unfrozen_epochs"):
        build_config(epochs=3)


def test_build_config_refuses_an_unknown_preset(refuses):
    with refuses("preset must be one of first-try, laptop, thorough, blog-2019, got 'slow'"):
        build_config("slow")


def test_build_config_makes_the_path_of_weights_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    config = build_config(weights="body.safetensors")

    assert config.weights == str(tmp_path.resolve() / "body.safetensors")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_config_comes_back_whole_from_json(preset):
    config = build_config(preset, classes=["Men", "Women"], frozen_lr=0.002)

    restored = TrainConfig(**json.loads(json.dumps(config.to_json())))

    assert restored == config
    assert restored.classes == ("Men", "Women")


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig().seed = 1


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=list(SETTINGS))
def test_a_row_has_what_the_form_and_the_command_line_need(setting):
    assert setting.title
    assert setting.help
    assert setting.section in {"", *SECTIONS}
    assert bool(setting.section) == bool(setting.kind.field)
    assert set(setting.kind.options) <= set(setting.kind.list_titles())
