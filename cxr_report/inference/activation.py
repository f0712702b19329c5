"""An exported graph and images in, class-activation maps out; none where the graph has no last feature map.

A network of the kind of Zhou et al. 2016 (doi 10.1109/CVPR.2016.319): feature maps, their means over the image, one
linear layer. Its logit of a class is the mean over the image of the feature maps weighted by the class, and this
weighted sum is the map. The graph is searched backwards from its logits, and what is found is held against the numbers
that flow through it, so that a network of another kind gets no map rather than a wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal

__all__ = ["activation", "require"]

IMAGE, LOGITS = "image", "logits"
CPU = "CPUExecutionProvider"

PASSED = ("Add", "Mul", "Div", "Identity", "Cast", "Dropout")
"""What may stand between the last linear layer and the logits: a bias, a scale."""

SHAPED = ("Flatten", "Reshape", "Squeeze", "Identity", "Cast", "Dropout", "Div", "Transpose")
"""What may stand between the means over the image and the linear layer: other shapes, and the norm of a cosine."""

POOLS = ("ReduceMean", "GlobalAveragePool")

CLOSE = 1e-3
"""Chosen: relative difference up to which the means of the feature maps are what the linear layer takes; float32 sums
over thousands of places differ by 1e-5 at most, another pooling by tenths."""


@dataclass(frozen=True, slots=True)
class _Tail:
    """Names of three tensors of a graph."""

    maps: str
    """``(N, D, h, w)``."""
    pooled: str
    """``(N, D)``: what the last linear layer takes."""
    weights: str
    """``(C, D)``; ``(D, C)`` unless `turned`."""
    turned: bool


def require() -> None:
    """Ask for onnx, which reads graphs.

    Raises:
        Refusal: it is not installed.
    """
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise Refusal(
            "showing cases (report.show_cases) needs onnx, which the base install leaves out; "
            "install the extra: pip install 'cxr_report[infer]'"
        ) from None


def activation(content: bytes, images: NDArray[np.uint8], classes: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """Map where in each image a network sees one class.

    Computed on a CPU, image by image on one thread, so that equal input gives equal bits.

    Args:
        content: of model.onnx.
        images: ``(N, H, W)``.
        classes: ``(N,)``, the class or finding that each map is of.

    Returns:
        ``(N, h, w)``, not scaled: positive where an area speaks for the class. A cosine head counts with normalised
        weights. None where no last feature map and linear layer were found.
    """
    import onnx

    model = onnx.load_from_string(content)
    tail = _tail(model.graph)
    if tail is None:
        return None
    known = {each.name: each for each in model.graph.initializer}
    asked = [name for name in (tail.maps, tail.pooled, tail.weights) if name not in known]
    del model.graph.output[:]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in asked)
    weights = onnx.numpy_helper.to_array(known[tail.weights]) if tail.weights in known else None
    session = _session(model.SerializeToString())
    found = []
    for image, klass in zip(images, classes, strict=True):
        values = dict(zip(asked, session.run(asked, {IMAGE: image[None, None]}), strict=True))
        features = values[tail.maps][0]
        rows = weights if weights is not None else values[tail.weights]
        rows = rows if tail.turned else rows.T
        if not _holds(features, values[tail.pooled], rows, int(klass)):
            return None
        found.append(np.tensordot(rows[klass], features, axes=1).astype(np.float32))
    return np.stack(found) if found else None


def _session(content: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # it writes to stderr by itself; what matters is raised anyway
    return onnxruntime.InferenceSession(content, options, providers=[CPU])


def _holds(features: NDArray[Any], pooled: NDArray[Any], rows: NDArray[Any], klass: int) -> bool:
    """Say whether the linear layer takes the means of these maps, up to a factor, which a cosine divides away."""
    if features.ndim != 3 or rows.ndim != 2 or rows.shape[1] != len(features) or klass >= len(rows):
        return False
    means, taken = features.mean(axis=(1, 2), dtype=np.float64), pooled.reshape(-1).astype(np.float64)
    if means.shape != taken.shape:
        return False
    sizes = float(np.linalg.norm(means)), float(np.linalg.norm(taken))
    if 0.0 in sizes:
        return sizes[0] == sizes[1]
    return float(np.linalg.norm(means / sizes[0] - taken / sizes[1])) < CLOSE


def _tail(graph: Any) -> _Tail | None:
    """Walk back from the logits to the last linear layer, and from there to the means over the image."""
    makers = {name: node for node in graph.node for name in node.output}
    fixed = {each.name for each in graph.initializer}
    fixed |= {name for node in graph.node if node.op_type == "Constant" for name in node.output}
    linear = _walk(makers, fixed, LOGITS, PASSED, ("Gemm", "MatMul"))
    if linear is None or len({*linear.input[:2]} & fixed) == 2:
        return None
    pool = _walk(makers, fixed, linear.input[0], SHAPED, POOLS)
    turned = any(each.name == "transB" and each.i for each in linear.attribute)
    return None if pool is None else _Tail(pool.input[0], linear.input[0], linear.input[1], turned)


def _walk(makers: dict[str, Any], fixed: set[str], start: str, through: tuple[str, ...], to: tuple[str, ...]) -> Any:
    """Follow the input that is not fixed, through nodes of some kinds, to one of others; None: there is none.

    Where two branches meet, both would have to be followed; only a division by a norm is, which does not bend a map.
    """
    name = start
    while (node := makers.get(name)) is not None:
        if node.op_type in to:
            return node
        free = [each for each in node.input if each and each not in fixed]
        if node.op_type not in through or not free or (len(free) > 1 and node.op_type != "Div"):
            return None
        name = free[0]
    return None
