import numpy as np
import pytest

from zapcls import model


@pytest.mark.slow
def test_the_exported_network_sees_what_torch_sees(torch, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 40, 40, 3), dtype=np.uint8)
    model.thousand.export_thousand(40, tmp_path / "familiar.onnx")
    steps = []

    features, logits = model.thousand.look(
        tmp_path / "familiar.onnx",
        pixels,
        np.array([4, 0, 2]),
        lambda *step, **_: steps.append(step),
    )

    with torch.inference_mode():
        expected = model.thousand.Thousand(40).eval()(torch.from_numpy(pixels[[4, 0, 2]]))
    for got, wanted in zip((features, logits), expected, strict=True):
        assert got == pytest.approx(wanted.numpy(), abs=1e-3)
    assert logits.shape == (3, 1000)
    assert steps[-1][1:] == (3, 3)
