from types import SimpleNamespace

import pandas as pd
import pytest

from zapcls import model, schema

pytestmark = pytest.mark.slow


@pytest.fixture
def keep_best(torch, tmp_path):
    """KeepBest of a network of one weight, and a function that ends an epoch with a weight."""
    network = torch.nn.Linear(1, 1)
    keep = model.callbacks.KeepBest(network, tmp_path / "model.safetensors")

    def end_epoch(weight, *values):
        torch.nn.init.constant_(network.weight, weight)
        keep.learn = SimpleNamespace(
            model=torch.nn.Linear(2, 2),  # a part of the network that is being trained
            recorder=SimpleNamespace(values=[values]),
        )
        keep.after_epoch()

    return keep, end_epoch


@pytest.mark.parametrize(
    ("epochs", "best"),
    [
        ([(0.5, 0.30), (0.4, 0.10), (0.9, 0.20)], 1),  # not the last
        ([(0.5, 0.30), (0.6, 0.20), (0.4, 0.25)], 1),  # errors before loss
        ([(0.5, 0.20), (0.4, 0.20), (0.4, 0.20)], 1),  # the lower loss, then the earlier
        ([(0.5, 0.10), (float("nan"), 0.10)], 0),
    ],
)
def test_the_best_epoch_is_kept_not_the_last(epochs, best, keep_best, tmp_path):
    from safetensors.torch import load_file

    keep, end_epoch = keep_best

    for number, (tune_loss, tune_error_rate) in enumerate(epochs):
        end_epoch(number, 0.1, tune_loss, tune_error_rate)

    kept = load_file(tmp_path / "model.safetensors")["weight"]
    assert kept.tolist() == [[best]]
    assert keep.best == tuple(reversed(epochs[best]))


def test_of_averaged_weights_the_last_epoch_is_kept(keep_best, tmp_path):
    from safetensors.torch import load_file

    keep, end_epoch = keep_best
    keep.is_averaged = True

    end_epoch(0, 0.1, 0.3, 0.10)
    end_epoch(1, 0.1, 0.4, 0.20)

    assert load_file(tmp_path / "model.safetensors")["weight"].tolist() == [[1]]


@pytest.mark.parametrize(
    ("best", "values"), [(None, ()), ((0.10, 0.5), (0.1, 0.4, 0.20))], ids=["skipped", "worse"]
)
def test_an_epoch_that_a_resumed_fit_skips_or_a_worse_one_is_not_kept(
    best, values, keep_best, tmp_path
):
    keep, end_epoch = keep_best
    keep.best = best

    end_epoch(1, *values)

    assert keep.best == best
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("epochs", "start_size", "image_size", "sizes"),
    [
        (6, 32, 128, [32, 64, 64, 96, 128, 128]),  # from 4 of 6 on; 56, 80 and 104 are rounded
        (3, 64, 128, [64, 96, 128]),
        (4, 96, 136, [96, 96, 128, 136]),  # 111 and 126
        (2, 64, 224, [64, 192]),  # 3/4 of the way is 184
        (1, 64, 128, [64]),
        (3, 128, 128, [128, 128, 128]),
    ],
)
def test_images_grow_in_steps_of_32_px(epochs, start_size, image_size, sizes):
    assert [
        model.callbacks.grow(epoch, epochs, start_size, image_size) for epoch in range(epochs)
    ] == sizes


def test_rows_after_the_checkpoint_are_dropped(tmp_path):
    path = tmp_path / "losses.csv"
    path.write_text(
        "phase,epoch,train_loss,images_per_s\n"
        "frozen,0.5,0.7,10\nfrozen,1.0,0.6,10\nunfrozen,1.5,0.5,10\nunfrozen,2.0,0.4,10\n"
        "unfrozen,2.25,0.3,10\nunfro"  # killed as it wrote
    )

    model.callbacks.truncate_rows(path, 2)
    assert pd.read_csv(path)["epoch"].tolist() == [0.5, 1.0, 1.5, 2.0]
    model.callbacks.truncate_rows(path, 0)
    assert path.read_text() == "phase,epoch,train_loss,images_per_s\n"
    model.callbacks.truncate_rows(tmp_path / "gone.csv", 2)
    assert [file.name for file in tmp_path.iterdir()] == ["losses.csv"]


def test_rows_that_are_kept_keep_their_bytes(tmp_path):
    path = tmp_path / "history.csv"
    for epoch in (1, 2):
        row = dict.fromkeys(schema.HISTORY, 0.5) | {"phase": "frozen", "epoch": epoch}
        model.callbacks.append_row(path, schema.HISTORY, row)
    before = path.read_bytes()

    model.callbacks.truncate_rows(path, 2)

    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["", "phase,epo"])
def test_a_file_whose_header_was_not_whole_is_begun_anew(tmp_path, content):
    path = tmp_path / "history.csv"
    path.write_text(content)

    model.callbacks.truncate_rows(path, 0)
    model.callbacks.append_row(path, schema.HISTORY, dict.fromkeys(schema.HISTORY, 1))

    assert list(pd.read_csv(path)) == list(schema.HISTORY)
