"""What is done where a batch does not fit in the memory of the device."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from zapcls import model
from zapcls.errors import Stopped, ZapError

pytestmark = pytest.mark.slow


@pytest.fixture
def limit_batches(torch):
    """Return a function that lets a recipe's head have no more than `most` photos a step.

    The first `spared` steps are let through whatever their size.
    """

    def limit(recipe, most, spared=0):
        steps = []

        def check(layer, inputs):
            if layer.training:
                steps.append(len(inputs[0]))
                if len(inputs[0]) > most and len(steps) > spared:
                    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

        recipe.network[1][-1].register_forward_pre_hook(check)
        return steps

    return limit


@pytest.mark.parametrize(
    "words", ["CUDA out of memory", "DefaultCPUAllocator: can't allocate memory"]
)
def test_a_batch_is_halved_until_it_fits(torch, words):
    tried = []

    def work(batch_size):
        tried.append(batch_size)
        if batch_size > 10:
            raise (torch.OutOfMemoryError if "CUDA" in words else RuntimeError)(words)

    assert model.memory.halve_until_it_fits(work, 64) == 8
    assert tried == [64, 32, 16, 8]


@pytest.mark.parametrize("error", [RuntimeError("CUDA error: misaligned address"), ValueError()])
def test_another_error_is_not_tried_again(error):
    tried = []

    def work(batch_size):
        tried.append(batch_size)
        raise error

    with pytest.raises(type(error)):
        model.memory.halve_until_it_fits(work, 64)
    assert tried == [64]


@pytest.mark.parametrize(("least", "tried"), [(2, [8, 4, 2]), (3, [8, 4])])
def test_it_gives_up_with_a_sentence_when_the_least_does_not_fit(torch, least, tried):
    seen = []

    def work(batch_size):
        seen.append(batch_size)
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(ZapError, match=rf"batch of {tried[-1]} does not fit in the memory"):
        model.memory.halve_until_it_fits(work, 8, least)
    assert seen == tried


def test_rows_are_done_in_order_in_smaller_batches_from_the_first_that_does_not_fit(torch):
    parts, seen = [], []

    def work(part):
        if len(part) > (16 if not parts else 5):
            raise torch.OutOfMemoryError("CUDA out of memory")
        parts.append(part.tolist())

    def watch(title, done, total, **detail):
        seen.append((title, done, total))
        assert detail["images_per_s"] > 0
        assert detail["seconds_left"] >= 0

    rate = model.memory.do_in_batches(work, np.arange(100, 124), 32, "Reading", watch)

    assert [len(part) for part in parts] == [16, 4, 4]
    assert np.concatenate(parts).tolist() == list(range(100, 124))
    assert seen == [("Reading", 16, 24), ("Reading", 20, 24), ("Reading", 24, 24)]
    assert rate > 0


def test_a_training_whose_batches_do_not_fit_goes_on_with_smaller_ones(
    build_recipe, read_curves, limit_batches, weights_file
):
    seen = []
    recipe = build_recipe(
        weights=weights_file("lcnet_050"),
        batch_size=32,
        frozen_epochs=2,
        unfrozen_epochs=2,
        progress=lambda phase, *_, **__: seen.append(phase),
    )
    steps = limit_batches(recipe, most=8)

    recipe.train()

    assert recipe.batch_size == 8
    assert steps == [32, 16] + [8] * 6 * 4  # 48 photos, four epochs
    history = read_curves(recipe.folder)
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    told = [phase for phase in seen if "memory" in phase]
    assert told == [
        "A batch of 32 does not fit in memory; 16 is tried",
        "A batch of 16 does not fit in memory; 8 is tried",
    ]


def test_memory_that_runs_out_in_the_first_epoch_costs_all_of_it(
    build_recipe, assert_same, limit_batches
):
    recipe = build_recipe(batch_size=16, unfrozen_epochs=2)
    steps = limit_batches(recipe, most=8, spared=1)
    recipe.train()
    smaller = build_recipe("smaller", batch_size=8, unfrozen_epochs=2)

    smaller.train()

    assert steps == [16] * 2 + [8] * 12
    assert_same(recipe.folder, smaller.folder)


def test_memory_that_runs_out_in_a_later_epoch_costs_that_epoch_only(
    build_recipe, assert_same, limit_batches, stop_in_epoch, torch
):
    recipe = build_recipe(batch_size=16, unfrozen_epochs=3)
    steps = limit_batches(recipe, most=8, spared=4)

    recipe.train()

    assert recipe.batch_size == 8
    assert steps == [16] * 5 + [8] * 12  # in the second step of the second epoch
    losses = pd.read_csv(recipe.folder / "losses.csv")["epoch"]
    assert losses.is_monotonic_increasing
    assert losses.is_unique

    settings = {"name": "smaller", "batch_size": 16, "unfrozen_epochs": 3}
    with pytest.raises(Stopped):
        build_recipe(progress=stop_in_epoch(2), **settings).train()
    smaller = build_recipe(**settings)
    state = model.checkpoint.read(smaller.folder, torch.device("cpu"))
    model.checkpoint.write(dataclasses.replace(state, batch_size=8), smaller.folder)
    smaller.train()
    assert_same(recipe.folder, smaller.folder)


def test_a_training_of_which_no_batch_fits_is_a_sentence(build_recipe, limit_batches):
    recipe = build_recipe(batch_size=16)
    steps = limit_batches(recipe, most=1)

    with pytest.raises(ZapError, match=r"batch of 2 does not fit in the memory of the device"):
        recipe.train()

    assert steps == [16, 8, 4, 2]
