import dataclasses
import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from zapcls import model
from zapcls.errors import Stopped, ZapError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def begun(build_in, stop_in_epoch, tmp_path_factory):
    """The folder of a training that was stopped in its second epoch; it is shared."""
    folder = tmp_path_factory.mktemp("begun") / "run"
    with pytest.raises(Stopped):
        build_in(folder, stop_in_epoch(2), unfrozen_epochs=3).train()
    return folder


@pytest.fixture
def stopped(begun, tmp_path):
    """The same in a folder of the test's own."""
    return Path(shutil.copytree(begun, tmp_path / "run"))


@pytest.fixture
def read(torch):
    return lambda folder: model.checkpoint.read(folder, torch.device("cpu"))


def test_there_is_none_before_the_first_epoch(read, tmp_path):
    assert read(tmp_path) is None


def test_it_holds_where_the_training_is(read, stopped, read_curves):
    state = read(stopped)

    [epoch] = read_curves(stopped).itertuples()
    assert (state.phase, state.phase_epoch, state.epochs_done) == ("unfrozen", 1, 1)
    assert (state.batch_size, state.rate) == (16, 3e-3)
    assert state.best == pytest.approx((epoch.tune_error_rate, epoch.tune_loss), abs=1e-5)
    assert state.smooth_loss[0] == 3
    assert state.scaler is None


def test_it_comes_back_as_it_was_written(read, stopped, torch, tmp_path):
    state = dataclasses.replace(read(stopped), best=None, rate=1e-3)

    model.checkpoint.write(state, tmp_path)

    again = read(tmp_path)
    assert (again.best, again.rate, again.phase_epoch) == (None, 1e-3, 1)
    assert all(torch.equal(v, again.network[k]) for k, v in state.network.items())
    for one, other in zip(state.optimizer["state"], again.optimizer["state"], strict=True):
        assert list(one) == list(other)


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "other"])
def test_a_damaged_one_is_a_sentence(read, stopped, torch, damage):
    path = stopped / "checkpoint.pt"
    if damage == "other":
        torch.save({"phase": "unfrozen"}, path)
    else:
        content = path.read_bytes()
        path.write_bytes({"cut": content[:5000], "empty": b"", "text": b"no checkpoint"}[damage])

    with pytest.raises(ZapError, match=r"checkpoint\.pt must be the checkpoint .* is damaged"):
        read(stopped)


def test_an_object_in_its_place_is_not_loaded(read, stopped, torch):
    class Touch:
        def __reduce__(self):
            return Path.touch, (stopped / "was-run",)

    torch.save({"phase": Touch()}, stopped / "checkpoint.pt")

    with pytest.raises(ZapError, match="is damaged"):
        read(stopped)
    assert not (stopped / "was-run").exists()


def test_a_full_disk_leaves_the_one_before(read, stopped, monkeypatch):
    before = read(stopped)
    content = (stopped / "checkpoint.pt").read_bytes()

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(OSError, match="No space left"):
        model.checkpoint.write(dataclasses.replace(before, phase_epoch=2), stopped)

    assert (stopped / "checkpoint.pt").read_bytes() == content
    assert not list(stopped.glob(".*"))


def test_the_scaler_of_half_precision_is_kept(torch):
    scaler = SimpleNamespace(is_enabled=lambda: True, state_dict=lambda: {"scale": 512.0})
    smooth = SimpleNamespace(count=4, val=torch.tensor(0.5))
    optimizer = {"state": [{"step": 3}], "hypers": [{"lr": torch.tensor(0.25).numpy()}]}
    learner = SimpleNamespace(
        opt=SimpleNamespace(state_dict=lambda: optimizer),
        recorder=SimpleNamespace(smooth_loss=smooth),
        scaler=scaler,
    )
    facts = {"phase": "frozen", "phase_epoch": 1, "epochs_done": 1, "batch_size": 8}

    state = model.checkpoint.take(learner, torch.nn.Linear(1, 1), rate=1e-3, best=None, **facts)

    assert state.scaler == {"scale": 512.0}
    assert state.smooth_loss == (4, 0.5)
    assert state.optimizer == {"state": [{"step": 3}], "hypers": [{"lr": 0.25}]}
    assert type(state.optimizer["hypers"][0]["lr"]) is float
