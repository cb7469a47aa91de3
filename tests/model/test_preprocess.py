import pytest

from zapcls.config import Statistics

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", [32, 64, 128, 136, 224])
def test_resizing_is_that_of_torch(size, torch, draw_pixels):
    from zapcls.model.preprocess import Resize

    pixels = torch.from_numpy(draw_pixels(2, 136))

    resized = Resize(136, size)(pixels)

    images = pixels.permute(0, 3, 1, 2) / 255
    expected = torch.nn.functional.interpolate(
        images, (size, size), mode="bilinear", antialias=True
    )
    assert resized.shape == (2, 3, size, size)
    torch.testing.assert_close(resized, expected, atol=1e-5, rtol=0)


def test_at_its_own_size_no_pixel_changes(torch, draw_pixels):
    from zapcls.model.preprocess import Resize

    pixels = torch.from_numpy(draw_pixels(3))

    resized = Resize(40, 40)(pixels)

    assert torch.equal((resized * 255).round().to(torch.uint8).permute(0, 2, 3, 1), pixels)


def test_a_plain_photo_stays_plain(torch):
    from zapcls.model.preprocess import Resize

    pixels = torch.full((1, 40, 40, 3), 204, dtype=torch.uint8)

    torch.testing.assert_close(Resize(40, 64)(pixels), torch.full((1, 3, 64, 64), 0.8))


def test_normalizing_takes_off_the_mean_of_each_channel(torch):
    from zapcls.model.preprocess import Normalize

    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)

    torch.testing.assert_close(Normalize(Statistics())(mean), torch.zeros(1, 3, 4, 4))
    torch.testing.assert_close(
        Normalize(Statistics())(mean + 2 * deviation), torch.full((1, 3, 4, 4), 2.0)
    )


@pytest.mark.parametrize(("side", "size"), [(40, 32), (136, 128), (32, 48), (32, 32)])
def test_a_training_sees_a_photo_within_one_level_of_the_exported_resize(
    side, size, torch, draw_pixels
):
    from zapcls.model.preprocess import Resize, See

    pixels = torch.from_numpy(draw_pixels(3, side))
    see = See(side, torch.device("cpu"), Statistics())

    seen = see.to_unit(see.resize(pixels, size))

    assert seen.dtype == torch.float32
    torch.testing.assert_close(seen, Resize(side, size)(pixels), atol=1.001 / 255, rtol=0)


@pytest.mark.parametrize("as_bytes", [True, False])
def test_what_a_training_sees_is_normalized_as_the_exported_model_does(
    as_bytes, torch, draw_pixels
):
    from zapcls.model.preprocess import Normalize, See

    images = torch.from_numpy(draw_pixels(3)).permute(0, 3, 1, 2)
    see = See(40, torch.device("cpu"), Statistics())

    seen = see.normalize(images if as_bytes else see.to_unit(images))

    assert seen.dtype == torch.float32
    torch.testing.assert_close(seen, Normalize(Statistics())(images / 255), atol=1e-5, rtol=0)


def test_the_classifier_answers_as_the_network_on_what_it_sees(torch, draw_pixels):
    from zapcls.model.learner import build_network
    from zapcls.model.preprocess import Normalize, Resize, ShoeClassifier

    network = build_network("lcnet_050", "none", 3).eval()
    pixels = torch.from_numpy(draw_pixels(4))

    with torch.no_grad():
        logits, embedding = ShoeClassifier(network, 40, 32, Statistics()).eval()(pixels)
        expected = network(Normalize(Statistics())(Resize(40, 32)(pixels)))
    assert logits.shape == (4, 3)
    assert embedding.shape == (4, 512)
    torch.testing.assert_close(logits, expected)


def test_the_classifier_has_no_weights_of_its_own(torch):
    from zapcls.model.learner import build_network
    from zapcls.model.preprocess import ShoeClassifier

    network = build_network("lcnet_050", "none", 2)
    classifier = ShoeClassifier(network, 40, 32, Statistics())

    values = {value.data_ptr() for value in network.state_dict().values()}
    assert {value.data_ptr() for value in classifier.state_dict().values()} == values


def test_two_views_answer_with_the_mean_of_a_photo_and_its_mirror_image(torch, draw_pixels):
    from zapcls.model.learner import build_network
    from zapcls.model.preprocess import ShoeClassifier

    network = build_network("tf_efficientnet_lite0", "bundled", 3).eval()
    pixels = torch.from_numpy(draw_pixels(2, 40))

    def answer(images, views):
        with torch.inference_mode():
            return ShoeClassifier(network, 40, 64, Statistics(), views).eval()(images)

    one, turned = answer(pixels, 1), answer(pixels.flip(2), 1)
    assert not torch.allclose(one[0], turned[0], rtol=1e-3)
    for both, first, second in zip(answer(pixels, 2), one, turned, strict=True):
        torch.testing.assert_close(both, (first + second) / 2)
