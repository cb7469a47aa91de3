"""The remedies: how they are chosen, and what each changes of a run."""

import pytest
from small import small_config

from zapcls.config import SUGGESTED, build_config
from zapcls.findings.remedy_settings import (
    BASE,
    REMEDIES,
    check_seeds,
    choose_remedies,
    configure,
    find_obstacle,
)


@pytest.fixture
def laptop():
    return build_config("laptop", seed=7, hue_jitter=0.3, last_layer="balanced")


def test_the_base_line_has_no_remedy_whatever_the_run_had(laptop):
    plain = configure(laptop, BASE, 2, None)

    assert (plain.hue_jitter, plain.last_layer) == (0, "trained")
    assert (plain.frozen_epochs, plain.unfrozen_epochs, plain.seed) == (4, 0, 9)
    assert (plain.arch, plain.frozen_lr, plain.image_size) == ("tf_efficientnet_lite0", 3e-3, 128)


@pytest.mark.parametrize("name", [name for name in REMEDIES if name != BASE])
def test_a_remedy_differs_from_the_base_line_in_its_settings_alone(laptop, name):
    plain, other = (configure(laptop, key, 0, None).to_json() for key in (BASE, name))

    assert {key: other[key] for key in other if other[key] != plain[key]} == REMEDIES[name].settings


def test_a_head_has_time_and_a_rate():
    quick = build_config("laptop", frozen_lr=SUGGESTED, views=0)

    assert configure(quick, BASE, 0, 2e-3).frozen_lr == 2e-3
    assert configure(quick, BASE, 0, None).frozen_lr == 3e-3
    assert configure(quick, BASE, 0, None).frozen_epochs == 4
    assert configure(quick, BASE, 0, None).views > 0
    assert configure(build_config("laptop", frozen_epochs=9), BASE, 0, None).frozen_epochs == 9
    assert configure(build_config("laptop", seed=2**32 - 1), BASE, 1, None).seed == 0


def test_a_network_that_started_at_random_is_an_obstacle(laptop):
    assert "must start from trained weights" in find_obstacle(small_config())
    assert find_obstacle(laptop) == ""


def test_remedies_are_chosen_in_order_with_the_base_line():
    assert choose_remedies(["recolored", "gray"]) == [BASE, "gray", "recolored"]
    assert choose_remedies(list(REMEDIES)) == list(REMEDIES)


@pytest.mark.parametrize(
    ("names", "received"), [(["purple"], "'purple'"), ([], "none"), ([BASE], "'plain'")]
)
def test_unknown_remedies_or_none_are_refused(refuses, names, received):
    with refuses("must be one or more of", "hue-jitter", received):
        choose_remedies(names)


@pytest.mark.parametrize("seeds", [1, 0, 11])
def test_one_training_is_too_few(refuses, seeds):
    with refuses("2..10", f"got {seeds}"):
        check_seeds(seeds)
    assert check_seeds(2) == 2
