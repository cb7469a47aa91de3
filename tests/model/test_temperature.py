from zapcls import model
from zapcls.config import Statistics


def test_the_logits_of_a_network_are_divided(torch):
    network = model.learner.build_network("lcnet_050", "none", 3).eval()
    classifier = model.preprocess.ShoeClassifier(network, 32, 32, Statistics()).eval()
    pixels = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    before, embedding = classifier(pixels)

    model.temperature.divide_last_layer(network, [2.0, 2.0, 4.0])

    after, same = classifier(pixels)
    torch.testing.assert_close(after * torch.tensor([2.0, 2.0, 4.0]), before)
    torch.testing.assert_close(same, embedding)
