from types import SimpleNamespace

import pytest

from zapcls import model

pytestmark = pytest.mark.slow


def test_mixed_photos_have_the_losses_of_both_labels_in_their_shares(torch):
    torch.manual_seed(0)
    codes, loss = torch.tensor([0, 1, 2, 1]), model.learner.cross_entropy
    mix = model.steadier.MixPhotos(0.4)
    mix.learn = SimpleNamespace(
        training=True, xb=(torch.eye(4),), yb=(codes,), loss_func=loss, pred=torch.randn(4, 3)
    )

    mix.before_batch()
    [mixed] = mix.learn.xb
    mix.learn.loss_grad = loss(mix.learn.pred, codes)
    mix.after_loss()

    share = float(mixed.diagonal().min())
    others = (mixed - share * torch.eye(4)).argmax(dim=1)
    assert 0.5 <= share < 1
    assert sorted(others.tolist()) == [0, 1, 2, 3] != others.tolist()
    own, other = loss(mix.learn.pred, codes), loss(mix.learn.pred, codes[others])
    assert float(mix.learn.loss) == pytest.approx(float(share * own + (1 - share) * other))
    mix.learn.training, mix.learn.xb = False, (torch.eye(4),)
    mix.before_batch()
    assert torch.equal(mix.learn.xb[0], torch.eye(4))


def test_tune_measures_the_mean_of_the_weights_and_training_goes_on_from_the_last(torch):
    network = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(network.weight, 0.0)
    average = model.steadier.AverageWeights(network)

    expected = 0.0
    for step, weight in enumerate((4.0, 8.0, 2.0)):
        torch.nn.init.constant_(network.weight, weight)
        average.learn = SimpleNamespace(training=True, epoch=0, n_iter=3, iter=step)
        average.after_batch()
        kept = (2 + step) / (11 + step)
        expected = kept * expected + (1 - kept) * weight
    average.before_validate()
    assert network.weight.item() == pytest.approx(expected)
    average.learn = SimpleNamespace(training=False)
    average.after_batch()
    average.after_epoch()

    assert network.weight.item() == 2
    assert average.mean["weight"].item() == pytest.approx(expected)
