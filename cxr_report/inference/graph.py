"""An exported graph as a value: its template per architecture, a run's weights put in by name, the finished bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from cxr_report.errors import Refusal
from cxr_report.inference.wire import GRAPH_SHA256

__all__ = ["IMAGE", "LOGITS", "OPSET", "Template", "fill", "finish", "optimise", "strip", "template"]

OPSET = 18
"""Chosen: what torch's exporter writes by itself, without a conversion; every onnxruntime since 1.14 reads it."""

IMAGE = "image"
"""Name of the graph's input, uint8 ``(N, 1, H, W)``."""

LOGITS = "logits"
"""Name of the graph's output, float32 ``(N, C)``."""


@dataclass(frozen=True, slots=True)
class Template:
    """The graph of one architecture before any optimisation: every initializer still has its torch name."""

    model: onnx.ModelProto
    """Never changed; `fill` copies it."""
    names: Mapping[str, tuple[int, ...]]
    """Every parameter and buffer of the module, in the graph or not (a counter of batches is not), with its shape."""
    prefix: str
    """What stands before a torch name in the graph."""
    sha256: str
    """Of the graph without the values of its weights."""


def template(model: onnx.ModelProto, names: Mapping[str, tuple[int, ...]], *, prefix: str) -> Template:
    """Keep an unoptimised export as the template of its architecture.

    Args:
        model: as exported; left as it is.
        names: torch name -> shape of every parameter and buffer of the exported module.
        prefix: what the exporter put before each torch name.
    """
    bare = strip(model)
    empty = onnx.ModelProto()
    empty.CopyFrom(bare)
    for weight in empty.graph.initializer:
        if weight.name.removeprefix(prefix) in names:
            weight.ClearField("raw_data")
    return Template(bare, dict(names), prefix, hashlib.sha256(_bytes(empty)).hexdigest())


def fill(form: Template, weights: Mapping[str, NDArray[Any]], *, where: str) -> onnx.ModelProto:
    """Put a run's weights into a copy of its architecture's graph, by name.

    Args:
        form: the architecture's graph.
        weights: torch name -> values.
        where: the file of the weights, for the message.

    Raises:
        Refusal: a name is missing or extra, or a shape differs.
    """
    _compare_names(form, weights, where)
    model = onnx.ModelProto()
    model.CopyFrom(form.model)
    for entry in model.graph.initializer:
        name = entry.name.removeprefix(form.prefix)
        if name in form.names:
            dtype = onnx.helper.tensor_dtype_to_np_dtype(entry.data_type)
            values = np.ascontiguousarray(weights[name]).astype(dtype, casting="same_kind").reshape(form.names[name])
            entry.CopyFrom(numpy_helper.from_array(values, entry.name))
    return model


def optimise(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fold constants and batch norms into a copy of the graph; names of weights mean nothing afterwards."""
    import onnx_ir
    from onnxscript import optimizer, rewriter

    graph = onnx_ir.serde.deserialize_model(model)
    optimizer.optimize(graph)
    folded: onnx.ModelProto = onnx_ir.serde.serialize_model(rewriter.rewrite(graph))
    return folded


def finish(model: onnx.ModelProto, metadata: Mapping[str, str]) -> bytes:
    """Strip a graph, write metadata and its hash without them into it, check it; equal bytes for equal graphs."""
    bare = strip(model)
    bare.producer_name = "cxr_report"
    named = {**metadata, GRAPH_SHA256: hashlib.sha256(_bytes(bare)).hexdigest()}
    onnx.helper.set_model_props(bare, dict(sorted(named.items())))
    onnx.checker.check_model(bare)
    return _bytes(bare)


def strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """Copy a graph without what the exporter tells of the machine: source lines, absolute paths, stack traces."""
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    for field in ("metadata_props", "doc_string", "producer_name", "producer_version", "domain", "model_version"):
        bare.ClearField(field)
    _strip_graph(bare.graph)
    for function in bare.functions:
        _forget([function, *function.value_info])
        _strip_nodes(function.node)
    return bare


def _strip_graph(graph: onnx.GraphProto) -> None:
    _forget([graph, *graph.input, *graph.output, *graph.value_info, *graph.initializer])
    graph.ClearField("quantization_annotation")
    _strip_nodes(graph.node)


def _strip_nodes(nodes: Iterable[onnx.NodeProto]) -> None:
    for node in nodes:
        _forget([node])
        for attribute in node.attribute:
            attribute.ClearField("doc_string")
            for graph in [attribute.g, *attribute.graphs] if attribute.HasField("g") else attribute.graphs:
                _strip_graph(graph)


def _forget(parts: Iterable[Any]) -> None:
    for part in parts:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


def _compare_names(form: Template, weights: Mapping[str, NDArray[Any]], where: str) -> None:
    missing, extra = sorted(form.names.keys() - weights.keys()), sorted(weights.keys() - form.names.keys())
    if missing or extra:
        parts = [_count("missing", missing)] * bool(missing) + [_count("extra", extra)] * bool(extra)
        raise Refusal(f"{where}: does not hold the weights of this study's model: {'; '.join(parts)}")
    for name, shape in form.names.items():
        if weights[name].shape != shape:
            raise Refusal(f"{where}: {name} has shape {weights[name].shape}, this study's model has {shape}")


def _count(word: str, names: list[str]) -> str:
    return f"{len(names)} {word} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"


def _bytes(model: onnx.ModelProto) -> bytes:
    content: bytes = model.SerializeToString(deterministic=True)
    return content
