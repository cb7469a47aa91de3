"""Depthwise convolutions as products of matrices: the same numbers, and back again afterwards."""

from types import SimpleNamespace

import pytest

from zapcls import model

pytestmark = pytest.mark.slow


@pytest.fixture
def build_conv(torch):
    """Return a function that builds a depthwise convolution of torch's or timm's."""
    from timm.layers import Conv2dSame

    def build(is_same, **options):
        torch.manual_seed(0)
        kind = Conv2dSame if is_same else torch.nn.Conv2d
        return kind(6, 6, groups=6, **options)

    return build


@pytest.mark.parametrize("size", [(4, 4), (5, 7), (8, 8), (64, 64)])
@pytest.mark.parametrize(
    ("is_same", "options"),
    [
        (False, {"kernel_size": 3, "padding": 1, "bias": True}),
        (False, {"kernel_size": 5, "padding": 2, "stride": 2, "bias": False}),
        (False, {"kernel_size": 3, "padding": 2, "dilation": 2, "bias": False}),
        (True, {"kernel_size": 5, "padding": 0, "stride": 2, "bias": False}),
    ],
)
def test_values_and_gradients_are_those_of_the_convolution(
    size, is_same, options, build_conv, torch
):
    conv = build_conv(is_same, **options)
    images = torch.randn(3, 6, *size, requires_grad=True)
    found = []
    for forward in (conv.forward, model.depthwise.build_forward(conv)):
        maps = forward(images)
        gradients = torch.autograd.grad((maps**2).sum(), [images, *conv.parameters()])
        found.append([maps, *gradients])

    for quick, plain in zip(*found, strict=True):
        torch.testing.assert_close(quick, plain, rtol=1e-4, atol=1e-4)


def test_only_filters_a_channel_are_changed_and_only_while_it_trains(build_conv, torch):
    conv = build_conv(False, kernel_size=3, padding=1)
    network = torch.nn.Sequential(
        conv, torch.nn.Conv2d(6, 6, 1), torch.nn.Conv2d(6, 6, 3, groups=2)
    )
    own = [module.forward for module in network]
    callback = model.depthwise.QuickDepthwise()
    callback.learn = SimpleNamespace(model=network, dls=SimpleNamespace(device=torch.device("cpu")))

    callback.before_fit()
    changed = [module.forward != forward for module, forward in zip(network, own, strict=True)]
    state = set(network.state_dict())
    callback.after_fit()

    assert changed == [True, False, False]
    assert state == {f"{place}.{name}" for place in range(3) for name in ("weight", "bias")}
    assert [module.forward for module in network] == own


def test_no_random_number_is_drawn(build_conv, torch):
    conv = build_conv(False, kernel_size=3, padding=1)
    torch.manual_seed(0)
    before = torch.get_rng_state()

    model.depthwise.build_forward(conv)(torch.zeros(1, 6, 4, 4))

    assert torch.equal(torch.get_rng_state(), before)
