import pytest

from zapcls.config import build_config, read_architectures
from zapcls.errors import ZapError

pytestmark = pytest.mark.slow

FACTS = {"arch": "lcnet_050", "classes": ["Women", "Men"], "weights": "imagenet"}


def test_auto_is_a_device_of_this_machine(torch):
    from zapcls.model.learner import choose_device, list_devices

    assert choose_device("auto").type in list_devices()
    assert choose_device("cpu") == torch.device("cpu")


def test_a_device_that_is_not_there_is_refused(torch, monkeypatch, refuses):
    from zapcls.model.learner import choose_device

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with refuses("device must be on this machine", "cpu", "'cuda'", "--device auto"):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("wanted", "device", "has_unit", "expected"),
    [
        ("auto", "cpu", False, "fp32"),
        ("auto", "cpu", True, "bf16"),
        ("auto", "mps", True, "fp32"),
        ("bf16", "cpu", False, "bf16"),
        ("fp32", "cpu", True, "fp32"),
        ("fp32", "cuda", False, "fp32"),
    ],
)
def test_precision(wanted, device, has_unit, expected, torch, monkeypatch):
    from zapcls.model import learner
    from zapcls.model.learner import choose_precision

    monkeypatch.setattr(learner, "has_matrix_unit", lambda: has_unit)

    assert choose_precision(wanted, torch.device(device)) == expected


@pytest.mark.parametrize(("has_bf16", "expected"), [(True, "bf16"), (False, "fp16")])
def test_a_gpu_trains_in_mixed_precision_by_itself(has_bf16, expected, torch, monkeypatch):
    from zapcls.model.learner import choose_precision

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: has_bf16)

    assert choose_precision("auto", torch.device("cuda")) == expected


def test_half_precision_is_refused_on_a_cpu(torch, refuses):
    from zapcls.model.learner import choose_precision

    with refuses("precision must be fp32, bf16 or auto on a CPU", "'fp16'", "--precision auto"):
        choose_precision("fp16", torch.device("cpu"))


def test_a_head_that_is_started_anew_is_that_of_a_new_network(torch):
    from zapcls.model.learner import build_network, initialize
    from zapcls.model.loaders import seed_random

    network = build_network("lcnet_050", "none", 2)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    for value in network[1].state_dict().values():
        value.fill_(7)

    seed_random(3)
    initialize(network[1])
    first = {key: value.clone() for key, value in network.state_dict().items()}
    seed_random(3)
    initialize(network[1])

    after = network.state_dict()
    assert all(torch.equal(value, first[key]) for key, value in after.items())
    for key, value in after.items():
        if key.startswith("0."):
            assert torch.equal(value, before[key])
        elif value.ndim == 2:
            assert not torch.equal(value, before[key])
            assert float(value.std()) == pytest.approx(float(before[key].std()), rel=0.1)
        else:
            assert torch.allclose(value.float(), before[key].float(), atol=1e-3)


def test_a_network_is_rebuilt_from_its_facts_and_its_weights(torch, tmp_path):
    from zapcls.model.callbacks import save_weights
    from zapcls.model.learner import build_network, load_network

    network = build_network("lcnet_050", "none", 2)
    images = torch.rand(16, 3, 32, 32)
    network(images)  # in training mode: BatchNorm's averages move too
    save_weights(network, tmp_path / "model.safetensors")

    again = load_network(FACTS, tmp_path / "model.safetensors")

    assert not again.training
    with torch.no_grad():
        assert torch.equal(again(images), network.eval()(images))
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "gone"])
def test_weights_that_do_not_fit_are_a_sentence(damage, tmp_path):
    from zapcls.model.callbacks import save_weights
    from zapcls.model.learner import build_network, load_network

    path = tmp_path / "model.safetensors"
    save_weights(build_network("lcnet_050", "none", 3 if damage == "other" else 2), path)
    if damage == "gone":
        path.unlink()
    elif damage != "other":
        path.write_bytes(path.read_bytes()[: 5000 if damage == "cut" else 0])

    with pytest.raises(ZapError, match=r"model\.safetensors must hold the weights of lcnet_050"):
        load_network(FACTS, path)


@pytest.mark.parametrize("arch", read_architectures())
def test_three_groups_hold_each_parameter_once(arch, build_without_numbers):
    from zapcls.model.learner import build_network, split_parameters

    with build_without_numbers(arch):
        network = build_network(arch, "none", 2)

    groups = split_parameters(list(network))

    assert len(groups) == 3
    assert all(groups)
    listed = [id(parameter) for group in groups for parameter in group]
    assert len(listed) == len(set(listed))
    assert set(listed) == {id(parameter) for parameter in network.parameters()}
    assert {id(parameter) for parameter in groups[2]} == {
        id(parameter) for parameter in network[1].parameters()
    }


def test_freezing_leaves_only_the_head_to_train(torch, draw_pixels, tmp_path):
    import numpy as np

    from zapcls.model.learner import build_learner, build_network
    from zapcls.model.loaders import build_pixel_loaders

    config = build_config("first-try", arch="lcnet_050", image_size=32, batch_size=8)
    split, codes = np.array(["train"] * 16 + ["tune"] * 4), np.arange(20) % 2
    dls, _ = build_pixel_loaders(config, draw_pixels(20), split, codes, torch.device("cpu"))
    network = build_network("lcnet_050", "none", 2)
    learner = build_learner(config, network, list(network), dls, tmp_path)

    learner.freeze()
    body, head = learner.model
    assert not any(parameter.requires_grad for parameter in body.parameters())
    assert all(parameter.requires_grad for parameter in head.parameters())

    learner.unfreeze()
    assert all(parameter.requires_grad for parameter in learner.model.parameters())


def test_weighted_losses_are_the_mean_of_each_photos_loss_times_its_weight(torch):
    from zapcls.model.learner import weighted_cross_entropy

    logits = torch.log(torch.tensor([[0.5, 0.5], [0.75, 0.25]]))
    codes = torch.tensor([0, 1])

    weighted = weighted_cross_entropy(logits, codes, torch.tensor([0.5, 3.0]))
    plain = weighted_cross_entropy(logits, codes)

    half, quarter = torch.log(torch.tensor([2.0, 4.0]))
    assert float(weighted) == pytest.approx(float(0.5 * half + 3 * quarter) / 2)
    assert float(plain) == pytest.approx(float(half + quarter) / 2)
