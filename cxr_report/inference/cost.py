"""An exported graph in, the multiply-accumulates of one image out."""

from __future__ import annotations

from math import prod

import onnx
from onnx import shape_inference

__all__ = ["multiply_accumulates"]

_UNCOUNTED = ("ConvTranspose", "DeformConv", "Einsum", "Attention", "LSTM", "GRU", "RNN", "Loop", "If", "Scan")
"""Operators that multiply and accumulate in ways that are not counted here."""


def multiply_accumulates(model: onnx.ModelProto) -> int | None:
    """Count the multiply-accumulates of convolutions and matrix products for one image.

    Of a convolution: output elements times the weights of one filter; of a matrix product: output elements times the
    length of the sums. Additions, norms, activations and pooling are not counted, as is usual.

    Args:
        model: a graph of standard operators with one image input ``(N, 1, H, W)``.

    Returns:
        The count for N = 1; None where a shape is not known or an operator is not counted.
    """
    if model.functions or any(
        node.op_type in _UNCOUNTED or node.domain not in ("", "ai.onnx") for node in _nodes(model)
    ):
        return None
    known, total = _shapes(model), 0
    for node in _nodes(model):
        if node.op_type not in ("Conv", "Gemm", "MatMul"):
            continue
        left, right, result = (known.get(name) for name in (*node.input[:2], node.output[0]))
        if left is None or right is None or result is None:
            return None
        total += prod(result) * _summed(node, left, right)
    return total


def _nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    return list(model.graph.node)


def _summed(node: onnx.NodeProto, left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """Return how many products are added up for one element of the output."""
    if node.op_type == "Conv":
        return prod(right[1:])
    turned = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
    return left[0] if turned else left[-1]


def _shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Infer the shape of every value for a batch of one; those that are not known are left out."""
    alone = onnx.ModelProto()
    alone.CopyFrom(model)
    names = {weight.name for weight in alone.graph.initializer}
    for given in alone.graph.input:
        if given.name not in names and given.type.tensor_type.shape.dim:
            given.type.tensor_type.shape.dim[0].Clear()
            given.type.tensor_type.shape.dim[0].dim_value = 1
    del alone.graph.value_info[:]
    for result in alone.graph.output:
        result.type.tensor_type.ClearField("shape")
    graph = shape_inference.infer_shapes(alone, data_prop=True).graph
    found = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
            found[value.name] = tuple(dim.dim_value for dim in dims)
    return found
