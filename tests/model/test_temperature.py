import torch

from zapcls.config import Statistics
from zapcls.model.learner import build_network
from zapcls.model.preprocess import ShoeClassifier
from zapcls.model.temperature import divide_last_layer


def test_the_logits_of_a_network_are_divided():
    network = build_network("lcnet_050", "none", 3).eval()
    classifier = ShoeClassifier(network, 32, 32, Statistics()).eval()
    pixels = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    before, embedding = classifier(pixels)

    divide_last_layer(network, [2.0, 2.0, 4.0])

    after, same = classifier(pixels)
    torch.testing.assert_close(after * torch.tensor([2.0, 2.0, 4.0]), before)
    torch.testing.assert_close(same, embedding)
