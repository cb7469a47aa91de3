"""Every network that timm is said to build is built with the same answers."""

import pytest

from zapcls import model
from zapcls.config import find_timm_name, read_architectures

pytestmark = pytest.mark.slow
ARCHS = [arch for arch in read_architectures() if find_timm_name(arch)]


@pytest.mark.parametrize("arch", ARCHS)
def test_timms_network_answers_as_ours(torch, arch):
    from zapcls.model.timm_folder import build_timm

    torch.manual_seed(0)
    network = model.learner.build_network(arch, "none", 3, "linear")
    for layer in network.modules():
        if isinstance(layer, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            layer.momentum = 1.0  # it takes the statistics of what it sees next
    images = torch.rand(4, 3, 64, 64)

    with torch.inference_mode():
        network.train()(images)
        network.eval()
        expected, got = network(images), build_timm(network, arch)(images)

    assert torch.allclose(got, expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(got[0], got[1])
