"""Which OpenMP torch works with; each case in a process of its own, as it is loaded once."""

import importlib.metadata
import subprocess
import sys

import pytest

from zapcls.model import openmp

pytestmark = pytest.mark.slow
pytest.importorskip("cmeel", reason="LLVM's OpenMP is installed on Linux alone")

LOAD = "from zapcls.model.openmp import share_cores; print(share_cores())\n"
TRAIN = """
import torch
torch.set_num_threads(2)
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3), torch.nn.BatchNorm2d(16))
for _ in range(3):
    net(torch.randn(8, 3, 32, 32)).square().mean().backward()
print(torch.cat([p.grad.flatten() for p in net.parameters()]).double().sum().item().hex())
"""
ASK = """
import ctypes
print(hasattr(ctypes.CDLL(None), "kmp_set_blocktime"))
"""


def run(*parts):
    command = [sys.executable, "-c", "".join(parts)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_it_stands_before_torchs_own_and_gives_the_same_bits():
    loaded, figure, is_there = run(LOAD, TRAIN, ASK)
    own_figure, is_there_by_itself = run(TRAIN, ASK)
    assert (loaded, is_there, is_there_by_itself) == ("True", "True", "False")
    assert figure == own_figure


def test_once_torch_is_there_it_is_left_alone():
    loaded, is_there = run("import torch\n", LOAD, ASK)
    assert (loaded, is_there) == ("False", "False")


def test_without_the_package_torchs_own_is_used(monkeypatch):
    def find_none(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(openmp.importlib.metadata, "files", find_none)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert not openmp.share_cores()
