from types import SimpleNamespace

import pandas as pd
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def keep_best(torch, tmp_path):
    """KeepBest of a network of one weight, and a function that ends an epoch with a weight."""
    from zapcls.model.callbacks import KeepBest

    network = torch.nn.Linear(1, 1)
    keep = KeepBest(network, tmp_path / "model.safetensors")

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


def test_an_epoch_that_a_resumed_fit_skips_is_none(keep_best, tmp_path):
    keep, end_epoch = keep_best

    end_epoch(1)

    assert keep.best is None
    assert list(tmp_path.iterdir()) == []


def test_an_epoch_worse_than_the_best_before_the_resume_is_not_kept(keep_best, tmp_path):
    keep, end_epoch = keep_best
    keep.best = (0.10, 0.5)

    end_epoch(1, 0.1, 0.4, 0.20)

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
    from zapcls.model.callbacks import grow

    assert [grow(epoch, epochs, start_size, image_size) for epoch in range(epochs)] == sizes


@pytest.mark.parametrize("start_size", [32, 64, 100, 160, 224])
@pytest.mark.parametrize("epochs", [3, 4, 5, 10, 30])
def test_the_last_third_is_at_full_size(epochs, start_size):
    from zapcls.model.callbacks import grow

    sizes = [grow(epoch, epochs, start_size, 224) for epoch in range(epochs)]

    assert sizes == sorted(sizes)
    assert all(size % 32 == 0 for size in sizes)
    assert all(size == 224 for size in sizes[-(epochs // 3) :])


def test_rows_after_the_checkpoint_are_dropped(tmp_path):
    from zapcls.model.callbacks import truncate_rows

    path = tmp_path / "losses.csv"
    path.write_text(
        "phase,epoch,train_loss,images_per_s\n"
        "frozen,0.5,0.7,10\nfrozen,1.0,0.6,10\nunfrozen,1.5,0.5,10\nunfrozen,2.0,0.4,10\n"
        "unfrozen,2.25,0.3,10\nunfro"  # killed as it wrote
    )

    truncate_rows(path, 2)
    assert pd.read_csv(path)["epoch"].tolist() == [0.5, 1.0, 1.5, 2.0]
    truncate_rows(path, 0)
    assert path.read_text() == "phase,epoch,train_loss,images_per_s\n"
    truncate_rows(tmp_path / "gone.csv", 2)
    assert [file.name for file in tmp_path.iterdir()] == ["losses.csv"]


def test_a_row_is_appended_to_what_was_truncated(tmp_path):
    from zapcls import schema
    from zapcls.model.callbacks import append_row, truncate_rows

    path = tmp_path / "losses.csv"
    row = {"phase": "frozen", "train_loss": 0.5, "images_per_s": 9.5}
    for epoch in (0.5, 1.0, 1.5):
        append_row(path, schema.LOSSES, row | {"epoch": epoch})

    truncate_rows(path, 1)
    append_row(path, schema.LOSSES, row | {"epoch": 1.25})

    table = pd.read_csv(path)
    assert list(table) == list(schema.LOSSES)
    assert table["epoch"].tolist() == [0.5, 1.0, 1.25]


@pytest.mark.parametrize("content", ["", "phase,epo"])
def test_a_file_whose_header_was_not_whole_is_begun_anew(tmp_path, content):
    from zapcls import schema
    from zapcls.model.callbacks import append_row, truncate_rows

    path = tmp_path / "history.csv"
    path.write_text(content)

    truncate_rows(path, 0)
    append_row(path, schema.HISTORY, dict.fromkeys(schema.HISTORY, 1))

    assert list(pd.read_csv(path)) == list(schema.HISTORY)
