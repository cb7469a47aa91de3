import pytest

from zapcls import model
from zapcls.config import read_architectures
from zapcls.errors import ZapError

pytestmark = pytest.mark.slow

FACTS = {"arch": "lcnet_050", "classes": ["Women", "Men"], "weights": "imagenet"}


def test_auto_is_a_device_of_this_machine(torch):
    assert model.learner.choose_device("auto").type in model.learner.list_devices()
    assert model.learner.choose_device("cpu") == torch.device("cpu")


def test_a_device_that_is_not_there_is_refused(torch, monkeypatch, refuses):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with refuses("device must be on this machine", "cpu", "'cuda'", "Set the device to auto"):
        model.learner.choose_device("cuda")


@pytest.mark.parametrize(
    ("wanted", "device", "has_bf16", "expected"),
    [
        ("auto", "cpu", False, "fp32"),
        ("auto", "cpu", True, "bf16"),
        ("auto", "mps", True, "fp32"),
        ("auto", "cuda", False, "fp16"),
        ("auto", "cuda", True, "bf16"),
        ("bf16", "cpu", False, "bf16"),
        ("fp32", "cpu", True, "fp32"),
        ("fp32", "cuda", False, "fp32"),
    ],
)
def test_precision(wanted, device, has_bf16, expected, torch, monkeypatch):
    monkeypatch.setattr(model.learner, "has_matrix_unit", lambda: has_bf16)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: has_bf16)

    assert model.learner.choose_precision(wanted, torch.device(device)) == expected


def test_half_precision_is_refused_on_a_cpu(torch, refuses):
    with refuses(
        "precision must be fp32, bf16 or auto on a CPU", "'fp16'", "Set the precision to auto"
    ):
        model.learner.choose_precision("fp16", torch.device("cpu"))


def test_a_head_that_is_started_anew_is_that_of_a_new_network(torch):
    network = model.learner.build_network("lcnet_050", "none", 2)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    for value in network[1].state_dict().values():
        value.fill_(7)

    model.loaders.seed_random(3)
    model.learner.initialize(network[1])
    first = {key: value.clone() for key, value in network.state_dict().items()}
    model.loaders.seed_random(3)
    model.learner.initialize(network[1])

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
    network = model.learner.build_network("lcnet_050", "none", 2)
    images = torch.rand(16, 3, 32, 32)
    network(images)  # in training mode: BatchNorm's averages move too
    model.callbacks.save_weights(network, tmp_path / "model.safetensors")

    again = model.learner.load_network(FACTS, tmp_path / "model.safetensors")

    assert not again.training
    with torch.no_grad():
        assert torch.equal(again(images), network.eval()(images))
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "gone"])
def test_weights_that_do_not_fit_are_a_sentence(damage, tmp_path):
    path = tmp_path / "model.safetensors"
    model.callbacks.save_weights(
        model.learner.build_network("lcnet_050", "none", 3 if damage == "other" else 2), path
    )
    if damage == "gone":
        path.unlink()
    elif damage != "other":
        path.write_bytes(path.read_bytes()[: 5000 if damage == "cut" else 0])

    with pytest.raises(ZapError, match=r"model\.safetensors must hold the weights of lcnet_050"):
        model.learner.load_network(FACTS, path)


@pytest.mark.parametrize("arch", read_architectures())
def test_three_groups_hold_each_parameter_once(arch, build_without_numbers):
    with build_without_numbers(arch):
        network = model.learner.build_network(arch, "none", 2)

    groups = model.learner.split_parameters(list(network))

    assert len(groups) == 3
    assert all(groups)
    listed = [id(parameter) for group in groups for parameter in group]
    assert len(listed) == len(set(listed))
    assert set(listed) == {id(parameter) for parameter in network.parameters()}
    assert {id(parameter) for parameter in groups[2]} == {
        id(parameter) for parameter in network[1].parameters()
    }


def test_weighted_losses_are_the_mean_of_each_photos_loss_times_its_weight(torch):
    logits = torch.log(torch.tensor([[0.5, 0.5], [0.75, 0.25]]))
    codes = torch.tensor([0, 1])

    loss = model.learner.cross_entropy
    weighted, plain = loss(logits, codes, torch.tensor([0.5, 3.0])), loss(logits, codes)

    half, quarter = torch.log(torch.tensor([2.0, 4.0]))
    assert float(weighted) == pytest.approx(float(0.5 * half + 3 * quarter) / 2)
    assert float(plain) == pytest.approx(float(half + quarter) / 2)
