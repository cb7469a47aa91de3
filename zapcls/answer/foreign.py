"""An ONNX classifier that was trained elsewhere: checked, and made to answer as a run's model does.

What comes before it, from stored pixels to its own input, becomes part of the model.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from zapcls.answer.classify import Classifier, build_session
from zapcls.config import Statistics
from zapcls.errors import BadInput, ZapError

MAX_FILE_BYTES = 1_000_000_000
MIN_SIZE, MAX_SIZE = 16, 1024  # px of what it takes
_OURS = "pixels"  # the input of a model that zapcls exported
_SUM_OFF = 1e-3  # of a row of probabilities, which float16 rounds
_PROBES = 4


def adopt_onnx(
    file: Path,
    target: Path,
    pixels: np.ndarray,
    classes: Sequence[str],
    size: int,
    statistics: Statistics,
) -> None:
    """Write a foreign classifier as a run's model: input `pixels`, outputs `logits`, `embedding`.

    It must take float32 (n, 3, size, size), for any n, and give logits or probabilities
    (n, classes) first. One that zapcls exported brings its own preprocessing. `pixels` are a few
    photos, uint8 (n, side, side, 3), that it is tried on.

    Raises:
        BadInput: it is no such model; the sentence says what it takes or gives instead.
    """
    model = _read_model(file)
    taken = _find_input(file)
    if taken.name == _OURS:
        target.write_bytes(file.read_bytes())
        _check_side(Classifier(target), file, pixels)
    else:
        size = _check_input(taken, file, size)
        before = _build_preprocessing(model, taken.name, pixels.shape[1], size, statistics)
        _join(before, model, taken.name, file, target, is_prob=False)
    outputs = _try_out(target, file, pixels, len(classes))
    if taken.name != _OURS and _are_probabilities(outputs):
        _join(before, model, taken.name, file, target, is_prob=True)


def _read_model(file: Path) -> onnx.ModelProto:
    if not file.is_file():
        raise BadInput(f"The model must be a file, but there is no {file}. Check the path.")
    if file.stat().st_size > MAX_FILE_BYTES:
        raise BadInput(
            f"An ONNX model must have {MAX_FILE_BYTES / 1e9:.0f} GB or less, but {file.name} has "
            f"{file.stat().st_size / 1e9:.1f} GB. Export a smaller one."
        )
    try:
        model = onnx.load(file, load_external_data=False)
    except Exception as error:  # protobuf's own error has no public base
        raise BadInput(
            f"The model must be an ONNX file, but {file.name} cannot be read as one. Export it "
            "again."
        ) from error
    if any(tensor.data_location == TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise BadInput(
            f"An ONNX model must hold its weights in itself, but {file.name} names other files. "
            "Export it without external data."
        )
    return model


def _find_input(file: Path) -> onnxruntime.NodeArg:
    """Open the model and find its one input."""
    try:
        session = build_session(file)
    except ZapError as error:
        raise BadInput(
            f"ONNX Runtime must open the model, but refuses {file.name}: it is damaged, or has "
            "layers of another library. Export it again with standard ones."
        ) from error
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise BadInput(
            f"A classifier must have one input, but {file.name} has {len(inputs)}: "
            f"{', '.join(one.name for one in inputs)}. Export it with images alone."
        )
    return inputs[0]


def _check_input(taken: onnxruntime.NodeArg, file: Path, size: int) -> int:
    """Check that it takes float32 (n, 3, size, size), and return that size."""
    batch, *image = taken.shape if len(taken.shape) == 4 else (None, None, None, None)
    fixed = {side for side in image[1:] if isinstance(side, int)}
    is_free = isinstance(batch, str) or (batch is None and len(taken.shape) == 4)
    fits = taken.type == "tensor(float)" and image[0] == 3 and len(fixed) <= 1 and is_free
    if not fits:
        raise BadInput(
            "A classifier must take float32 images of the shape (any number, 3, size, size), but "
            f"{file.name} takes {taken.type.removeprefix('tensor(').rstrip(')')} "
            f"{tuple(taken.shape)}. Export it with a free first axis and the channels second."
        )
    known = fixed.pop() if fixed else size
    if size and known != size:
        raise BadInput(f"{file.name} takes images of {known} px, got --size {size}. Leave it out.")
    if not MIN_SIZE <= known <= MAX_SIZE:
        raise BadInput(
            f"The size of the images that {file.name} takes must be {MIN_SIZE}..{MAX_SIZE} px, got "
            f"{known}. Name it: --size 224."
        )
    return known


def _check_side(classifier: Classifier, file: Path, pixels: np.ndarray) -> None:
    side = pixels.shape[1]
    if classifier.side != side:
        raise BadInput(
            f"{file.name} takes photos of {classifier.side} px, but this catalogue's are stored at "
            f"{side} px. Import the folder with timm's files instead: it works at any size."
        )


def _build_preprocessing(
    model: onnx.ModelProto, into: str, side: int, size: int, statistics: Statistics
) -> onnx.ModelProto:
    """Build what leads from stored pixels to the model's input: resize, then normalize."""
    matrix = build_resizing(side, size)
    mean, std = (np.array(values, dtype=np.float32).reshape(3, 1, 1) for values in statistics)
    constants = {
        "zap_rows": matrix, "zap_columns": matrix.T, "zap_shift": mean * 255, "zap_scale": std * 255
    }  # fmt: skip
    steps = [
        helper.make_node("Cast", [_OURS], ["zap_floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["zap_floats"], ["zap_planes"], perm=[0, 3, 1, 2]),
        helper.make_node("MatMul", ["zap_rows", "zap_planes"], ["zap_high"]),
        helper.make_node("MatMul", ["zap_high", "zap_columns"], ["zap_small"]),
        helper.make_node("Sub", ["zap_small", "zap_shift"], ["zap_centered"]),
        helper.make_node("Div", ["zap_centered", "zap_scale"], [f"zap_{into}"]),
    ]
    shape: list[str | int | None] = ["batch", side, side, 3]
    graph = helper.make_graph(
        steps, "preprocessing", [helper.make_tensor_value_info(_OURS, TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info(
            f"zap_{into}", TensorProto.FLOAT, ["batch", 3, size, size])],
        [numpy_helper.from_array(np.ascontiguousarray(v), name) for name, v in constants.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def build_resizing(side: int, size: int) -> np.ndarray:
    """Build the matrix that resizes a column of `side` px bilinearly, antialiased: (size, side).

    As torch's `interpolate(antialias=True)`: a triangle as wide as a pixel of the coarser side.
    """
    scale = side / size
    centers = (np.arange(size) + 0.5) * scale
    distance = np.abs(np.arange(side) + 0.5 - centers[:, None]) / max(scale, 1.0)
    weights = np.clip(1 - distance, 0, None)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _join(
    before: onnx.ModelProto, model: onnx.ModelProto, into: str, file: Path, target: Path,
    is_prob: bool,
) -> None:  # fmt: skip
    """Join the preprocessing, the model and the names of the outputs into one file."""
    answer = model.graph.output[0].name
    joined = onnx.compose.merge_models(before, model, io_map=[(f"zap_{into}", into)])
    kind = ["Log"] if is_prob else ["Identity"]
    if is_prob:  # a probability of 0 has no logarithm
        least = numpy_helper.from_array(np.array(1e-7, dtype=np.float32), "zap_least")
        joined.graph.initializer.append(least)
        joined.graph.node.append(helper.make_node("Max", [answer, "zap_least"], ["zap_prob"]))
        answer = "zap_prob"
    joined.graph.node.append(helper.make_node(kind[0], [answer], ["logits"]))
    joined.graph.node.append(helper.make_node("Identity", ["logits"], ["embedding"]))
    del joined.graph.output[:]
    for name in ("logits", "embedding"):
        joined.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    onnx.save(joined, target)


def _try_out(target: Path, file: Path, pixels: np.ndarray, n_classes: int) -> np.ndarray:
    """Ask it about a few photos, one and several at a time, and check the shape of its answers."""
    classifier = Classifier(target)
    try:
        single, _ = classifier.answer(np.asarray(pixels[:1]))
        outputs, _ = classifier.answer(np.asarray(pixels[:_PROBES]))
    except Exception as error:  # onnxruntime's own error classes share no base but this
        raise BadInput(
            f"{file.name} must answer for any number of images, but fails on "
            f"{min(_PROBES, len(pixels))}. Export it with a free first axis."
        ) from error
    if outputs.ndim != 2 or outputs.shape[1] != n_classes or len(single) != 1:
        raise BadInput(
            f"{file.name} must give a number for each of {n_classes} classes and image, but gives "
            f"the shape {outputs.shape}. Name all of its classes in order: --classes A,B."
        )
    if not np.isfinite(outputs).all():
        raise BadInput(f"{file.name} must give finite numbers, but does not. Export it again.")
    return outputs


def _are_probabilities(outputs: np.ndarray) -> bool:
    total = outputs.sum(axis=1)
    return bool((outputs >= 0).all() and (np.abs(total - 1) < _SUM_OFF).all())
