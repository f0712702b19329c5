"""Nothing comes in; the bytes of a tiny model of this program's form go out, to try a provider before training."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cxr_report.inference.graph import OPSET

__all__ = ["specimen"]

SIDE = 16
"""Chosen: pixels a side, enough for a convolution."""

CHANNELS = 4
"""Chosen: of the convolution, which are its logits once averaged."""


def specimen() -> bytes:
    """Make a model of one convolution: uint8 ``(N, 1, 16, 16)`` named image to float32 ``(N, 4)`` named logits.

    A convolution needs the libraries that a network needs, cuDNN among them.
    """
    kernels = np.random.default_rng(0).standard_normal((CHANNELS, 1, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["image"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["grey", "kernels"], ["maps"]),
        helper.make_node("GlobalAveragePool", ["maps"], ["means"]),
        helper.make_node("Flatten", ["means"], ["logits"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 1, SIDE, SIDE])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CHANNELS])
    weights = [numpy_helper.from_array(kernels, "kernels")]
    graph = helper.make_graph(nodes, "specimen", [image], [logits], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content
